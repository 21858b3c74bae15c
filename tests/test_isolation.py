"""A process that measures takes no more than it may, and leaves nothing behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_verify import SHARED

from pathdex.measuring import isolation


def test_a_process_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    [(_, ended)] = isolation.each(_beget, {"one": str(tmp_path / "child")}, limit=4, preload=SHARED)
    child = int((tmp_path / "child").read_text())
    began = time.monotonic()
    while Path(f"/proc/{child}").exists() and time.monotonic() < began + 5:
        time.sleep(0.02)
    assert (ended.status, Path(f"/proc/{child}").exists()) == ("timeout", False)


def _beget(file: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(file).write_text(str(child.pid))
    time.sleep(600)


def test_memory_is_watched_where_it_can_not_be_bounded() -> None:
    jobs = [
        isolation.Job("much", 8 * 10**8, 20, 6 * 10**8, resident=True),
        isolation.Job("little", 10, 20, 10**10, resident=True),
    ]
    ended = dict(isolation.drained(_take, jobs, preload=SHARED))
    assert {name: (end.status, end.reason) for name, end in ended.items()} == {
        "much": ("out-of-memory", "took more than 600,000,000 bytes of memory"),
        "little": ("returned", ""),
    }


def _take(size: int) -> int:
    taken = bytearray(os.urandom(1024)) * (size // 1024)
    time.sleep(0.8)
    return len(taken)


@pytest.mark.parametrize(
    ("told", "bytes_"), [("max\n", None), (str(10 * 2**30), 9 * 2**30 // 2), (str(2**60), None), (None, None)]
)
def test_a_container_s_memory_is_what_is_shared(
    told: str | None, bytes_: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "CONTAINER", tmp_path / "memory.max")
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**23}[name])
    if told:
        (tmp_path / "memory.max").write_text(told)
    assert isolation.share(2) == (bytes_ or int(2**35 * 0.9) // 2)


def test_pages_of_a_file_are_no_memory_that_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    size = 3 * 2**30
    header = f'{{"a": {{"dtype": "F32", "shape": [{size // 4}], "data_offsets": [0, {size}]}}}}'.encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(file, 8 + len(header) + size)
    jobs = [isolation.Job(str(watched), str(file), 60, 2**31, resident=watched) for watched in (False, True)]
    assert {name: ended.value for name, ended in isolation.drained(_read, jobs, 1, SHARED)} == {"False": 0.0, "True": 0.0}


def _read(file: str) -> float:
    from pathdex.weights import opening

    holds = opening.index(Path(file))
    [whole] = opening.tensors(Path(file), holds).values()
    total = float(whole[::1024].sum())
    time.sleep(0.5)
    return total
