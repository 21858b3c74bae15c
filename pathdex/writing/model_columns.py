"""Models as the columns that the explorer, the guided choice and the comparison work on."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pathdex.catalog import Catalog
from pathdex.schema import Evidence, Model
from pathdex.writing.columns import Column
from pathdex.writing.comparison import Compared, parameters, rung
from pathdex.writing.scores import scores

SIZES = (
    ("below 30 M", 0, 30e6),
    ("30 to 150 M", 30e6, 150e6),
    ("150 to 500 M", 150e6, 500e6),
    ("500 M to 1.5 B", 500e6, 1.5e9),
    ("1.5 B and more", 1.5e9, None),
)
FULL = 4
"""Bytes of a parameter at full precision."""


def ordered(catalog: Catalog) -> list[str]:
    """Ids of the models: those in most published tables first, then the newest, those of unknown date last, then by name."""
    by_name = sorted(catalog.models, key=lambda name: (catalog.models[name].name.casefold(), name))
    newest_first = sorted(by_name, key=lambda name: catalog.models[name].released or "", reverse=True)
    return sorted(newest_first, key=lambda name: -len(catalog.results_of(name)))


def columns(catalog: Catalog) -> list[Column]:
    """The columns of all models, in the order of `ordered`."""
    names = ordered(catalog)
    entries = [catalog.models[name] for name in names]
    seen = [catalog.evidence.get(name) for name in names]
    return [
        *_identity(entries),
        *_sizes(entries, seen),
        *_inputs(entries),
        *_weights(entries),
        *_standing(catalog, names, seen),
    ]


def _each(entries: Iterable[Any], take: Callable[[Any], Any]) -> list[Any]:
    return [take(entry) for entry in entries]


def _identity(entries: Sequence[Model]) -> list[Column]:
    makers = {row: ", ".join(model.organizations) for row, model in enumerate(entries) if model.organizations}
    return [
        Column(
            "name", "Model", "text", _each(entries, lambda model: model.name), shown=True, narrow=True, searched=True, note=makers
        ),
        Column("kind", "Kind", "choice", _each(entries, lambda model: model.kind), shown=True, facet=True, searched=True),
        Column("released", "Released", "text", _each(entries, lambda model: model.released), shown=True, natural=True),
        Column(
            "year", "Year", "choice", _each(entries, lambda model: (model.released or "")[:4] or None), facet=True, natural=True
        ),
        Column("backbone", "Backbone", "text", _each(entries, _backbone), shown=True, words=True, searched=True),
        Column("makers", "Made by", "choices", _each(entries, lambda model: model.organizations), facet=True, words=True),
        Column("family", "Family", "text", _each(entries, lambda model: model.family), searched=True),
    ]


def _backbone(model: Model) -> str | None:
    return model.architecture.backbone if model.architecture else None


def _sizes(entries: Sequence[Model], seen: Sequence[Evidence | None]) -> list[Column]:
    mains = [main(parameters(model, evidence)) for model, evidence in zip(entries, seen, strict=True)]
    parts = {row: found.scope for row, found in enumerate(mains) if found and found.scope != "image-encoder"}
    counted = [found.counted if found else None for found in mains]
    claimed = [found.claimed if found else None for found in mains]
    sides = [side(evidence) for evidence in seen]
    sized = {row: f"at {px} px" for row, px in enumerate(sides) if px not in (None, 224)}
    claims = {row: part for row, part in parts.items() if claimed[row]}
    alone = {row: part for row, part in parts.items() if counted[row] and not claimed[row]}
    best = [one or other for one, other in zip(counted, claimed, strict=True)]
    return [
        Column("claimed", "Claimed", "number", claimed, "count", shown=True, note=claims, about="parameters as stated"),
        Column(
            "counted", "Counted", "number", counted, "count", shown=True, narrow=True, note=alone, about="parameters as counted"
        ),
        Column("parameters", "Parameters", "number", best, "count", facet=True, bins=SIZES, about="counted, else claimed"),
        Column("scope", "Part", "choice", [found.scope if found else None for found in mains], about="what the numbers are of"),
        Column("operations", "GFLOPs", "number", [operations(one) for one in seen], "giga", shown=True, note=sized),
        Column("width", "Embedding", "number", _each(entries, _width), shown=True, narrow=True, facet=True, about="width"),
        Column("memory", "Memory", "number", [memory(one) for one in seen], "size", about="least peak measured on a GPU"),
        Column("bytes", "At fp32", "number", [_bytes(one) for one in seen], "size", about="counted parameters, 4 bytes each"),
    ]


def main(found: list[Compared]) -> Compared | None:
    """The scope that a table of models compares: one that is claimed and counted before a counted one, the largest of several."""
    known = {scope: (scope.agrees is not None, scope.counted or 0, scope.claimed or 0) for scope in found}
    return max(found, key=known.__getitem__, default=None)


def operations(evidence: Evidence | None) -> int | None:
    """Counted floating-point operations for one input."""
    seen = rung(evidence)
    return seen.measured.flops if seen and seen.measured else None


def side(evidence: Evidence | None) -> int | None:
    """Side in pixels of the image that operations were counted for; None for what is no image."""
    seen = rung(evidence)
    shape = seen.measured.input if seen and seen.measured and seen.measured.flops else None
    return shape[-1] if shape and len(shape) == 4 else None


def memory(evidence: Evidence | None) -> int | None:
    """The least peak memory that the job measured on a GPU, whatever batch and precision."""
    cost = evidence.rungs.cost if evidence else None
    if not cost or not cost.measured or cost.environment.device in ("cpu", "meta"):
        return None
    return min(speed.peak_memory for speed in cost.measured.speeds)


def _bytes(evidence: Evidence | None) -> int | None:
    seen = rung(evidence)
    return FULL * max(seen.measured.parameters.values()) if seen and seen.measured else None


def _width(model: Model) -> int | None:
    return next((found.width for found in model.embeddings.values() if found.default), None)


def _inputs(entries: Sequence[Model]) -> list[Column]:
    return [
        Column("input", "Input", "number", _each(entries, _input), facet=True, about="side in pixels"),
        Column("magnification", "Magnification", "choices", _each(entries, _magnifications), facet=True, natural=True),
        Column(
            "stains", "Stains", "choices", _each(entries, _trained("stains")), facet=True, words=True, about="of its training"
        ),
        Column("slides", "Slides", "number", _each(entries, _slides), "count", shown=True, about="trained on"),
        Column("algorithm", "Algorithm", "text", _each(entries, _trained("algorithm")), words=True, searched=True),
    ]


def _input(model: Model) -> int | None:
    native = model.architecture.input if model.architecture else None
    return native or (model.preprocess.crop if model.preprocess else None)


def _magnifications(model: Model) -> tuple[str, ...]:
    """Those it is meant for and those of its training tiles."""
    meant = model.preprocess.magnification if model.preprocess else ()
    trained = model.training.magnifications if model.training else ()
    return tuple(f"{value:g}×" for value in sorted({*meant, *trained}))


def _trained(part: str) -> Callable[[Model], Any]:
    return lambda model: getattr(model.training, part, None)


def _slides(model: Model) -> int | None:
    return model.training.slides.value if model.training and model.training.slides else None


def _weights(entries: Sequence[Model]) -> list[Column]:
    return [
        Column("access", "Access", "choice", _each(entries, lambda model: model.weights.access), shown=True, facet=True),
        Column(
            "licence",
            "Licence",
            "choice",
            _each(entries, licence),
            shown=True,
            facet=True,
            words=True,
            searched=True,
            lacking="not stated",
        ),
        Column("commercial", "Commercial", "choice", _each(entries, _commercial), shown=True, facet=True, lacking="not stated"),
        Column("library", "Library", "choice", _each(entries, _library), facet=True, lacking="no recipe", about="that builds it"),
    ]


def licence(model: Model) -> str | None:
    """The licence's name, without the mark of one that SPDX does not know."""
    return model.weights.license.replace("LicenseRef-", "") if model.weights.license else None


