"""How long after an edit `pathdex serve` shows it: a copy of the real catalog, served as people have it, one entry at a time.

Of each kind the entry is taken to which most pages lead, then the licence and the section that most entries name. Its name is
changed, and of each kind of page that shows it the longest is asked for at once, with a new edit for each, so that each is the
first. Prints seconds, processor time of the server, answers without the change (there are to be none), and how long it took
until all other pages were made as well; asserts nothing. Run it with: .venv/bin/python benchmarks/edit_to_served.py
"""

import argparse
import os
import posixpath
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
NAMED = {"models": "name", "papers": "title", "datasets": "name", "benchmarks": "name", "results": "title", "errata": "correct"}
"""The field of each kind that other pages print."""
SHOWN = (".html", ".json", ".xml")
LONGEST = 300


class Edit(NamedTuple):
    """A file, and what in it is replaced by a mark."""

    file: str
    pattern: str
    label: str


class Running(NamedTuple):
    """A server: the folder that it serves, where, its process, and what it prints."""

    root: Path
    home: str
    process: int
    lines: "Queue[str]"

    @property
    def site(self) -> Path:
        """The pages as they stand on disk."""
        return self.root / "build" / "site"


def main() -> None:
    """Serve a copy, edit, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="times each page is asked for (default: 3)")
    parser.add_argument("--only", default="", help="only files whose path holds this, e.g. benchmarks")
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
                running = started(root, served)
                for edit in edits(running):
                    if options.only in edit.file:
                        report(running, edit, options.runs)
            finally:
                served.send_signal(signal.SIGINT)  # as Ctrl-C: it ends the search index in the making as well


def started(root: Path, served: "subprocess.Popen[str]") -> Running:
    """The server, once it answers."""
    lines: Queue[str] = Queue()
    begun = time.monotonic()
    threading.Thread(target=lambda: [*map(lines.put, served.stdout or ())], daemon=True).start()
    home = re.search(r"http://\S+/", lines.get(timeout=LONGEST))
    if not home:
        raise SystemExit("nothing was served")
    print(f"first built in {time.monotonic() - begun:.1f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return Running(root, home[0], served.pid, lines)


def edits(running: Running) -> Iterator[Edit]:
    """The worst of each kind."""
    leading = Counter(target for page in running.site.rglob("*.html") for target in targets(running.site, page))
    for kind, field in NAMED.items():
        names = [file.stem for file in (running.root / "catalog" / kind).glob("*.yaml")]
        name = max(sorted(names), key=lambda name: leading[f"{kind}/{name}"])
        yield Edit(f"catalog/{kind}/{name}.yaml", rf"(?m)^({field}): .*(\n  .*)*", f"led to by {leading[f'{kind}/{name}']} pages")
    texts = [file.read_text(encoding="utf-8") for kind in NAMED for file in (running.root / "catalog" / kind).glob("*.yaml")]
    for file, field, shown in (("site/licences.yaml", "license", "name"), ("catalog/taxonomy.yaml", "section", "title")):
        known = re.findall(r"(?m)^ *([\w.-]+):$", (running.root / file).read_text(encoding="utf-8"))
        found = Counter(name for text in texts for name in re.findall(rf"(?m)^ *{field}: (\S+)$", text) if name in known)
        [(name, times)] = found.most_common(1)
        yield Edit(file, rf"(?m)(?<=^{name}:\n)( *{shown}): .*|(?<=^  {name}:\n)( *{shown}): .*", f"{name}, {times} entries")


def targets(site: Path, page: Path) -> set[str]:
    """The folders of the site to which a page leads."""
    here = page.parent.relative_to(site).as_posix()
    found = re.findall(r'href="(\.[^"#?]*/)', page.read_text(encoding="utf-8"))
    return {posixpath.normpath(posixpath.join(here, target)) for target in found}


def report(running: Running, edit: Edit, runs: int) -> None:
    """One line for an entry, with the page of it that took longest."""
    file = running.root / edit.file
    text = file.read_text(encoding="utf-8")
    mark = edited(file, text, edit)
    took = whole(running)
    seen = {page: [asked(running, file, text, edit, page) for _ in range(runs)] for page in pages(running.site, mark)}
    middle = {page: statistics.median(seconds for seconds, _, _ in found) for page, found in seen.items()}
    slowest = max(middle, key=lambda page: middle[page])
    every = [one for found in seen.values() for one in found]
    print(
        f"{edit.file} ({edit.label}): {len(seen)} kinds of pages, {statistics.median(middle.values()):.2f} s; "
        f"longest {slowest}: {middle[slowest]:.2f} s, at most {max(seconds for seconds, _, _ in every):.2f} s, "
        f"processor {max(busy for _, busy, _ in every):.2f} s; stale answers {sum(stale for _, _, stale in every)}; "
        f"{took}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    file.write_text(text, encoding="utf-8")
    whole(running)


def edited(file: Path, text: str, edit: Edit) -> str:
    """Put a mark into the file; the mark."""
    mark = f"Edited{time.monotonic_ns()}"
    changed = re.sub(edit.pattern, lambda found: f"{found[0].partition(':')[0]}: {mark}", text, count=1)
    if changed == text:
        raise SystemExit(f"{file} has nothing to edit")
    file.write_text(changed, encoding="utf-8")
    return mark


def whole(running: Running) -> str:
    """What the server says once all pages are made."""
    while True:
        line = running.lines.get(timeout=LONGEST)
        if running.lines.empty():
            time.sleep(2)  # it may have begun anew
        if running.lines.empty():
            return line.strip()


def pages(site: Path, mark: str) -> list[str]:
    """Addresses that show the mark: the longest in each folder, and each that stands right below the home page."""
    found: dict[str, tuple[int, str]] = {}
    for file in site.rglob("*"):
        if file.suffix in SHOWN and "pagefind" not in file.parts and mark.encode() in (held := file.read_bytes()):
            page = file.relative_to(site).as_posix().removesuffix("index.html")
            folder = posixpath.dirname(page.rstrip("/")) or page
            found[folder] = max(found.get(folder, (0, "")), (len(held), page))
    return sorted(page for _, page in found.values())


def asked(running: Running, file: Path, text: str, edit: Edit, page: str) -> tuple[float, float, int]:
    """Seconds from an edit to the page that shows it, the server's processor time, and answers without the edit till then."""
    begun, busy, stale = time.monotonic(), processor(running.process), 0
    mark = edited(file, text, edit).encode()
    while time.monotonic() < begun + LONGEST:
        with urllib.request.urlopen(running.home + urllib.parse.quote(page), timeout=LONGEST) as answer:
            if mark in answer.read():
                return time.monotonic() - begun, processor(running.process) - busy, stale
        stale += 1
    raise SystemExit(f"{page} did not change within {LONGEST} s")


def processor(process: int) -> float:
    """Processor time that a process has taken, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
