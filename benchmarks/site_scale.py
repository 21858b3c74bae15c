"""How the whole site grows with the catalog: time, processor time, memory and size at several numbers of entries.

A synthetic catalog holds copies of real entries, whole worlds of them: each copy has an id of its own and refers to the copies
of what the original refers to, so that relations grow with the entries. Prints a table; asserts nothing. Evidence comes along
with its model and is not counted. Run it with: .venv/bin/python benchmarks/site_scale.py --entries 500 2000 10000
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pathdex.catalog import BESIDE, Catalog
from pathdex.schema import KINDS
from pathdex.schema.record import references
from pathdex.site import indexing

ROOT = Path(__file__).parents[1]
COUNTED = tuple(kind for kind in KINDS if kind != "evidence")
Entry = tuple[str, str]


class Cost(NamedTuple):
    """What one step took."""

    wall: float
    processor: float
    megabytes: float


def main() -> None:
    """Make a catalog of each size, build it, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, nargs="+", default=[500, 2_000, 10_000], help="sizes (default: 500 2000 10000)")
    options = parser.parse_args()
    catalog = Catalog.load(ROOT)
    print(f"{'entries':>8} {'step':10} {'wall s':>8} {'CPU s':>8} {'CPU ms/entry':>13} {'peak MB':>8}")
    for number in options.entries:
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), catalog, number)
            report(Path(folder), number)


def fill(root: Path, catalog: Catalog, number: int) -> None:
    """A checkout with so many entries."""
    shutil.copytree(ROOT / "site", root / "site")
    shutil.copy(ROOT / "mkdocs.yml", root)
    for kind in KINDS:
        (root / "catalog" / kind).mkdir(parents=True)
    shutil.copy(ROOT / "catalog" / "taxonomy.yaml", root / "catalog")
    worlds, rest = divmod(number, sum(len(getattr(catalog, kind)) for kind in COUNTED))
    for world in range(worlds):
        copy(root, catalog, ((kind, name) for kind in COUNTED for name in getattr(catalog, kind)), suffix(world))
    copy(root, catalog, closed(catalog, rest), suffix(worlds))


def suffix(world: int) -> str:
    """What the ids of a world end in; those of the first are the real ones."""
    return f"-w{world}" if world else ""


def closed(catalog: Catalog, number: int) -> list[Entry]:
    """About so many entries that refer to no other."""
    found: dict[Entry, None] = {}
    every = [[(kind, name) for name in getattr(catalog, kind)] for kind in COUNTED]
    ordered = sorted((place / len(names), entry) for names in every for place, entry in enumerate(names))
    for _, entry in ordered:
        more = dict.fromkeys(needed(catalog, entry, set(found)))
        if len(found) + len(more) <= number:
            found |= more
    return list(found)


def needed(catalog: Catalog, entry: Entry, there: set[Entry]) -> Iterator[Entry]:
    """The entry and all that it refers to, directly or through others, as far as it is not there."""
    waiting = [entry]
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) not in there:
            there.add((kind, name))
            yield kind, name
            waiting += [home(*target) for _, *target in references(getattr(catalog, kind)[name]) if target[0] != "sections"]


def home(kind: str, target: str) -> Entry:
    """The entry that a reference leads to: that of a task is its suite."""
    return ("benchmarks", target.partition("/")[0]) if kind == "tasks" else (kind, target)


def copy(root: Path, catalog: Catalog, entries: Iterable[Entry], ending: str) -> None:
    """Write the entries under ids with this ending."""
    for kind, name in entries:
        text = renamed(catalog, (kind, name), ending)
        (root / "catalog" / kind / f"{name}{ending}.yaml").write_text(text, encoding="utf-8")
        for beside in (kind, *(["evidence"] if kind == "models" else [])):
            ends = BESIDE.get(beside, ((), ""))[0] + ((".json",) if beside == "evidence" else ())
            for end in ends:
                file = ROOT / "catalog" / beside / f"{name}{end}"
                if file.is_file():
                    shutil.copy(file, root / "catalog" / beside / f"{name}{ending}{end}")


def renamed(catalog: Catalog, entry: Entry, ending: str) -> str:
    """The entry's text, in which every id of another entry has the ending."""
    document = catalog.documents[entry]
    lines = document.text.split("\n")
    found = [(document.place(path), home(kind, target)[1]) for path, kind, target in references_of(catalog, entry)]
    for (line, column), name in sorted(found, reverse=True):
        before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
        lines[line - 1] = before + after.replace(name, name + ending, 1)
    return "\n".join(lines)


def references_of(catalog: Catalog, entry: Entry) -> list[tuple[tuple[str | int, ...], str, str]]:
    """The references that lead to entries."""
    kind, name = entry
    return [found for found in references(getattr(catalog, kind)[name]) if found[1] != "sections"]


def report(root: Path, number: int) -> None:
    """Each step as a process of its own, and what came of it."""
    steps = {
        "pages": ("pathdex", "--root", str(root), "build"),
        "MkDocs": ("mkdocs", "build", "--quiet", "--site-dir", "build/site"),
        "pagefind": indexing("build/site"),
    }
    costs = []
    for name, command in steps.items():
        costs.append(measured(command, root))
        show(number, name, costs[-1])
    whole = Cost(sum(cost.wall for cost in costs), sum(cost.processor for cost in costs), max(cost.megabytes for cost in costs))
    show(number, "whole", whole)
    files = [file for file in (root / "build" / "site").rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    pages = sum(file.suffix == ".html" for file in files)
    print(f"{number:8,} {size / 1e6:,.0f} MB in {len(files):,} files, {pages:,} of them pages", flush=True)


def show(number: int, name: str, cost: Cost) -> None:
    """One line of the table."""
    each = 1000 * cost.processor / number
    print(f"{number:8,} {name:10} {cost.wall:8.1f} {cost.processor:8.1f} {each:13.2f} {cost.megabytes:8.0f}", flush=True)


def measured(command: tuple[str, ...], root: Path) -> Cost:
    """Run a module; its time, and the most memory that it or a process of its own held. Its failure is raised."""
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=root, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