def _commercial(model: Model) -> str | None:
    return model.weights.commercial_use


def _library(model: Model) -> str | None:
    return model.loader.library if model.loader else None


def _standing(catalog: Catalog, names: Sequence[str], seen: Sequence[Evidence | None]) -> list[Column]:
    entries = [catalog.models[name] for name in names]
    scored = _scored(catalog)
    suites = [tuple(sorted(scored.get(name, ()))) for name in names]
    tables = [len(catalog.results_of(name)) or None for name in names]
    return [
        Column("cohorts", "Training cohorts", "choices", [_cohorts(catalog, model) for model in entries], facet=True, words=True),
        Column("verified", "Verified", "choices", _each(seen, _rungs), facet=True, words=True, lacking="nothing tried"),
        Column("rungs", "Rungs passed", "number", _each(seen, _passed)),
        Column("suites", "Results in suite", "choices", suites, facet=True, words=True, lacking="none"),
        Column("suitecount", "Suites", "number", [len(found) or None for found in suites], about="with results"),
        Column("tables", "Tables", "number", tables, shown=True, leads="results", about="published tables with results"),
        Column(
            "text", "Text", "choice", [_text(*pair) for pair in zip(entries, seen, strict=True)], about="whether it encodes text"
        ),
        Column("papers", "Papers", "choices", _each(entries, lambda model: model.papers), words=True, lacking="none"),
    ]


def _cohorts(catalog: Catalog, model: Model) -> tuple[str, ...]:
    """Sources of its training images by name; those without an entry under one name."""
    data = model.training.data if model.training else ()
    named = [catalog.datasets[source.dataset].name if source.dataset else "others" for source in data]
    return tuple(dict.fromkeys(named))


def _rungs(evidence: Evidence | None) -> tuple[str, ...]:
    """Every rung that was tried with how it ended: "architecture passed"."""
    tried = evidence.rungs.tried() if evidence else ()
    return tuple(f"{height} {found.status.replace('-', ' ')}" for height, found in tried)


def _passed(evidence: Evidence | None) -> int | None:
    tried = evidence.rungs.tried() if evidence else ()
    return sum(found.status == "passed" for _, found in tried) or None


def _scored(catalog: Catalog) -> dict[str, set[str]]:
    """Model to the names of the suites that some table prints a number of it on."""
    found: dict[str, set[str]] = {}
    for score in scores(catalog, catalog.results):
        if score.model and score.value is not None:
            found.setdefault(score.model, set()).add(catalog.benchmarks[score.suite].name)
    return found


def _text(model: Model, evidence: Evidence | None) -> str | None:
    """Yes with a text encoder, stated or counted, or of a kind that has one; no for a patch encoder that was counted without."""
    scopes = {found.scope for found in parameters(model, evidence)}
    if model.kind == "vision-language" or "text-encoder" in scopes:
        return "yes"
    seen = rung(evidence)
    return "no" if model.kind == "patch-encoder" and seen and seen.measured else None
