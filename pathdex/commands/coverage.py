"""Tell how much of the catalog is filled, receipted and disputed, and what is missing."""

import argparse

from pathdex.catalog import Catalog
from pathdex.relations.coverage import Filled, coverage


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much is told."""
    parser.add_argument(
        "--missing", action="store_true", help="name the entries that lack each field, as a list of what is to be done"
    )


def run(options: argparse.Namespace) -> int:
    """Always 0: what is not known is no fault."""
    rows = coverage(Catalog.load(options.root))
    print(f"{'field':<32}{'stated':>14}{'with receipt':>14}{'disputed':>10}  oldest receipt")
    for row in rows:
        print(_line(row))
        if options.missing and row.lacking:
            print(f"    lacking: {', '.join(row.lacking)}")
    return 0


def _line(row: Filled) -> str:
    stated = f"{row.stated} ({row.share:.0%})"
    return f"{row.kind + '.' + row.field:<32}{stated:>14}{row.receipted:>14}{row.disputed:>10}  {row.oldest or '-'}"
