"""What files held when they were read last, so that only those that changed are read again."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


class Kept:
    """Files with what was found in them, by the time of their last change."""

    def __init__(self) -> None:
        self.files: dict[Path, tuple[tuple[int, ...], object]] = {}

    def held(self, file: Path, work: Callable[[], Found]) -> Found:
        """What the work finds in the file; raises what the work raises, and FileNotFoundError."""
        status = file.lstat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)
        if file not in self.files or self.files[file][0] != stamp:
            self.files[file] = stamp, work()
        found: Found = self.files[file][1]  # type: ignore[assignment]
        return found
