"""Zip archives: where a record lies that is stored as it is, and which records are files of torch. Nothing is unpacked."""

import struct
import zipfile
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights.index import LONGEST_PATH
from pathdex.weights.ranges import Window

LOCAL_HEADER = struct.Struct("<26xHH")
"""Of a record's own header: the lengths of its name and of its extra field."""
ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".pkl")
PACKED = (".tar.gz", ".tgz")
"""How archives end that are compressed as a whole."""
STARTS = (b"PK\x03\x04", b"\x80\x02\x8a\x0a")
"""How a file of torch begins, zip or legacy."""
ENCRYPTED = 1
COMPRESSED = "the files in the archive are compressed: no part of it tells what they hold, and the weights rung unpacks it whole"
MOST_FILES, MOST_BARE = 1000, 20


def pickled(archive: zipfile.ZipFile) -> list[str]:
    """Names of the records that tell what a file of torch holds: one, where the archive is such a file itself."""
    return [name for name in archive.namelist() if name.endswith("data.pkl") and name.count("/") <= 1]


def start(file: Any, record: zipfile.ZipInfo) -> int:
    """The record's first byte; raises `ValueError` for a record that is compressed or lies beyond the file."""
    if record.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"record {record.filename[-80:]!r} is compressed")
    file.seek(record.header_offset)
    header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size:
        raise ValueError(f"record {record.filename[-80:]!r} lies beyond the file")
    name, extra = LOCAL_HEADER.unpack(header)
    return int(record.header_offset + LOCAL_HEADER.size + name + extra)


def weights_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The records that are files of torch: by their endings or, of a few without one, by how they begin. Raises `ValueError`."""
    there = [record for record in archive.infolist() if not (record.is_dir() or is_of_mac(record.filename))]
    bare = [record for record in there if "." not in record.filename.rpartition("/")[2] and not record.flag_bits & ENCRYPTED]
    begun = {record.filename for record in bare[:MOST_BARE] if _begins(archive, record)}
    found = [record for record in there if record.filename.endswith(ENDINGS) or record.filename in begun]
    if len(found) > MOST_FILES:
        raise ValueError("more files than any archive of weights has")
    return found


def is_of_mac(path: str) -> bool:
    """Whether a file is what a Mac puts beside each into an archive."""
    return path.startswith("__MACOSX/") or path.rpartition("/")[2].startswith("._")


def _begins(archive: zipfile.ZipFile, record: zipfile.ZipInfo) -> bool:
    with archive.open(record) as file:
        return file.read(len(STARTS[0])) in STARTS


def plain(path: str) -> str:
    """A path within an archive; raises `ValueError` for one that leads out of it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or not parts:
        raise ValueError("a file that would lie outside its folder")
    return "/".join(parts)


def is_compressed(records: list[zipfile.ZipInfo]) -> bool:
    """Whether a record can't be read where it lies."""
    return any(record.compress_type != zipfile.ZIP_STORED for record in records)


def dotted(path: str) -> str:
    """A file's path without its ending, dots between folders: what stands before the names of its tensors."""
    ending = next((one for one in ENDINGS if path.endswith(one)), "")
    return path.removesuffix(ending).replace("/", ".")


def torch_files(file: Any, archive: zipfile.ZipFile) -> dict[str, Window]:
    """The files of torch in an archive by their dotted paths.

    Raises `ValueError`, and `Hindered` where they are compressed, so that they can't be read where they lie.
    """
    stored = weights_in(archive)
    if is_compressed(stored):
        raise Hindered("not-attempted", COMPRESSED)
    names = [dotted(record.filename) for record in stored]
    if any(len(name) > LONGEST_PATH or not name.isprintable() for name in names):
        raise ValueError("a name that is none")
    if len(set(names)) < len(names):
        raise ValueError("two files of one name")
    return {name: Window(file, start(file, record), record.file_size) for name, record in zip(names, stored, strict=True)}
