"""A remote file that reads like a local one and fetches only the blocks that are asked for."""

import io
from collections.abc import Callable
from typing import Any

BLOCK = 2**14


class Placed(io.RawIOBase):
    """A read-only file of `size` bytes that knows its place."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte; nothing is read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at


class Ranged(Placed):
    """A seekable, read-only file of `size` bytes; `fetch(start, size)` gives its bytes."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, block: int = BLOCK) -> None:
        super().__init__(size)
        self._fetch, self._block = fetch, block
        self._blocks: dict[int, bytes] = {}

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the file goes."""
        wanted = min(len(buffer), max(0, self._size - self._at))
        if not wanted:
            return 0
        first, last = self._at // self._block, (self._at + wanted - 1) // self._block
        self._have(first, last)
        found = b"".join(self._blocks[number] for number in range(first, last + 1))
        start = self._at - first * self._block
        piece = found[start : start + wanted]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _have(self, first: int, last: int) -> None:
        """Fetch what lacks of these blocks, neighbours in one request."""
        lacking = [number for number in range(first, last + 1) if number not in self._blocks]
        while lacking:
            run = [lacking.pop(0)]
            while lacking and lacking[0] == run[-1] + 1:
                run.append(lacking.pop(0))
            start = run[0] * self._block
            found = self._fetch(start, min(len(run) * self._block, self._size - start))
            for place, number in enumerate(run):
                self._blocks[number] = found[place * self._block : (place + 1) * self._block]


class Sparing(io.RawIOBase):
    """A file of which no more than `most` bytes are read in all, so that an index without end does not exhaust its reader."""

    def __init__(self, file: Any, most: int) -> None:
        self._file, self._left = file, most

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte."""
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the file goes; raises `ValueError` when `most` is used up."""
        if self._left <= 0:
            raise ValueError("its index is longer than any checkpoint's")
        read = int(self._file.readinto(memoryview(buffer)[: self._left]) or 0)
        self._left -= read
        return read


class Window(Placed):
    """A stretch of a file, from byte `start` on, as a file of its own."""

    def __init__(self, file: Any, start: int, size: int) -> None:
        super().__init__(size)
        self._file, self.start = file, start

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the stretch goes."""
        wanted = min(len(buffer), max(0, self._size - self._at))
        self._file.seek(self.start + self._at)
        read = int(self._file.readinto(memoryview(buffer)[:wanted]) or 0) if wanted else 0
        self._at += read
        return read
