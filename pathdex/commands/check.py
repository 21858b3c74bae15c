"""Check every entry and report all problems at once, one line each."""

import argparse
import sys
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import PurePosixPath

from pathdex.catalog import read_catalog
from pathdex.judge import judge
from pathdex.text import near


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which entries are reported."""
    parser.add_argument("only", nargs="*", metavar="ENTRY", help="report only files whose path holds this text, such as uni2-h")
    parser.add_argument("--today", type=date.fromisoformat, default=date.today(), help="day after which dates lie in the future")


def run(options: argparse.Namespace) -> int:
    """0 when nothing was found, else 1."""
    catalog, problems = read_catalog(options.root)
    found = sorted([*problems, *judge(catalog, options.today)])
    _known(options.only, {document.file for document in catalog.documents.values()} | {problem.file for problem in found})
    shown = [problem for problem in found if not options.only or any(part in problem.file for part in options.only)]
    for problem in shown:
        print(problem)
    entries = sum(1 for _ in catalog.entries())
    print(f"{entries} entries, {len(shown)} problem{'s' * (len(shown) != 1)}", file=sys.stderr)
    return 1 if shown else 0


def _known(only: Sequence[str], files: Collection[str]) -> None:
    """Raise `UsageError` for a text that no file's path holds: its entry would seem to be well."""
    from pathdex.commands import UsageError

    for part in only:
        if not any(part in file for file in files):
            mend = near(part, {PurePosixPath(file).stem for file in files}) or "see catalog/ for the ids"
            raise UsageError(f"no entry {part!r}; {mend}")
