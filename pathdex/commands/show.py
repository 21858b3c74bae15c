"""Show an entry: every stated value with its receipt, and what was measured."""

import argparse

from pathdex.catalog import Catalog
from pathdex.text import near
from pathdex.writing.sheet import find, sheet


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which entry, and how."""
    parser.add_argument("id", help="id of a model, paper, data set, benchmark, result or erratum, such as uni2-h")
    parser.add_argument("--json", action="store_true", help="print the entry as JSON")


def run(options: argparse.Namespace) -> int:
    """0 when the entry was shown; 2 when there is none of that id."""
    from pathdex.commands import UsageError

    catalog = Catalog.load(options.root)
    found = find(catalog, options.id)
    if not found:
        known = [name for kind, name, _ in catalog.entries()]
        raise UsageError(f"no entry {options.id!r}; {near(options.id, known) or 'see catalog/ for the ids'}")
    kind, record = found
    print(record.model_dump_json(indent=2, exclude_unset=True) if options.json else sheet(catalog, kind, options.id), end="")
    return 0
