"""Measures models, each in a process of its own, and keeps what was seen as evidence. It says nothing about claims: checks do."""

import json
import platform
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pathdex import __version__, plugins
from pathdex.catalog import Catalog
from pathdex.files import write_whole
from pathdex.measuring import isolation, measure
from pathdex.schema import Evidence, Model
from pathdex.schema.evidence import Environment, Measured, Rung
from pathdex.schema.recipe import fingerprint

Height = Literal["architecture"]
MEASURES: dict[Height, Callable[[Model], tuple[Measured, str]]] = {"architecture": measure.architecture}
"""Rung of the ladder to the function that measures it."""

HARMLESS = frozenset({"passed", "not-attempted"})
SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """What one model's measurement ended in; `changed` tells whether its evidence was written."""

    rung: Rung
    changed: bool


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
) -> Summary:
    """Measure one rung of the models `ids` and write catalog/evidence below `root`; `report` hears of each as it ends.

    Evidence that says the same of the same recipe stays as it is, with its date, unless `again`. Each model has `limit` seconds.
    """
    began = time.monotonic()
    asked = sorted(set(ids))
    outcomes: dict[str, Outcome] = {}
    for name, seen, listing in _measured(catalog, asked, rung, limit):
        changed = _keep(catalog, root / "catalog" / "evidence", name, rung, seen, listing, again)
        outcomes[name] = Outcome(seen, changed)
        report(name, outcomes[name])
    return Summary({name: outcomes[name] for name in asked}, time.monotonic() - began)


def _measured(catalog: Catalog, ids: Iterable[str], rung: Height, limit: float) -> Iterator[tuple[str, Rung, str | None]]:
    """How each model ended, with the listing of its tensors if it passed."""
    jobs: dict[str, tuple[Height, Model]] = {}
    for name in ids:
        model = catalog.models[name]
        if hindered := _hindered(model):
            status, reason = hindered
            yield name, _rung(model, reason, status=status), None
        else:
            jobs[name] = rung, model
    preload = ["pathdex.measuring.measure", *_preload(model for _, model in jobs.values())]
    for name, ended in isolation.each(_work, jobs, limit, preload=preload):
        measured, listing = ended.value or (None, None)
        status = "passed" if ended.status == "returned" else ended.status
        yield name, _rung(jobs[name][1], ended.reason, ended.seconds, status=status, measured=measured), listing


def _work(job: tuple[Height, Model]) -> tuple[Measured, str]:
    rung, model = job
    return MEASURES[rung](model)


def _hindered(model: Model) -> tuple[str, str] | None:
    """Status and reason, where a model's recipe can't even be tried."""
    if model.loader is None:
        return "not-attempted", "no recipe"
    library, environment = model.loader.library, model.loader.environment
    if library not in plugins.names("pathdex.loaders"):
        return "not-attempted", f"library {library}: no module in pathdex builds it yet"
    if environment != "default":
        return "not-attempted", f"environment {environment}: only the default one can be used yet"
    if library not in _versions(model):
        return "unsupported-environment", f"{library} is not installed"
    return None


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


def _rung(model: Model, reason: str, seconds: float = 0.0, **seen: Any) -> Rung:
    return Rung(
        reason=_line(reason) or None,
        measured_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 2),
        bytes_moved=0,
        environment=Environment(python=platform.python_version(), libraries=_versions(model), device="meta"),
        **seen,
    )


def _line(reason: str) -> str:
    """A library's message as one line that says the same on every machine: no paths, no addresses, nothing like HTML."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in reason).split())
    line = re.sub(r"(?<![\w./])(?:/[\w.@+-]+)+/", "", line)
    line = re.sub(r"0x[0-9a-fA-F]+", "0x0", line).translate({ord("<"): "(", ord(">"): ")", ord("&"): "+"})
    return line if len(line) <= 240 else line[:237].rstrip() + "..."


def _keep(catalog: Catalog, folder: Path, name: str, rung: Height, seen: Rung, listing: str | None, again: bool) -> bool:
    """Write the evidence if it says something new; tell whether it does."""
    recipe, before = fingerprint(catalog.models[name]), catalog.evidence.get(name)
    old = before.rungs.get(rung) if before else None
    same = before is not None and before.recipe == recipe and old is not None and _says(old) == _says(seen)
    if same and catalog.listings.get(name) == listing and not again:
        return False
    if seen.status != "passed" and old:
        seen = seen.model_copy(update={"passed_at": old.measured_at if old.status == "passed" else old.passed_at})
    kept = before.rungs if before and before.recipe == recipe else {}
    evidence = Evidence(recipe=recipe, pathdex=__version__, rungs={**kept, rung: seen})
    tensors = folder / f"{name}.tensors.csv"
    if listing is not None:
        write_whole(tensors, listing.encode())
    write_whole(folder / f"{name}.json", _json(evidence).encode())
    if listing is None:
        tensors.unlink(missing_ok=True)
    return True


def _says(rung: Rung) -> tuple[Any, ...]:
    return rung.status, rung.reason, rung.measured


def _json(evidence: Evidence) -> str:
    data = evidence.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
