"""Measures models, each in a process of its own, and keeps what was seen as evidence. It says nothing about claims: checks do."""

import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from pathdex import __version__, plugins
from pathdex.catalog import Catalog
from pathdex.files import write_whole
from pathdex.hindrance import Hindered
from pathdex.measuring import devices, isolation
from pathdex.measuring.seen import Seen, Way
from pathdex.publications import remembered
from pathdex.schema import Evidence, Model
from pathdex.schema.evidence import RUNGS, UNTRIED, Environment, Height, Rung, Rungs, Status, is_random
from pathdex.schema.recipe import fingerprint
from pathdex.tokens import one_line, scrubbed

DISTRIBUTIONS = {"open_clip": "open_clip_torch"}
"""What a library is installed as, where that is not its own name."""

HARMLESS = frozenset({"passed", *UNTRIED})
ON_DEVICE = ("weights", "embedding", "cost")
ELSEWHERE = ("unreachable", "unsupported-environment")
"""Ends whose cause is not the model."""
LIMITS: dict[Height, float] = {"architecture": 60.0, "header": 120.0, "weights": 1800.0, "embedding": 1800.0, "cost": 3600.0}
"""Seconds that a rung has for one model, unless told otherwise."""

PASSING = {"fetch_seconds", "load_seconds", "peak_memory"}
"""Measurements that are never twice the same."""


@dataclass(frozen=True)
class Outcome:
    """What one model's measurement ended in; `changed` tells whether its evidence was written."""

    rung: Rung
    changed: bool


@dataclass(frozen=True)
class Ended:
    """How one model's measurement ended; `seen` is what was measured, if anything was."""

    status: str
    reason: str = ""
    seen: Seen | None = None


@dataclass(frozen=True)
class Summary:
    """Every model asked for, in the catalog's order, with its outcome."""

    outcomes: dict[str, Outcome]
    seconds: float

    @property
    def failed(self) -> list[str]:
        """Models whose recipe was tried and gave no measurement."""
        return [name for name, outcome in self.outcomes.items() if outcome.rung.status not in HARMLESS]


def verify(
    catalog: Catalog,
    root: Path,
    ids: Iterable[str],
    rung: Height = "architecture",
    report: Callable[[str, Outcome], None] = lambda *_: None,
    *,
    again: bool = False,
    limit: float | None = None,
    way: Way | None = None,
    workers: int | None = None,
) -> Summary:
    """Measure one rung of the models `ids` and write catalog/evidence below `root`; `report` hears of each as it ends.

    Evidence that says the same of the same recipe stays as it is, with its date, unless `again`. Each model has `limit` seconds.
    """
    began = time.monotonic()
    asked = sorted(set(ids))
    outcomes: dict[str, Outcome] = {}
    way = way or Way()
    for name, ended, seconds in _measured(catalog, root, asked, rung, limit or LIMITS[rung], way, workers):
        outcomes[name] = recorded(catalog, root, name, rung, ended, seconds, again=again)
        report(name, outcomes[name])
    return Summary({name: outcomes[name] for name in asked}, time.monotonic() - began)


def recorded(
    catalog: Catalog, root: Path, name: str, rung: Height, ended: Ended, seconds: float = 0.0, *, again: bool = False
) -> Outcome:
    """Keep how one model's measurement ended as evidence below `root`, if it says something new or is wanted `again`."""
    seen = _rung(catalog.models[name], rung, ended, seconds)
    beside = ended.seen.beside if ended.seen else {}
    return Outcome(seen, _keep(catalog, root / "catalog" / "evidence", name, rung, seen, beside, again))


def at_once(rung: Height, device: str) -> int | None:
    """How many models may be measured at the same time; None for as many as there are cores."""
    return 1 if rung == "cost" or device.startswith("cuda") else None


def _measured(
    catalog: Catalog, root: Path, ids: Iterable[str], rung: Height, limit: float, way: Way, workers: int | None
) -> Iterator[tuple[str, Ended, float]]:
    """How each model ended, and after how many seconds."""
    jobs: dict[str, tuple[Height, Model, Way]] = {}
    for name in ids:
        if found := hindered(catalog.models[name], rung, way):
            yield name, found, 0.0
        else:
            jobs[name] = rung, catalog.models[name], replace(with_golden(root, name, way), limit=limit)
    preload = [f"pathdex.rungs.{rung}", *preloaded(model for _, model, _ in jobs.values())]
    at_a_time, on_gpu = workers or at_once(rung, way.device), way.device.startswith("cuda")
    memory = max(isolation.MOST_MEMORY, isolation.share(at_a_time or os.cpu_count() or 1))
    for name, ended in isolation.each(work, jobs, limit, at_a_time, preload, memory, resident=on_gpu):
        yield name, answered(ended), ended.seconds


def with_golden(root: Path, name: str, way: Way) -> Way:
    """The way, with the file of the model's golden vectors."""
    return way if way.golden else replace(way, golden=root / "catalog" / "evidence" / f"{name}.golden.csv")


def answered(ended: isolation.Ended) -> Ended:
    """What a process answered, or how it ended without an answer."""
    return ended.value if ended.status == "returned" else Ended(ended.status, ended.reason)


