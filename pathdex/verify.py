"""Measures models, each in a process of its own, and keeps what was seen as evidence. It says nothing about claims: checks do."""

import json
import platform
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from pathdex import __version__, plugins
from pathdex.catalog import Catalog
from pathdex.files import write_whole
from pathdex.hindrance import Hindered
from pathdex.measuring import isolation
from pathdex.measuring.seen import Seen, Way
from pathdex.schema import Evidence, Model
from pathdex.schema.evidence import RUNGS, Environment, Height, Rung, Rungs, Status
from pathdex.schema.recipe import fingerprint

HARMLESS = frozenset({"passed", "not-attempted"})
SECONDS = 60.0


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
    limit: float = SECONDS,
    way: Way | None = None,
    workers: int | None = None,
) -> Summary:
    """Measure one rung of the models `ids` and write catalog/evidence below `root`; `report` hears of each as it ends.

    Evidence that says the same of the same recipe stays as it is, with its date, unless `again`. Each model has `limit` seconds.
    """
    began = time.monotonic()
    asked = sorted(set(ids))
    outcomes: dict[str, Outcome] = {}
    for name, seen, beside in _measured(catalog, asked, rung, limit, way or Way(), workers):
        changed = _keep(catalog, root / "catalog" / "evidence", name, rung, seen, beside, again)
        outcomes[name] = Outcome(seen, changed)
        report(name, outcomes[name])
    return Summary({name: outcomes[name] for name in asked}, time.monotonic() - began)


def _measured(
    catalog: Catalog, ids: Iterable[str], rung: Height, limit: float, way: Way, workers: int | None
) -> Iterator[tuple[str, Rung, Mapping[str, str]]]:
    """How each model ended, with the files to stand beside its evidence."""
    jobs: dict[str, tuple[Height, Model, Way]] = {}
    for name in ids:
        model = catalog.models[name]
        if hindered := _hindered(model, rung):
            yield name, _rung(model, rung, Ended(*hindered)), {}
        else:
            jobs[name] = rung, model, way
    preload = [f"pathdex.rungs.{rung}", *_preload(model for _, model, _ in jobs.values())]
    for name, ended in isolation.each(work, jobs, limit, workers, preload=preload):
        done = ended.value if ended.status == "returned" else Ended(ended.status, ended.reason)
        yield name, _rung(jobs[name][1], rung, done, ended.seconds), done.seen.beside if done.seen else {}


def work(job: tuple[Height, Model, Way]) -> Ended:
    """Measure in this process; what hinders is an answer."""
    rung, model, way = job
    try:
        seen: Seen = plugins.load("pathdex.rungs", rung).measure(model, way)
    except Hindered as hindered:
        return Ended(hindered.status, hindered.reason)
    return Ended(seen.status, seen.reason, seen)


def _hindered(model: Model, rung: Height) -> tuple[str, str] | None:
    """Status and reason, where a rung can't even be tried."""
    if model.loader is None:
        return ("not-attempted", "no recipe") if rung != "header" else _unreleased(model)
    library, environment = model.loader.library, model.loader.environment
    if rung == "header":
        return _unreleased(model)
    if library not in plugins.names("pathdex.loaders"):
        return "not-attempted", f"library {library}: no module in pathdex builds it yet"
    if environment != "default":
        return "not-attempted", f"environment {environment}: only the default one can be used yet"
    if library not in _versions(model):
        return "unsupported-environment", f"{library} is not installed"
    return _unreleased(model) if rung == "weights" else None


def _unreleased(model: Model) -> tuple[str, str] | None:
    return ("not-attempted", "the weights were never released") if model.weights.access == "none" else None


def _preload(models: Iterable[Model]) -> list[str]:
    libraries = sorted({model.loader.library for model in models if model.loader})
    return [name for library in libraries for name in plugins.load("pathdex.loaders", library).PRELOAD]


def _versions(model: Model) -> dict[str, str]:
    """Versions of the libraries that take part in building a model, as far as they are installed."""
    found = {}
    for library in ("torch", model.loader.library) if model.loader else ():
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _rung(model: Model, height: Height, ended: Ended, seconds: float = 0.0) -> Rung:
    seen = ended.seen
    return RUNGS[height](
        status=cast(Status, ended.status),
        reason=_line(ended.reason) or None,
        measured=seen.measured if seen else None,
        measured_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 2),
        bytes_moved=seen.moved if seen else 0,
        environment=Environment(
            python=platform.python_version(), libraries=_versions(model), device=seen.device if seen else "meta"
        ),
    )


def _line(reason: str) -> str:
    """A library's message as one line that says the same on every machine: no paths, no addresses, nothing like HTML."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in reason).split())
    line = re.sub(r"(?<![\w./])(?:/[\w.@+-]+)+/", "", line)
    line = re.sub(r"0x[0-9a-fA-F]+", "0x0", line).translate({ord("<"): "(", ord(">"): ")", ord("&"): "+"})
    return line if len(line) <= 240 else line[:237].rstrip() + "..."


def _keep(catalog: Catalog, folder: Path, name: str, height: Height, seen: Rung, beside: Mapping[str, str], again: bool) -> bool:
    """Write the evidence if it says something new; tell whether it does."""
    recipe, before = fingerprint(catalog.models[name]), catalog.evidence.get(name)
    old = getattr(before.rungs, height) if before else None
    same = before is not None and before.recipe == recipe and old is not None and _says(old) == _says(seen)
    if same and all(_reads(folder / f"{name}.{end}") == text for end, text in beside.items()) and not again:
        return False
    if seen.status != "passed" and old:
        seen = seen.model_copy(update={"passed_at": old.measured_at if old.status == "passed" else old.passed_at})
    kept: dict[Height, Rung] = dict(before.rungs.tried()) if before and before.recipe == recipe else {}
    for end, text in beside.items():
        write_whole(folder / f"{name}.{end}", text.encode())
    evidence = Evidence(recipe=recipe, pathdex=__version__, rungs=Rungs.model_validate({**kept, height: seen}))
    write_whole(folder / f"{name}.json", _json(evidence).encode())
    if height == "architecture" and not beside:
        (folder / f"{name}.tensors.csv").unlink(missing_ok=True)
    return True


def _reads(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _says(rung: Rung) -> tuple[Any, ...]:
    return rung.status, rung.reason, rung.measured


def _json(evidence: Evidence) -> str:
    data = evidence.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
