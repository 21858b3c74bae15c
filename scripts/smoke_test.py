#!/usr/bin/env python
"""Load every released checkpoint, measure it, keep the evidence and report.

Exit codes: 0 something was loaded and nothing failed, 1 failures or regressions, 2 a wrong call, 3 nothing was loaded.
"""

import argparse
import sys
from pathlib import Path
from typing import get_args

from pathdex.nightly.calling import Limits, carried_out
from pathdex.nightly.choosing import WrongCall
from pathdex.schema.model import Kind


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("ids", nargs="*", metavar="MODEL", help="id of a model, such as uni2-h")
    top.add_argument("--root", type=Path, default=Path(), help="folder that holds catalog/ (default: here)")
    which = top.add_argument_group("which models")
    which.add_argument("--all", action="store_true", help="every model of the catalog")
    which.add_argument("--changed-since", metavar="COMMIT", help="those that changed since a commit")
    which.add_argument("--kind", choices=get_args(Kind), help="those of a kind")
    which.add_argument("--environment", metavar="GROUP", help="those of an environment group")
    how = top.add_argument_group("how")
    how.add_argument("--rungs", default="architecture,header,weights", help="rungs to climb, with commas (default: %(default)s)")
    how.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu", help="where to measure (default: cpu)")
    how.add_argument("--gpus", type=int, metavar="N", help="GPU slots (default: all that are visible)")
    how.add_argument("--workers", type=int, metavar="N", help="processes at a time (default: cores, or GPUs and two more)")
    how.add_argument("--time-limit", type=Limits, default=Limits(""), metavar="S", help="seconds, or weights=600,cost=900")
    how.add_argument("--memory", type=float, metavar="GB", help="memory of one process (default: its share of the machine)")
    how.add_argument("--deadline", type=float, default=24.0, metavar="H", help="hours that the run may take (default: 24)")
    how.add_argument("--quota", type=float, metavar="GB", help="disk that one file may take (default: what is free)")
    how.add_argument("--cache", type=Path, metavar="FOLDER", help="keep downloads here (default: deleted after each model)")
    how.add_argument("--random", action="store_true", help="embedding and cost with random weights at true size")
    how.add_argument("--accept", action="store_true", help="keep the vectors seen as the golden ones")
    how.add_argument("--again", action="store_true", help="write evidence anew though it says the same")
    run = top.add_argument_group("the run")
    run.add_argument("--run", metavar="NAME", help="its name (default: the moment)")
    run.add_argument("--resume", nargs="?", const="", metavar="NAME", help="take up a run that was killed (default: the last)")
    run.add_argument("--record", action="store_true", help="keep the run in numbers in catalog/evidence/runs")
    run.add_argument("--slurm", action="store_true", help="as an array job of Slurm, a task for each model")
    run.add_argument(
        "--sbatch", action="append", default=[], metavar="OPTION", help="for sbatch, such as --sbatch=--partition=gpu"
    )
    return top


def main() -> int:
    """Do what the arguments say."""
    try:
        return carried_out(parser().parse_args())
    except WrongCall as error:
        print(f"smoke_test: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
