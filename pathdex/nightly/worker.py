"""The worker command, `python -m pathdex.nightly.worker FOLDER`: measures one group of a run's plan, or one model of it."""

import argparse
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from pathdex.catalog import read_catalog
from pathdex.measuring.isolation import end_with_parent
from pathdex.nightly import plan as plans
from pathdex.nightly.crew import Crew
from pathdex.nightly.plan import Plan
from pathdex.nightly.slots import visible
from pathdex.tokens import scrubbed


def main(arguments: list[str] | None = None) -> int:
    """Measure; 0 when everything has ended, whatever it ended in."""
    options = _parser().parse_args(arguments)
    sys.excepthook = _complain
    if options.with_parent:
        end_with_parent()
    # Bytes are counted as they move and hashed as they are; the other protocol keeps a cache of its own that nobody would delete.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    plan = plans.read(options.folder)
    catalog, _ = read_catalog(Path(plan.root))
    names = [plan.models[options.index]] if options.index is not None else list(plan.models)
    group = options.group if options.index is None else plans.environment(catalog, names[0])
    if group != options.group:
        python = plan.environments[group].python
        os.execv(python, [python, "-m", "pathdex.nightly.worker", *(arguments or sys.argv[1:]), "--group", group])
    if options.index is not None and plan.device.startswith("cuda"):
        plan = plan.model_copy(update={"gpus": tuple(visible(None))})
    mine = [name for name in names if name in catalog.models and plans.environment(catalog, name) == group]
    Crew(plan, options.folder, catalog, group, mine).work()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pathdex.nightly.worker", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the run")
    parser.add_argument("--group", default="default", help="environment group that this process is in")
    parser.add_argument("--index", type=int, help="number of the one model to measure, as a task of an array job")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    return parser


def _complain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell what went wrong without telling a token."""
    sys.stderr.write(scrubbed("".join(traceback.format_exception(kind, error, trace))))


def task(plan: Plan, folder: Path, index: str) -> list[str]:
    """The command of one task of an array job."""
    python = plan.environments["default"].python
    return [python, "-m", "pathdex.nightly.worker", str(folder), "--index", index]


if __name__ == "__main__":
    sys.exit(main())
