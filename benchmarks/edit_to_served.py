"""How long after an edit `pathdex serve` shows it: a copy of the real catalog, served as people have it, one entry at a time.

Changes one field of a model, a paper, a data set or a benchmark, asks for the page until the new value is there, puts it back.
Prints seconds; asserts nothing. Run it with: .venv/bin/python benchmarks/edit_to_served.py
"""

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
EDITS = (
    ("models/uni2-h", "name", "models/uni2-h/"),
    ("models/virchow", "name", "models/"),
    ("papers/chen2024uni", "summary", "papers/sections/"),
    ("datasets/panda", "summary", "datasets/panda/"),
    ("benchmarks/eva", "name", "benchmarks/eva/"),
)
"""Entry, field, and the page that is asked for."""
LONGEST = 120


def main() -> None:
    """Serve a copy, edit, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="times each edit is made (default: 3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("catalog", "site"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copy(ROOT / "mkdocs.yml", root)
        command = [sys.executable, "-m", "pathdex", "--root", str(root), "serve", "--port", "0"]
        settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=settings) as served:
            try:
                report(root, address(served.stdout), options.runs, served.pid)
            finally:
                served.terminate()


def address(lines: IO[str] | None) -> str:
    """Where it is served, once it is."""
    started = time.monotonic()
    for line in lines or ():
        if found := re.search(r"http://\S+/", line):
            print(f"first built in {time.monotonic() - started:.1f} s")
            return found[0]
    raise SystemExit("nothing was served")


def report(root: Path, home: str, runs: int, process: int) -> None:
    """The median and the longest of each edit, with the processor time that the server took for it."""
    for entry, field, page in EDITS:
        took, busy = zip(
            *(edited(root / "catalog" / f"{entry}.yaml", field, home + page, process) for _ in range(runs)), strict=True
        )
        print(
            f"{entry:22} {field:8} {statistics.median(took):5.1f} s, at most {max(took):5.1f} s; "
            f"processor {statistics.median(busy):5.1f} s",
            flush=True,
        )


def edited(file: Path, field: str, url: str, process: int) -> tuple[float, float]:
    """Seconds until the page at the address holds the new value, and processor time till then; the entry is put back after."""
    text, mark = file.read_text(encoding="utf-8"), f"Edited{time.monotonic_ns()}"
    started, busy = time.monotonic(), processor(process)
    file.write_text(re.sub(rf"^{field}: .*(\n  .*)*", f"{field}: {mark}", text, count=1, flags=re.MULTILINE), encoding="utf-8")
    until(url, mark, True)
    found = time.monotonic() - started, processor(process) - busy
    file.write_text(text, encoding="utf-8")
    until(url, mark, False)
    time.sleep(3)  # what follows the pages, such as the API's files
    return found


def until(url: str, mark: str, wanted: bool) -> None:
    """Ask until the page holds the mark, or holds it no more."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(url, timeout=10) as page:
            if (mark in page.read().decode()) == wanted:
                return
        time.sleep(0.05)
    raise SystemExit(f"{url} did not change within {LONGEST} s")


def processor(process: int) -> float:
    """Processor time that a process has taken, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
