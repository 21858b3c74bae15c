"""Start an entry: write its commented skeleton into the catalog."""

import argparse
import re

from pathdex.contribute import SINGULAR, draft, skeleton
from pathdex.schema.values import SLUG

WRITES = True
"""Into the catalog's folder."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be written."""
    parser.add_argument("kind", choices=SINGULAR, help="what the entry is about")
    parser.add_argument("id", help="its id, which is its file name: uni2-h, or chen2024uni for a paper")
    parser.add_argument("--print", action="store_true", dest="shown", help="print the skeleton, write nothing")


def run(options: argparse.Namespace) -> int:
    """0 when the skeleton was written or shown; 2 when the id won't do."""
    from pathdex.commands import UsageError

    if not re.fullmatch(SLUG, options.id):
        raise UsageError(f"{options.id!r} is not an id; use lower-case letters, digits, '-' and '.'")
    if options.shown:
        print(skeleton(options.kind, options.id), end="")
        return 0
    try:
        file = draft(options.root, options.kind, options.id)
    except FileExistsError as error:
        raise UsageError(f"{options.id!r} is there already; edit catalog/{SINGULAR[options.kind]}/{options.id}.yaml") from error
    print(f"{file.relative_to(options.root)}: fill it in, then run: pathdex check {options.id}")
    return 0
