"""A run from its plan to its report."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pathdex.catalog import Catalog, read_catalog
from pathdex.nightly import here, journal, slurm, telling
from pathdex.nightly import plan as plans
from pathdex.nightly.choosing import WrongCall
from pathdex.nightly.climb import emptied
from pathdex.nightly.environments import prepared
from pathdex.nightly.journal import Done
from pathdex.nightly.outcome import Report, Row, row
from pathdex.nightly.plan import Place, Plan
from pathdex.schema.evidence import Height
from pathdex.tokens import scrubbed
from pathdex.verify import Ended, hindered, recorded

ATTEMPTS = 3
"""How often workers are sent out before what they leave undone counts as crashed."""
Tell = Callable[[Done], None]


def begun(plan: Plan, catalog: Catalog, folder: Path) -> Plan:
    """Write the plan of a new run, with how the evidence stands and the environments that it needs; raises `WrongCall`."""
    if (folder / "plan.json").exists():
        raise WrongCall(f"run {folder.name} is there already; say --resume {folder.name}, or give another name")
    groups = sorted({"default", *(plans.environment(catalog, name) for name in plan.models if name in catalog.models)})
    places = {group: prepared(group, Path(plan.root)) for group in groups}
    known = plans.before(catalog, plan.models, plan.rungs, plan.random)
    plan = plan.model_copy(update={"environments": places, "before": known})
    plans.write(plan, folder)
    return plan


def latest(runs: Path) -> Path:
    """The run that was begun last; raises `WrongCall`."""
    found = sorted(runs.glob("*/plan.json"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise WrongCall("no run to take up; leave --resume out")
    return found[-1].parent


def run(plan: Plan, folder: Path, tell: Tell, deadline: float) -> Report:
    """Measure what is left of a plan and write the report; raises `WrongCall` if another process is at it."""
    with journal.held(folder / "lock", wait=False) as mine:
        if not mine:
            raise WrongCall(f"another process is at run {folder.name}")
        catalog, _ = read_catalog(Path(plan.root))
        at = _At(plan, folder, catalog, tell, began=time.monotonic())
        stopped = at.work(deadline)
        emptied(folder / "cache")
        report = Report(folder.name, plan, at.rows(stopped), time.monotonic() - at.began, stopped)
        telling.write(report, folder)
        return report


@dataclass
class _At:
    """The run that this process is at."""

    plan: Plan
    folder: Path
    catalog: Catalog
    tell: Tell
    began: float
    told: set[tuple[str, Height]] = field(default_factory=set)

    def work(self, deadline: float) -> bool:
        """Send out workers until nothing is left; tell whether it was stopped before."""
        self._clean()
        self.look()
        due = self.began + deadline
        try:
            with _ended_as_stopped():
                self._without_environment()
                for _ in range(ATTEMPTS):
                    if not (left := self._left()) or time.monotonic() > due:
                        break
                    self._send(left, due)
        except KeyboardInterrupt:
            if self.plan.engine == "slurm":
                slurm.cancelled(self.folder)
            return True
        return bool(self._left()) and time.monotonic() > due

    def _send(self, names: list[str], due: float) -> None:
        if self.plan.engine == "slurm":
            slurm.run(self.plan, self.folder, names, self.look, due)
        else:
            groups = {name: plans.environment(self.catalog, name) for name in names}
            here.run(self.plan, self.folder, names, groups, self.look, due)

    def _clean(self) -> None:
        """Take away halves of files that a killed worker left in the catalog."""
        for name in self.plan.models:
            for file in (Path(self.plan.root) / "catalog" / "evidence").glob(f".{name}.*"):
                file.unlink(missing_ok=True)

    def _without_environment(self) -> None:
        """Settle the models whose environment can't be had."""
        for name, rung in self._missing():
            place = self.plan.environments.get(plans.environment(self.catalog, name), Place(problem="not in the plan"))
            if place.problem:
                model = self.catalog.models[name]
                way = self.plan.way(name, plans.environment(self.catalog, name), self.folder)
                ended = hindered(model, rung, way) or Ended("unsupported-environment", place.problem)
                if ended.status == "unsupported-environment":
                    ended = Ended("unsupported-environment", place.problem)
                seen = recorded(self.catalog, Path(self.plan.root), name, rung, ended, again=self.plan.again).rung
                journal.write(self.folder, self._done(name, rung, seen.status, seen.reason or "", seen.measured_at))
        self.look()

    @cached_property
    def _keys(self) -> dict[tuple[str, Height], str]:
        """Model and rung to the key under which its end is kept; models that can't be read have none."""
        return {
            (name, rung): journal.key(self.plan, name, self.catalog.models[name], rung)
            for name in self.plan.models
            for rung in self.plan.rungs
            if name in self.catalog.models
        }

    def _found(self, name: str, rung: Height) -> Done | None:
        key = self._keys.get((name, rung))
        return journal.read(self.folder, name, rung, key) if key else None

    def _missing(self) -> Iterator[tuple[str, Height]]:
        return (pair for pair in self._keys if self._found(*pair) is None)

    def _left(self) -> list[str]:
        """Models that have a rung to go."""
        return list(dict.fromkeys(name for name, _ in self._missing()))

    def look(self) -> None:
        """Tell what has ended since the last look."""
        kept = journal.kept(self.folder)
        for name, rung in self._keys:
            if (name, rung) not in self.told and (name, rung) in kept and (done := self._found(name, rung)):
                self.told.add((name, rung))
                self.tell(done)

    def rows(self, stopped: bool) -> Mapping[str, Mapping[Height, Row]]:
        """Exactly one end for every model and rung."""
        return {name: {rung: self._row(name, rung, stopped) for rung in self.plan.rungs} for name in self.plan.models}

    def _row(self, name: str, rung: Height, stopped: bool) -> Row:
        """What was not come to because the run was stopped is no regression."""
        if done := self._found(name, rung):
            return row(self.plan, done)
        if stopped and name in self.catalog.models:
            return row(self.plan, self._done(name, rung, "not-attempted", "the run was stopped before"), tried=False)
        return row(self.plan, self._lost(name, rung))

    def _lost(self, name: str, rung: Height) -> Done:
        """What stands for a measurement that never ended; it is not kept, so that the next try makes it."""
        if name not in self.catalog.models:
            return self._done(name, rung, "crashed", self.plan.unreadable.get(name, "the entry can't be read"))
        if any(self._found(name, lower) is None for lower in self.plan.rungs[: self.plan.rungs.index(rung)]):
            return self._done(name, rung, "not-attempted", "the run ended before")
        word = here.said(self._log(name))
        return self._done(
            name, rung, "crashed", scrubbed(f"the worker ended without an answer{f' ({word})' if word else ''}")[:240]
        )

    def _log(self, name: str) -> Path:
        """Where the worker that was to measure a model said what hindered it."""
        by_task = self.plan.engine == "slurm"
        return here.log_of(self.folder, self.plan.models.index(name) if by_task else plans.environment(self.catalog, name))

    def _done(self, name: str, rung: Height, status: str, reason: str, moment: str = "") -> Done:
        key = self._keys.get((name, rung), "")
        now = moment or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Done.model_validate(
            {"model": name, "rung": rung, "key": key, "status": status, "reason": reason, "told": reason, "ended_at": now}
        )


@contextmanager
def _ended_as_stopped() -> Iterator[None]:
    """Within it, a request to end is like a Ctrl-C, so that the report is still written."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