def work(job: tuple[Height, Model, Way]) -> Ended:
    """Measure in this process; what hinders is an answer."""
    rung, model, way = job
    if rung in ON_DEVICE and (lacking := devices.lacking(way.device)):
        return Ended("unsupported-environment", lacking)
    try:
        seen: Seen = plugins.load("pathdex.rungs", rung).measure(model, way)
    except Hindered as hindered:
        return Ended(hindered.status, hindered.reason)
    return Ended(seen.status, seen.reason, seen)


def hindered(model: Model, rung: Height, way: Way) -> Ended | None:
    """How a rung ends that can't even be tried."""
    status, reason = _hindrance(model, rung, way)
    return Ended(status, reason) if status else None


def _hindrance(model: Model, rung: Height, way: Way) -> tuple[str, str]:
    if rung == "header" or (rung == "weights" and model.weights.access == "none"):
        return ("not-attempted", "the weights were never released") if model.weights.access == "none" else ("", "")
    if model.unsupported:
        return "unsupported", model.unsupported.what
    if model.loader is None:
        closed = model.weights.access == "none"
        return "not-attempted", "no recipe; the weights were never released" if closed else "no recipe"
    library, environment = model.loader.library, model.loader.environment
    if library not in plugins.names("pathdex.loaders"):
        return "not-attempted", f"library {library}: no module in pathdex builds it yet"
    if environment != way.environment:
        return "not-attempted", f"environment {environment}: this is {way.environment}; scripts/smoke_test.py makes the right one"
    if library not in _versions(model):
        return "unsupported-environment", f"{library} is not installed"
    if rung in ("embedding", "cost") and model.weights.access == "none" and not way.random:
        return "not-attempted", "the weights were never released"
    return "", ""


def preloaded(models: Iterable[Model]) -> list[str]:
    """The modules that building these models imports."""
    libraries = {model.loader.library for model in models if model.loader}
    known = sorted(libraries.intersection(plugins.names("pathdex.loaders")))
    return [name for library in known for name in plugins.load("pathdex.loaders", library).PRELOAD]


def _versions(model: Model) -> dict[str, str]:
    """Versions of the libraries that take part in building a model, as far as they are installed."""
    found = {}
    for library in ("torch", model.loader.library) if model.loader else ():
        try:
            found[library] = version(DISTRIBUTIONS.get(library, library))
        except PackageNotFoundError:
            continue
    return found


def _rung(model: Model, height: Height, ended: Ended, seconds: float = 0.0) -> Rung:
    seen = ended.seen
    return RUNGS[height](
        status=cast(Status, ended.status),
        reason=one_line(ended.reason) or None,
        measured=seen.measured if seen else None,
        measured_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 2),
        bytes_moved=seen.moved if seen else 0,
        environment=Environment(
            python=platform.python_version(), libraries=_versions(model), device=seen.device if seen else "meta"
        ),
    )


def _keep(catalog: Catalog, folder: Path, name: str, height: Height, seen: Rung, beside: Mapping[str, str], again: bool) -> bool:
    """Write the evidence if it says something new; tell whether it does."""
    recipe, before = fingerprint(catalog.models[name]), _before(folder / f"{name}.json")
    old = getattr(before.rungs, height) if before else None
    if old and before and before.recipe == recipe:
        seen = remembered(seen, old)
    same = before is not None and before.recipe == recipe and old is not None and _says(old) == _says(seen)
    if old and before and before.recipe == recipe and _stands(old, seen):
        return False
    if same and all(_reads(folder / f"{name}.{end}") == text for end, text in beside.items()) and not again:
        return False
    if seen.status != "passed" and old:
        passed = old.measured_at if old.status == "passed" and (is_random(seen) or not is_random(old)) else old.passed_at
        seen = seen.model_copy(update={"passed_at": passed})
    kept: dict[Height, Rung] = dict(before.rungs.tried()) if before and before.recipe == recipe else {}
    for end, text in beside.items():
        write_whole(folder / f"{name}.{end}", text.encode())
    evidence = Evidence(recipe=recipe, pathdex=__version__, rungs=Rungs.model_validate({**kept, height: seen}))
    write_whole(folder / f"{name}.json", _json(evidence).encode())
    if height == "architecture" and not beside:
        (folder / f"{name}.tensors.csv").unlink(missing_ok=True)
    return True


def _stands(old: Rung, seen: Rung) -> bool:
    """Whether what was measured says more than what is seen: released weights than random ones, these than a closed door.

    A host that does not answer, and a machine without a GPU or room, say nothing about a model: that leaves what was measured
    as it is, and the report tells it.
    """
    if old.measured and (seen.status in ELSEWHERE or (seen.reason or "").endswith(tuple(f"ended as {one}" for one in ELSEWHERE))):
        return True
    if is_random(seen):
        return old.measured is not None and not is_random(old)
    return is_random(old) and seen.status in ("gated", *UNTRIED)


def _before(file: Path) -> Evidence | None:
    """The evidence as it stands on disk now: another rung may have been kept since the catalog was read."""
    try:
        return Evidence.model_validate_json(_reads(file) or "")
    except ValueError:
        return None


def _reads(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _says(rung: Rung) -> tuple[Any, ...]:
    """What of a rung is news when it changes; that a download took longer is none."""
    return rung.status, rung.reason, rung.measured.model_dump(exclude=PASSING) if rung.measured else None


def _json(evidence: Evidence) -> str:
    data = evidence.model_dump(mode="json", exclude_defaults=True)
    return scrubbed(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
