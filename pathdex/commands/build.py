"""Build what is derived: schemas, model cards, awesome list, bibliography, the site's pages and its API."""

import argparse
import sys
from pathlib import Path

from pathdex.text import near

WRITES = True
"""Beside the catalog's folder."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which outputs, and whether they are written or compared."""
    parser.add_argument("only", nargs="*", metavar="OUTPUT", help="build only these outputs, such as modelcards (default: all)")
    parser.add_argument("--committed", action="store_true", help="build only what is committed, not what lies below build/")
    parser.add_argument("--per-entry", action="store_true", help="leave out what gathers many entries, such as the awesome list")
    parser.add_argument("--site", action="store_true", help="make the whole site in build/site too; needs pathdex[site]")
    parser.add_argument("--check", action="store_true", help="write nothing; print each committed file that is stale")


def run(options: argparse.Namespace) -> int:
    """0 when everything was written, or with --check when nothing is stale; else 1."""
    from pathdex.build import build, outputs, stale
    from pathdex.commands import UsageError

    for name in options.only:
        if name not in outputs():
            raise UsageError(f"no output is called {name!r}; {near(name, outputs()) or 'outputs are ' + ', '.join(outputs())}")
    only = options.only or (outputs(aggregate=False) if options.per_entry else ())
    if options.check:
        lines = stale(options.root, only)
        print("".join(f"{line}\n" for line in lines), end="")
        return 1 if lines else 0
    if options.site:
        return _site(options.root)
    try:
        changed = build(options.root, only, options.committed)
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing; pip install 'pathdex[site]', or build --committed alone") from error
    print("".join(f"{path}\n" for path in changed), end="")
    print(f"{len(changed)} file{'s' * (len(changed) != 1)} changed", file=sys.stderr)
    return 0


def _site(root: Path) -> int:
    from pathdex.site import SiteError, make

    try:
        print(make(root).relative_to(root))
    except SiteError as error:
        print(f"pathdex: {error}", file=sys.stderr)
        return 1
    return 0
