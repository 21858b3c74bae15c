"""The files in a stream of tar, one after the other: no way back, no file system, and bounded whatever the stream says."""

import tarfile
from collections.abc import Iterator
from typing import Any

from pathdex.weights.archives import plain

BLOCK = 512
MOST_MEMBERS = 10_000
LONGEST_HEADER = 2**20
"""Bytes of what may stand before a member to tell its name or length where these are long."""
PIECE = 2**20
BEYOND = "it grows to more than any weights do"
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
EMPTY = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE)
"""Links and other members without bytes, whatever length they tell."""
TELLING = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE)
BESIDE = (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE)
"""What stands before a member and says nothing of its name or length."""
Member = tuple[str, int, "Stretch"]


class Stretch:
    """One member's bytes, which are read once and in order."""

    def __init__(self, stream: "_Stream", size: int) -> None:
        self._stream, self.left, self._padding = stream, size, -size % BLOCK

    def read(self, size: int) -> bytes:
        """At most so many of the bytes that are left."""
        found = self._stream.read(min(size, self.left))
        self.left -= len(found)
        return found

    def end(self) -> None:
        """Go to the next member; raises `EOFError` where the stream ends before."""
        self.left += self._padding
        while self.left:
            if not self.read(PIECE):
                raise EOFError("it ends within a file")


class _Stream:
    """A stream of which no more than `most` bytes are read, as one that is packed small may have no end."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self.left = stream, most + LONGEST_HEADER

    def read(self, size: int) -> bytes:
        """So many bytes, or those that are left; raises `ValueError` beyond `most`."""
        found: bytes = self._stream.read(size)
        self.left -= len(found)
        if self.left < 0:
            raise ValueError(BEYOND)
        return found


def files(stream: Any, most: int) -> Iterator[Member]:
    """Path, length and bytes of each plain file; what is not read of one is passed over.

    Raises `ValueError` for what is no tar, goes beyond `most` bytes, or leaves its folder, and `EOFError` where it ends early.
    """
    limited = _Stream(stream, most)
    told: dict[str, str] = {}
    for _ in range(MOST_MEMBERS):
        member = _header(limited)
        if member is None:
            while limited.read(PIECE):  # to its end, where gzip's own sum stands
                pass
            return
        if member.type in TELLING:
            told |= _told(member, _body(limited, member))
            continue
        stretch = _stretch(limited, member, told)
        if member.type in PLAIN:
            yield plain(told.get("path", member.name)), stretch.left, stretch
        stretch.end()
        told = told if member.type in BESIDE else {}
    raise ValueError("more files than any archive of weights has")


def _header(stream: _Stream) -> tarfile.TarInfo | None:
    block = stream.read(BLOCK)
    if len(block) < BLOCK:
        raise EOFError("it ends without an end")
    if not any(block):
        return None
    try:
        found = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ValueError(f"no header of tar ({error})") from error
    return found


def _stretch(stream: _Stream, member: tarfile.TarInfo, told: dict[str, str]) -> Stretch:
    """The bytes that follow on a header."""
    if member.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse") for key in told):
        raise ValueError("a file with holes")
    size = 0 if member.type in EMPTY else member.size
    size = int(told.get("size", size)) if member.type in PLAIN else size
    if size < 0:
        raise ValueError("a file of less than nothing")
    if size > stream.left:
        raise ValueError(BEYOND)
    return Stretch(stream, size)


def _body(stream: _Stream, member: tarfile.TarInfo) -> bytes:
    if not 0 <= member.size <= LONGEST_HEADER:
        raise ValueError("a name that is none")
    stretch = Stretch(stream, member.size)
    found = stretch.read(member.size)
    stretch.end()
    return found


def _told(member: tarfile.TarInfo, body: bytes) -> dict[str, str]:
    """What is told of the next member: its path alone, or keys with values, each after its length."""
    if member.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": body.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    found = {}
    while body:
        length, _, rest = body.partition(b" ")
        line = rest[: int(length) - len(length) - 1]
        key, sign, value = line.removesuffix(b"\n").partition(b"=")
        if not sign or len(line) != int(length) - len(length) - 1:
            raise ValueError("a header that is none")
        found[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        body = body[int(length) :]
    return found
