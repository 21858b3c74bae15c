"""The command `pathdex`: a module here is a subcommand; it reads arguments, calls one function, prints, returns 0, 1 or 2."""

import argparse
import io
import os
import sys
from pathlib import Path

from pathdex import plugins
from pathdex.catalog import SHIPPED, find_root
from pathdex.problems import CatalogError

EPILOG = "Exit codes: 0 all well, 1 findings, 2 a wrong call."


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code says how it went."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode still gets every line
    try:
        options = parser().parse_args(arguments)
        options.root = find_root(options.root)
        if not (options.root / "catalog").is_dir():
            raise UsageError(f"no catalog/ in {options.root}; give --root a folder that holds one")
        if options.root == SHIPPED and options.writes:
            raise UsageError("the catalog that came with pathdex stays as it is; run this in a checkout, or give --root")
        code: int = options.run(options)
        return code
    except CatalogError as error:
        print(error, file=sys.stderr)
        return 1
    except UsageError as error:
        print(f"pathdex: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        what = error.strerror or f"{error} is missing"  # a template that is not there has no number and no file
        print(f"pathdex: {what}" + (f": {error.filename}" if error.filename else ""), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("pathdex: stopped", file=sys.stderr)
        return 130


class UsageError(Exception):
    """A call that can't be followed: one line, what and how to mend."""


def parser() -> argparse.ArgumentParser:
    """Every subcommand with its help."""
    top = argparse.ArgumentParser(
        prog="pathdex",
        description="The catalog of pathology foundation models: check it, build the site, measure the models, cite the papers.",
        epilog=EPILOG,
    )
    top.add_argument(
        "--root", type=Path, help="folder that holds catalog/ (default: here, or the catalog that came with pathdex)"
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in plugins.load_all("pathdex.commands").items():
        summary = (module.__doc__ or "").strip().splitlines()[0]
        command = commands.add_parser(name, help=summary, description=module.__doc__, epilog=EPILOG)
        module.arguments(command)
        command.set_defaults(run=module.run, writes=hasattr(module, "WRITES"))
    return top
