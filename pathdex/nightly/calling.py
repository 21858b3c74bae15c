"""From the arguments of scripts/smoke_test.py to a run, its progress on the terminal, and the exit code."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from pathdex.catalog import Catalog, read_catalog
from pathdex.measuring.isolation import share
from pathdex.nightly import history, running, slurm, telling
from pathdex.nightly import plan as plans
from pathdex.nightly.choosing import WrongCall, choose, lacking
from pathdex.nightly.here import gpus
from pathdex.nightly.journal import Done
from pathdex.nightly.plan import Place, Plan
from pathdex.problems import Problem
from pathdex.schema.evidence import HEIGHTS, Height
from pathdex.text import plural, size
from pathdex.tokens import scrubbed
from pathdex.verify import LIMITS

BESIDE_GPUS = 2
"""Processes beside those on GPUs, for the rungs that need none."""
SLURM_MEMORY = 32 * 2**30


class Limits(dict[Height, float]):
    """Seconds for each rung, from `600` or from `weights=600,cost=900`; raises `ValueError`."""

    def __init__(self, text: str) -> None:
        super().__init__(LIMITS)
        for part in filter(None, text.split(",")):
            name, named, number = part.rpartition("=")
            if named and name not in HEIGHTS:
                raise ValueError(f"no rung {name!r}")
            if not 0 < float(number) < float("inf"):
                raise ValueError(f"{number!r} is no time")
            self.update(dict.fromkeys([cast(Height, name)] if named else HEIGHTS, float(number)))


def carried_out(options: Namespace) -> int:
    """Begin or take up the run that is asked for and tell how it ends; raises `WrongCall`."""
    root = options.root.resolve()
    if not (root / "catalog").is_dir():
        raise WrongCall("no catalog/ here; give --root a folder that holds one")
    runs = root / "build" / "nightly"
    if options.resume is None:
        name = options.run or datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = runs / Path(name).name
        catalog, problems = read_catalog(root)
        plan = _plan(options, root, catalog, problems)
        plan = plan if options.dry_run else running.begun(plan, catalog, folder)
    else:
        folder, plan = _taken_up(options, runs)
    print_line(f"run {folder.name}: {plural(len(plan.models), 'model')}, rungs {', '.join(plan.rungs)}")
    if options.dry_run:
        print_line("\n".join(_planned(plan, folder)))
        return 0
    with _progress(plan) as tell:
        report = running.run(plan, folder, tell, options.deadline * 3600)
    if options.record:
        history.write(report, Path(plan.root))
    print_line(telling.headline(report))
    print_line(f"report in build/nightly/{folder.name}/report.md")
    if report.stopped:
        print_line(f"take it up again with --resume {folder.name}")
    return report.code


def _planned(plan: Plan, folder: Path) -> Iterator[str]:
    """What would be done, line by line."""
    slots = f", GPU slots {', '.join(plan.gpus) or 'none'}" if plan.device.startswith("cuda") else ""
    yield f"models: {', '.join(plan.models) or 'none'}"
    yield f"{plural(plan.workers, 'worker')} on {plan.device}{slots}, {size(plan.memory)} of memory each"
    yield f"at most {', '.join(f'{plan.limits[rung]:g} s for {rung}' for rung in plan.rungs)}"
    if plan.engine == "slurm":
        there = plan.model_copy(update={"environments": {"default": Place(python=sys.executable), **plan.environments}})
        yield slurm.script(there, folder, list(range(len(plan.models)))).rstrip()


def _taken_up(options: Namespace, runs: Path) -> tuple[Path, Plan]:
    if options.ids or options.all or options.changed_since or options.kind or options.environment or options.run:
        raise WrongCall("--resume takes up a run as it was planned; name no models with it")
    folder = runs / Path(options.resume).name if options.resume else running.latest(runs)
    try:
        return folder, plans.read(folder)
    except OSError as error:
        raise WrongCall(f"no run {folder.name!r} in build/nightly") from error
    except ValueError as error:
        raise WrongCall(f"the plan of run {folder.name} can't be read; begin a new run") from error


def _plan(options: Namespace, root: Path, catalog: Catalog, problems: list[Problem]) -> Plan:
    if not (options.ids or options.all or options.changed_since or options.kind or options.environment):
        raise WrongCall("name the models to measure, or say --all")
    if options.ids and options.all:
        raise WrongCall("name models or say --all, not both")
    rungs = _rungs(options.rungs)
    _refuse_idle(options, rungs)
    names = tuple(choose(catalog, root, options.ids, options.changed_since, options.kind, options.environment))
    names = tuple(lacking(catalog, names, rungs)) if options.missing else names
    slots = gpus(options.device, options.gpus)
    workers = options.workers or _workers(options, rungs, len(slots))
    broken = catalog.broken.get("models", frozenset())
    return Plan(
        root=str(root),
        models=names,
        rungs=rungs,
        limits=dict(options.time_limit),
        memory=int(options.memory * 10**9) if options.memory else SLURM_MEMORY if options.slurm else share(workers),
        workers=workers,
        engine="slurm" if options.slurm else "here",
        sbatch=tuple(options.sbatch),
        device=options.device,
        gpus=slots,
        cache=str(options.cache.resolve()) if options.cache else None,
        quota=int(options.quota * 10**9) if options.quota else None,
        random=options.random,
        accept=options.accept,
        again=options.again,
        unreadable={name: _problem_of(name, problems) for name in names if name in broken},
    )


def _refuse_idle(options: Namespace, rungs: tuple[Height, ...]) -> None:
    """Raise `WrongCall` for what would do nothing in this run."""
    if options.random and not {"embedding", "cost"}.intersection(rungs):
        raise WrongCall("--random is for the rungs embedding and cost; name one under --rungs")
    if options.accept and (options.random or "embedding" not in rungs):
        raise WrongCall("--accept keeps released embeddings; give it with the rung embedding and without --random")
    if options.sbatch and not options.slurm:
        raise WrongCall("--sbatch is for --slurm; leave it out, or give both")


def _rungs(text: str) -> tuple[Height, ...]:
    asked = text.split(",")
    if wrong := [one for one in asked if one not in HEIGHTS]:
        raise WrongCall(f"no rung {wrong[0]!r}; the rungs are {', '.join(HEIGHTS)}")
    return tuple(rung for rung in HEIGHTS if rung in asked)


def _workers(options: Namespace, rungs: tuple[Height, ...], slots: int) -> int:
    """As many as there are cores; a few more than GPUs; one where speed is measured on the cores themselves."""
    if options.slurm:
        return 8
    if options.device == "cuda":
        return slots + BESIDE_GPUS
    return 1 if "cost" in rungs or options.device == "mps" else os.cpu_count() or 1


def _problem_of(name: str, problems: list[Problem]) -> str:
    file = f"catalog/models/{name}.yaml"
    told = next((f" ({one.field}: {one.what})" for one in problems if one.file == file), "")
    return f"the entry can't be read{told}"


@contextmanager
def _progress(plan: Plan) -> Iterator[Callable[[Done], None]]:
    """A bar above which lines go by on a terminal; lines alone where there is none."""
    from tqdm import tqdm

    total = len(plan.models) * len(plan.rungs)
    with tqdm(total=total, unit="rung", leave=False, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

        def tell(done: Done) -> None:
            bar.update()
            with tqdm.external_write_mode(file=sys.stdout):
                print_line(f"{done.model}  {done.rung}  {done.status}  {done.seconds:.1f} s  {done.told}")

        yield tell


def print_line(line: str) -> None:
    """Print a line at once, without tokens."""
    sys.stdout.write(scrubbed(line) + "\n")
    sys.stdout.flush()
