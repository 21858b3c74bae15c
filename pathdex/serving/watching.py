"""What changes in the files that a site is made from."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

WATCHED = ("catalog", "site", "mkdocs.yml")
PAUSE = 0.3
"""Seconds from one look at the files to the next."""


def changes(root: Path, seen: dict[str, int], pause: float = PAUSE) -> Iterator[None]:
    """Once for each change of the watched files after the state `seen`, without end."""
    while True:
        time.sleep(pause)
        now = snapshot(root)
        if now != seen:
            seen = now
            yield


def snapshot(root: Path) -> dict[str, int]:
    """Time of the last change of every watched file; some hundredths of a second for thousands of them."""
    with os.scandir(root) as entries:
        return dict(pair for entry in entries if entry.name in WATCHED for pair in _stamps(entry))


def _stamps(entry: os.DirEntry[str]) -> Iterator[tuple[str, int]]:
    if entry.is_dir():
        with os.scandir(entry.path) as inner:
            for one in inner:
                yield from _stamps(one)
    elif entry.is_file():
        try:
            yield entry.path, entry.stat().st_mtime_ns
        except FileNotFoundError:
            return  # an editor's own files come and go
