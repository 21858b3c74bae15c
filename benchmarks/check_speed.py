"""How long `pathdex check` takes on many entries, beside the bare cost of parsing and validating the same files.

Copies real entries into a temporary catalog until there are enough, each with an id, title, DOI and arXiv id of its own. Prints
times; asserts nothing. Run it with: .venv/bin/python benchmarks/check_speed.py
"""

import argparse
import gc
import itertools
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import yaml

from pathdex.catalog import read_catalog
from pathdex.judge import judge
from pathdex.schema import KINDS as RECORDS

ROOT = Path(__file__).parents[1]
KINDS = ("models", "papers", "datasets")


class AsWritten(yaml.CSafeLoader):
    """PyYAML's fast loader, but a date stays text, as the records want it."""

    yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def main() -> None:
    """Fill a temporary catalog, time both ways, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000, help="entries in all (default: 1000)")
    parser.add_argument("--runs", type=int, default=5, help="times each is run (default: 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), options.entries)
        report(Path(folder), options.runs)


def fill(root: Path, number: int) -> None:
    """The real models, papers and data sets with what they refer to, and copies of them up to `number` entries."""
    shutil.copytree(ROOT / "catalog", root / "catalog", ignore=shutil.ignore_patterns("errata", "results"))
    originals = [file for kind in KINDS for file in sorted((ROOT / "catalog" / kind).glob("*.yaml"))]
    for original, copy in zip(itertools.cycle(originals), range(number - len(originals)), strict=False):
        text = own(original.read_text(encoding="utf-8"), copy)
        folder = root / "catalog" / original.parent.name
        (folder / f"{original.stem}{spelled(copy)}.yaml").write_text(text, encoding="utf-8")


def own(text: str, number: int) -> str:
    """The entry with a title, DOI and arXiv id that no other has; a recipe is the authors' own, which wants no evidence."""
    text = re.sub(r"^title: (['\"]?)", rf"title: \g<1>{spelled(number)} ", text, flags=re.MULTILINE)
    text = re.sub(r"^((?:preprint_)?doi: [^'\"\n]*)", rf"\1.{spelled(number)}", text, flags=re.MULTILINE)
    text = re.sub(r"^  library: \w+$", "  library: custom", text, flags=re.MULTILINE)
    return re.sub(r'^(arxiv: "\d{4})\.\d+"$', rf'\1.{number:05}"', text, flags=re.MULTILINE)


def spelled(number: int) -> str:
    """A number in letters of which no two look alike."""
    return "x" + "".join("abcdefghjk"[int(digit)] for digit in f"{number:05}")


def report(root: Path, runs: int) -> None:
    """Both costs, in this process and as processes of their own, and their ratio."""
    files = [(kind, file) for kind in KINDS for file in sorted((root / "catalog" / kind).glob("*.yaml"))]
    catalog, problems = read_catalog(root)
    found = len(problems) + len(judge(catalog, date.today()))
    print(f"{len(files)} entries, {sum(file.stat().st_size for _, file in files):,} bytes, {found} problems")
    floor = timed(lambda: bare(files), runs)
    ours = timed(lambda: judge(read_catalog(root)[0], date.today()), runs)
    whole = timed(lambda: process("-m", "pathdex", "--root", str(root), "check"), runs)
    empty, imported = timed(lambda: process("-c", "pass"), runs), timed(lambda: process("-c", "import pathdex"), runs)
    print(f"bare PyYAML and pydantic   {floor:6.2f} s")
    print(f"pathdex check, in process  {ours:6.2f} s, {ours / floor:.2f} times the bare cost")
    print(f"pathdex check, whole       {whole:6.2f} s")
    print(f"import pathdex             {imported - empty:6.3f} s beyond the {empty:.3f} s of an empty Python")


def bare(files: list[tuple[str, Path]]) -> None:
    """Parse and validate, no more: no lines, no references, no checks."""
    for kind, file in files:
        RECORDS[kind].model_validate(yaml.load(file.read_text(encoding="utf-8"), Loader=AsWritten))


def timed(action: Callable[[], object], runs: int) -> float:
    """The median in seconds, after one run that counts not."""
    action()
    times = []
    for _ in range(runs):
        gc.collect()
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def process(*arguments: str) -> None:
    """A Python of its own."""
    subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)


if __name__ == "__main__":
    main()
