#!/usr/bin/env python
"""Load every released checkpoint, measure it, keep the evidence and report.

Exit codes: 0 something was loaded and nothing failed, 1 failures or regressions, 2 a wrong call, 3 nothing was loaded.
"""

import argparse
import sys
from pathlib import Path
from typing import get_args

try:
    from pathdex.nightly.calling import Limits, carried_out
    from pathdex.nightly.choosing import WrongCall
    from pathdex.schema.model import Kind
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"smoke_test: {missing.name} is not installed for this Python; run .venv/bin/python, or make install first\n"
    )
    raise SystemExit(2) from None

EXAMPLES = """examples:
  smoke_test.py uni2-h                                      load one model's released weights
  smoke_test.py --all --device cuda --rungs weights,embedding,cost
  smoke_test.py --all --rungs header                        look at what is released without loading it
  smoke_test.py --resume                                    go on where a run was killed
"""
GOING_ON = frozenset(("resume", "root", "deadline", "record", "dry_run"))
"""What may be said when a run is taken up."""


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    top = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    top.add_argument("ids", nargs="*", metavar="MODEL", help="id of a model, such as uni2-h")
    top.add_argument("--root", type=Path, default=Path(), help="folder that holds catalog/ (default: here)")
    which = top.add_argument_group("which models")
    which.add_argument("--all", action="store_true", help="every model of the catalog")
    which.add_argument("--changed-since", metavar="COMMIT", help="those that changed since a commit")
    which.add_argument("--kind", choices=get_args(Kind), metavar="KIND", help=f"those of a kind: {', '.join(get_args(Kind))}")
    which.add_argument("--environment", metavar="GROUP", help="those of an environment group")
    which.add_argument("--missing", action="store_true", help="those whose evidence lacks a rung asked for")
    how = top.add_argument_group("how")
    how.add_argument("--rungs", default="architecture,header,weights", help="rungs to climb, with commas (default: %(default)s)")
    how.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu", help="where to measure (default: cpu)")
    how.add_argument("--gpus", type=_number, metavar="N", help="GPU slots (default: all that are visible)")
    how.add_argument("--workers", type=_number, metavar="N", help="processes at a time (default: cores, or GPUs and two more)")
    how.add_argument("--time-limit", type=_limits, default=Limits(""), metavar="S", help="seconds, or weights=600,cost=900")
    how.add_argument("--memory", type=_amount, metavar="GB", help="memory of one process (default: its share of the machine)")
    how.add_argument("--deadline", type=_amount, default=24.0, metavar="H", help="hours that the run may take (default: 24)")
    how.add_argument("--quota", type=_amount, metavar="GB", help="disk that one file may take (default: what is free)")
    how.add_argument("--cache", type=Path, metavar="FOLDER", help="keep downloads here (default: deleted after each model)")
    how.add_argument("--random", action="store_true", help="embedding and cost with random weights at true size")
    how.add_argument("--accept", action="store_true", help="keep the vectors seen as the golden ones")
    how.add_argument("--again", action="store_true", help="write evidence anew though it says the same")
    run = top.add_argument_group("the run")
    run.add_argument("--run", metavar="NAME", help="its name (default: the moment)")
    run.add_argument("--resume", nargs="?", const="", metavar="NAME", help="take up a run that was killed (default: the last)")
    run.add_argument("--dry-run", action="store_true", help="tell what would be done, and with --slurm the job, and do nothing")
    run.add_argument("--record", action="store_true", help="keep the run in numbers in catalog/evidence/runs")
    run.add_argument("--slurm", action="store_true", help="as an array job of Slurm, a task for each model")
    run.add_argument(
        "--sbatch", action="append", default=[], metavar="OPTION", help="for sbatch, such as --sbatch=--partition=gpu"
    )
    return top


def _limits(text: str) -> Limits:
    try:
        return Limits(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; write seconds, such as 600 or weights=600,cost=900") from error


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = 0.0
    if not 0 < amount < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return amount


def _number(text: str) -> int:
    if _amount(text) != int(_amount(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(_amount(text))


def _parsed() -> argparse.Namespace:
    """The arguments; raises `WrongCall` for those that a run that is taken up has settled already."""
    top = parser()
    options = top.parse_args()
    stated = {name: value for name, value in vars(options).items() if value and value != top.get_default(name)}
    given = [name for name in stated if name not in GOING_ON]
    if options.resume is not None and given:
        named = "the models" if given[0] == "ids" else f"--{given[0].replace('_', '-')}"
        raise WrongCall(f"--resume takes up a run as it was planned; leave {named} out")
    return options


def main() -> int:
    """Do what the arguments say."""
    try:
        return carried_out(_parsed())
    except WrongCall as error:
        print(f"smoke_test: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
