"""Files are written whole or not at all."""

import os
from pathlib import Path
from typing import Any

import pytest

from pathdex.files import write_whole


def fails(*_: Any, **__: Any) -> None:
    raise OSError("disk full")


@pytest.mark.parametrize(("owner", "name"), [(Path, "replace"), (os, "fdopen")])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    owner: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.txt"
    write_whole(file, b"old")
    monkeypatch.setattr(owner, name, fails)
    with pytest.raises(OSError, match="disk full"):
        write_whole(file, b"new")
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == {"a.txt": b"old"}


def test_folders_are_made_on_the_way(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "a.txt", b"text")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"text"
