"""The entries as the API serves them: bare values and receipts, with their ids and what was counted."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from pathdex.catalog import Catalog
from pathdex.schema import Benchmark, Dataset, Erratum, Model, Paper, Record, Result
from pathdex.schema.evidence import HEIGHTS, Height, Rungs, Status
from pathdex.schema.recipe import fingerprint
from pathdex.schema.values import Line, Moment, Positive, Slug, Url
from pathdex.writing import citing
from pathdex.writing.comparison import rung
from pathdex.writing.scores import scores


class Counted(Record):
    """What the verification job last saw of the model's architecture."""

    status: Status
    """How it ended."""
    reason: Line | None = None
    """Why it did not pass."""
    measured_at: Moment
    """When, in UTC."""
    parameters: dict[str, Positive] = {}
    """Exact number of parameters by scope."""
    embeddings: dict[str, Positive] = {}
    """Width of each embedding variant."""
    flops: Positive | None = None
    """Floating-point operations of one input at native size."""


class ServedModel(Model):
    """A model."""

    id: Slug
    """Its id."""
    counted: Counted | None = None
    """What was counted; left out where the job never came."""
    rungs: Rungs | None = None
    """What the job last saw on each rung that it has tried: status, reason, when, with what, and the measurements."""
    never_run: list[Height] = []
    """Rungs that the job has never tried for this model."""
    out_of_date: bool = False
    """Whether the recipe has changed since the rungs were climbed."""
    results: list[Slug] = []
    """Tables with a row about it."""
    errata: list[Slug] = []
    """Errata that concern it."""


class ServedPaper(Paper):
    """A paper."""

    id: Slug
    """Its id."""
    link: Url
    """The address that leads to it."""
    citation: Line
    """The reference in APA's style."""
    models: list[Slug] = []
    """Models that it is about."""
    errata: list[Slug] = []
    """Errata that concern it."""


class ServedDataset(Dataset):
    """A data set."""

    id: Slug
    """Its id."""


class ServedBenchmark(Benchmark):
    """A benchmark."""

    id: Slug
    """Its id."""


class Cell(Record):
    """One printed number of a task."""

    row: Line
    """Printed label of the row."""
    model: Slug | None = None
    """The model's entry, where the catalog has it."""
    task: Line
    """Suite and task, as eva/bach."""
    embedding: Line
    """Embedding variant used, or not-stated."""
    printed: str
    """The cell as printed."""
    value: float | None = None
    """Its number, on the scale that the table prints; left out where the cell holds none."""


class Printed(Record):
    """A table as printed."""

    header: list[str]
    """Column headers."""
    rows: list[list[str]]
    """Cells, row by row."""


class ServedResult(Result):
    """A published table."""

    id: Slug
    """Its id."""
    table: Printed
    """The table as printed."""
    scores: list[Cell]
    """The cells that are numbers of a task."""


class ServedErratum(Erratum):
    """An erratum."""

    id: Slug
    """Its id."""


SERVED: dict[str, type[Record]] = {
    "models": ServedModel,
    "papers": ServedPaper,
    "datasets": ServedDataset,
    "benchmarks": ServedBenchmark,
    "results": ServedResult,
    "errata": ServedErratum,
}
"""Folder of the catalog to what the API serves of its entries."""


def served(catalog: Catalog, kind: str) -> Iterator[dict[str, Any]]:
    """Every entry of a kind as plain data, in order of ids."""
    for name, record in getattr(catalog, kind).items():
        yield {"id": name, **bare(record), **_beside(catalog, kind, name)}


def bare(value: Any) -> Any:
    """A record as plain data: what is not known is left out, what an entry leaves to a default is told."""
    if isinstance(value, BaseModel):
        return {name: bare(getattr(value, name)) for name in type(value).model_fields if _says(value, name)}
    if isinstance(value, Mapping):
        return {key: bare(child) for key, child in value.items()}
    return [bare(child) for child in value] if isinstance(value, tuple) else value


def _says(record: BaseModel, name: str) -> bool:
    """Whether the field holds a value; an empty list does only when the entry states it."""
    value = getattr(record, name)
    return value is not None and (name in record.model_fields_set or value not in ((), {}))


def _beside(catalog: Catalog, kind: str, name: str) -> dict[str, Any]:
    """What the catalog knows beside the entry itself."""
    if kind == "models":
        return _known(
            {
                "counted": _counted(catalog, name),
                **_rungs(catalog, name),
                "results": catalog.results_of(name),
                "errata": catalog.errata_of(kind, name),
            }
        )
    if kind == "papers":
        paper = catalog.papers[name]
        return _known(
            {
                "link": citing.link(paper),
                "citation": citing.apa(paper),
                "models": catalog.models_of(name),
                "errata": catalog.errata_of(kind, name),
            }
        )
    return _numbers(catalog, name) if kind == "results" else {}


def _counted(catalog: Catalog, name: str) -> dict[str, Any] | None:
    seen = rung(catalog.evidence.get(name))
    if seen is None:
        return None
    measured = bare(seen.measured) if seen.measured else {}
    counts = {key: measured.get(key) for key in ("parameters", "embeddings", "flops")}
    return _known({"status": seen.status, "reason": seen.reason, "measured_at": seen.measured_at, **counts})


def _rungs(catalog: Catalog, name: str) -> dict[str, Any]:
    """The rungs tried, and those that were not."""
    evidence = catalog.evidence.get(name)
    if evidence is None:
        return {"never_run": list(HEIGHTS)}
    tried = dict(evidence.rungs.tried())
    old = evidence.recipe != fingerprint(catalog.models[name])
    return {
        "rungs": bare(evidence.rungs),
        "never_run": [height for height in HEIGHTS if height not in tried],
        "out_of_date": old or None,
    }


def _numbers(catalog: Catalog, name: str) -> dict[str, Any]:
    table = catalog.tables[name]
    cells = [
        {
            "row": score.row,
            "model": score.model,
            "task": f"{score.suite}/{score.task}",
            "embedding": score.embedding,
            "printed": score.printed,
            "value": score.value,
        }
        for score in scores(catalog, [name])
    ]
    return {"table": {"header": list(table.header), "rows": [list(row) for row in table.rows]}, "scores": [*map(_known, cells)]}


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, [], {})}
