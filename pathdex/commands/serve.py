"""Serve the site on this machine and build it anew when the catalog changes."""

import argparse
import sys

from pathdex.serving.serve import serve
from pathdex.serving.server import PortTaken
from pathdex.site import SiteError

WRITES = True
"""The site, beside the catalog's folder."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where it is served."""
    parser.add_argument("--port", type=_port, default=8000, help="port on this machine; 0 takes a free one (default: 8000)")
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """0 when stopped by Ctrl-C, 1 when the site can't be made, 2 for a port that is taken."""
    from pathdex.commands import UsageError

    try:
        serve(options.root, options.port, options.open, lambda line: print(line, flush=True))
    except PortTaken as error:
        raise UsageError(str(error)) from error
    except SiteError as error:
        print(f"pathdex: {error}", file=sys.stderr)
        return 1
    return 0
