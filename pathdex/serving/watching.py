"""What changes in the files that a site is made from."""

import time
from collections.abc import Iterator
from pathlib import Path

WATCHED = ("catalog", "site", "mkdocs.yml")


def changes(root: Path, seen: dict[str, int], pause: float = 0.3) -> Iterator[None]:
    """Once for each change of the watched files after the state `seen`, without end."""
    while True:
        time.sleep(pause)
        now = snapshot(root)
        if now != seen:
            seen = now
            yield


def snapshot(root: Path) -> dict[str, int]:
    """Time of the last change of every watched file."""
    files = (file for name in WATCHED for file in (root / name, *(root / name).rglob("*")))
    return {str(file): file.stat().st_mtime_ns for file in files if file.is_file()}
