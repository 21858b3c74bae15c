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
MOST_FILES = 1000


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


def torch_files(file: Any, archive: zipfile.ZipFile) -> dict[str, Window]:
    """The files of torch in an archive by their paths, endings left out and dots between folders.

    Raises `ValueError`, and `Hindered` where they are compressed, so that they can't be read where they lie.
    """
    stored = [record for record in archive.infolist() if record.filename.endswith(ENDINGS)]
    if len(stored) > MOST_FILES:
        raise ValueError("more files than any archive of weights has")
    if any(record.compress_type != zipfile.ZIP_STORED for record in stored):
        raise Hindered(
            "unsupported", "the files in the archive are compressed; pathdex reads tensors where they lie, and unpacks nothing"
        )
    names = [record.filename.rpartition(".")[0].replace("/", ".") for record in stored]
    if any(len(name) > LONGEST_PATH or not name.isprintable() for name in names):
        raise ValueError("a name that is none")
    if len(set(names)) < len(names):
        raise ValueError("two files of one name")
    return {name: Window(file, start(file, record), record.file_size) for name, record in zip(names, stored, strict=True)}
