"""Compressed archives, once they are here: the files of torch in them, stored as they are in an archive of our own.

Nothing is ever written by a name from an archive, and no more than a checkpoint may be long.
"""

import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights import tar
from pathdex.weights.archives import ENDINGS, PACKED, dotted, is_compressed, is_of_mac, pickled, plain, weights_in
from pathdex.weights.fetch import SPARE
from pathdex.weights.ranges import Sparing
from pathdex.weights.torch_files import LONGEST

ZIPPED = ".zip"
PIECE = 2**20
GROWTH = 100
"""How much longer than an archive its files may be; weights shrink by less than half."""
ALIGNED = 64
"""Where a file begins in our archive is a multiple of it, as it is of records in files of torch."""
LOCAL, LONG = 30, 20
"""Bytes of a record's own header without its name, and of what says in it that a record may be long."""
BROKEN = (EOFError, KeyError, NotImplementedError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)
"""What reading a broken or hostile archive ends in."""


def readable(path: Path, folder: Path, prefix: str | None = None, quota: int | None = None) -> Path:
    """The file itself where its tensors lie as they are; else what the recipe's prefix asks for of it, unpacked below `folder`.

    It is unpacked once. Raises `Hindered`, also where the archive and what it holds take more than `quota` bytes.
    """
    try:
        if not _is_packed(path):
            return path
        status = path.stat()
        known = f"{path.resolve()} {status.st_size} {status.st_mtime_ns} {prefix or ''}"
        place = folder / "unpacked" / sha256(known.encode()).hexdigest()[:16] / f"{path.name}.zip"
        if not place.is_file():
            _unpacked(path, place, prefix or "", _allowed(path, folder, quota))
        return place
    except BROKEN as error:
        raise Hindered("mismatch", f"{path.name} can't be unpacked ({type(error).__name__}: {error})") from error
    except OSError as error:
        if error.errno is None:  # what gzip says of a file that is none of its own
            raise Hindered("mismatch", f"{path.name} can't be unpacked ({type(error).__name__}: {error})") from error
        raise Hindered("unsupported-environment", f"{path.name} can't be unpacked here ({error.strerror or error})") from error


def _is_packed(path: Path) -> bool:
    if not path.name.endswith(ZIPPED) or not zipfile.is_zipfile(path):
        return path.name.endswith(PACKED)
    with path.open("rb") as file, zipfile.ZipFile(BufferedReader(Sparing(file, LONGEST))) as archive:
        return not pickled(archive) and is_compressed(weights_in(archive))


def _allowed(path: Path, folder: Path, quota: int | None) -> int:
    """Bytes that may be written beside the archive itself."""
    folder.mkdir(parents=True, exist_ok=True)
    room = shutil.disk_usage(folder).free - SPARE
    return max(0, room if quota is None else min(room, quota - path.stat().st_size))


def _unpacked(path: Path, place: Path, prefix: str, allowed: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "w") as kept:
            for name, length, stream in _files(path, prefix):
                allowed -= length
                if allowed < 0:
                    raise Hindered("unsupported-environment", f"{path.name} unpacked takes more bytes of disk than are allowed")
                with _record(kept, name) as record:
                    _copy(stream, length, record)
            if not kept.namelist():
                raise ValueError("no file of torch that the recipe asks for is in it")
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _files(path: Path, prefix: str) -> Iterator[tuple[str, int, Any]]:
    """The files of torch that the recipe asks for: name, length, and the stream at the first byte."""
    most, names = GROWTH * path.stat().st_size, set()
    for name, length, stream in _tarred(path, most) if path.name.endswith(PACKED) else _zipped(path, most):
        if _asked(name, prefix):
            if name in names:
                raise ValueError("two files of one name")
            names.add(name)
            yield name, length, stream


def _tarred(path: Path, most: int) -> Iterator[tuple[str, int, Any]]:
    import gzip

    with gzip.open(path) as stream:
        yield from tar.files(stream, most)


def _zipped(path: Path, most: int) -> Iterator[tuple[str, int, Any]]:
    with zipfile.ZipFile(path) as archive:
        records = weights_in(archive)
        if sum(record.file_size for record in records) > most:
            raise ValueError(tar.BEYOND)
        for record in records:
            with archive.open(record) as stream:
                yield plain(record.filename), record.file_size, stream


def _asked(name: str, prefix: str) -> bool:
    """Whether a file may hold tensors whose names begin with the prefix; one that the prefix names needs no ending."""
    named = f"{dotted(name)}."
    return prefix.startswith(named) or (name.endswith(ENDINGS) and named.startswith(prefix) and not is_of_mac(name))


@contextmanager
def _record(kept: zipfile.ZipFile, name: str) -> Iterator[Any]:
    """A record of our archive, not compressed, whose first byte is aligned."""
    record = zipfile.ZipInfo(name if name.endswith(ENDINGS) else f"{name}{ENDINGS[0]}")
    lacks = -(kept.start_dir + LOCAL + len(record.filename.encode()) + LONG + 4) % ALIGNED
    record.extra = b"FB" + lacks.to_bytes(2, "little") + bytes(lacks)
    with kept.open(record, "w", force_zip64=True) as written:
        yield written


def _copy(stream: Any, length: int, record: Any) -> None:
    while length:
        piece = stream.read(min(PIECE, length))
        if not piece:
            raise EOFError("it ends within a file")
        record.write(piece)
        length -= len(piece)
