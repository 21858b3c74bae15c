"""The catalog as flat tables: what a spreadsheet, a data frame or a database holds of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pathdex.catalog import Catalog
from pathdex.schema import Benchmark, Dataset, Erratum, Model, Paper, Record, Result
from pathdex.schema.benchmark import Task
from pathdex.schema.evidence import HEIGHTS
from pathdex.schema.model import Architecture, Embedding, Loader, Preprocess
from pathdex.schema.quantity import Count
from pathdex.schema.receipt import Receipt, Receipted
from pathdex.schema.training import Compute, Training
from pathdex.schema.weights import Weights
from pathdex.writing import citing
from pathdex.writing.comparison import parameters, rung
from pathdex.writing.scores import Score, scores
from pathdex.writing.tabular import Column, Flat, Kind, flat, stated


@dataclass(frozen=True)
class Row:
    """What a row of a kind of entries is about."""

    catalog: Catalog
    id: str
    entry: Any


def tables(catalog: Catalog) -> tuple[Flat, ...]:
    """Every table, the main ones first."""
    return (
        flat("models", ABOUT["models"], MODELS, _rows(catalog, "models"), ("id",)),
        flat("papers", ABOUT["papers"], PAPERS, _rows(catalog, "papers"), ("id",)),
        flat("results", ABOUT["results"], RESULTS, _scores(catalog)),
        *_entries(catalog),
        *_parts(catalog),
    )


def _rows(catalog: Catalog, kind: str) -> Iterator[Row]:
    return (Row(catalog, name, entry) for name, entry in getattr(catalog, kind).items())


def _scores(catalog: Catalog) -> Iterator[tuple[Catalog, Score]]:
    return ((catalog, score) for score in scores(catalog, catalog.results))


def _entries(catalog: Catalog) -> tuple[Flat, ...]:
    kinds = {"datasets": DATASETS, "benchmarks": BENCHMARKS, "printed_tables": PRINTED, "errata": ERRATA}
    return tuple(
        flat(name, ABOUT[name], columns, _rows(catalog, {"printed_tables": "results"}.get(name, name)), ("id",))
        for name, columns in kinds.items()
    )


def _parts(catalog: Catalog) -> tuple[Flat, ...]:
    """What an entry has several of."""
    models = catalog.models.items()
    widths = ((name, variant, found) for name, model in models for variant, found in model.embeddings.items())
    counted = ((name, found) for name, model in models for found in parameters(model, catalog.evidence.get(name)))
    tasks = ((suite, task, found) for suite, entry in catalog.benchmarks.items() for task, found in entry.tasks.items())
    return (
        flat("tasks", ABOUT["tasks"], TASKS, tasks, ("benchmark", "task")),
        flat("parameters", ABOUT["parameters"], PARAMETERS, counted, ("model", "scope")),
        flat("embeddings", ABOUT["embeddings"], EMBEDDINGS, widths, ("model", "variant")),
        flat("rungs", ABOUT["rungs"], RUNGS, _rungs(catalog), ("model", "rung")),
        flat("receipts", ABOUT["receipts"], RECEIPTS, _receipts(catalog)),
    )


def _rungs(catalog: Catalog) -> Iterator[tuple[str, str, Any]]:
    """Every rung of every model; None for one that was never tried."""
    for name in catalog.models:
        evidence = catalog.evidence.get(name)
        tried = dict(evidence.rungs.tried()) if evidence else {}
        yield from ((name, height, tried.get(height)) for height in HEIGHTS)


def _receipts(catalog: Catalog) -> Iterator[tuple[str, str, str, Receipt]]:
    for kind, name, entry in catalog.entries():
        for key, found in entry.sources.items() if isinstance(entry, Receipted) else ():
            yield from ((kind, name, field.strip(), receipt) for field in key.split(",") for receipt in found)


def _amount(field: str) -> tuple[Column, Column]:
    """A count of the training, and how exactly the source gives it."""
    found = stated(Training, field, at="entry.training")
    return (
        Column(f"training_{field}", "integer", found.about, lambda row: count.value if (count := found.take(row)) else None),
        Column(f"training_{field}_is", "text", BOUND, lambda row: _bound(found.take(row))),
    )


def _bound(count: Count | None) -> str | None:
    return next(iter(count.model_fields_set)) if count else None


def _default(row: Row) -> Any:
    """Name and record of the default embedding."""
    return next(((name, found) for name, found in row.entry.embeddings.items() if found.default), (None, None))


def _measured(row: Row) -> Any:
    seen = rung(row.catalog.evidence.get(row.id))
    return seen.measured if seen else None


def _model(field: str, kind: Kind = "text") -> Column:
    return stated(Model, field, kind, "entry")


def _weights(field: str) -> Column:
    return stated(Weights, field, at="entry.weights")


def _part(record: type[Record], field: str, kind: Kind = "text") -> Column:
    """A field of the record that stands last in a row's subject."""
    return Column(field, kind, record.model_fields[field].description or "", lambda subject: getattr(subject[-1], field))


def _paper(field: str, kind: Kind = "text") -> Column:
    return stated(Paper, field, kind, "entry")


BOUND = "Whether the source gives the count exactly, or as at_least, at_most or about."
ID = Column("id", "text", "Id of the entry: the name of its file.", lambda row: row.id)
MAIN = ("models", "papers", "results")
"""The tables that most readers want; each is also a CSV file."""
ABOUT = {
    "models": "Every model, one row each.",
    "papers": "Every paper, one row each.",
    "results": "Every printed cell of a task in every published table, one row each.",
    "datasets": "Every cohort and data set.",
    "benchmarks": "Every suite of tasks.",
    "printed_tables": "Every published table; its numbers stand in results.",
    "errata": "Every wrong claim in circulation.",
    "tasks": "Every task of every suite.",
    "parameters": "Parameters of each model by scope, claimed and counted.",
    "embeddings": "Embedding variants of each model, stated and measured.",
    "rungs": "How the job's last look at each rung of each model ended.",
    "receipts": "Where each fact was read.",
}
MODELS = (
    ID,
    *map(_model, ("name", "family", "kind", "organizations", "released", "summary")),
    *map(_weights, ("access", "license", "license_url", "commercial_use", "condition", "repository", "url", "revision")),
    _model("code"),
    stated(Loader, "library", at="entry.loader"),
    stated(Loader, "factory", at="entry.loader"),
    stated(Architecture, "backbone", at="entry.architecture"),
    stated(Architecture, "patch", "integer", "entry.architecture"),
    stated(Preprocess, "crop", "integer", "entry.preprocess"),
    stated(Preprocess, "mpp", at="entry.preprocess"),
    stated(Preprocess, "magnification", at="entry.preprocess"),
    Column("embedding", "text", "Default embedding variant.", lambda row: _default(row)[0]),
    Column("embedding_width", "integer", "Its width.", lambda row: getattr(_default(row)[1], "width", None)),
    Column("flops", "integer", "Measured operations of one input.", lambda row: getattr(_measured(row), "flops", None)),
    stated(Training, "algorithm", at="entry.training", name="training_algorithm"),
    *(column for field in ("slides", "tiles", "patients", "pairs") for column in _amount(field)),
    stated(Training, "stains", at="entry.training", name="training_stains"),
    Column("training_data", "text", "Ids or names of its sources.", lambda row: _sources(row.entry)),
    stated(Training, "data_complete", "yes-no", "entry.training", "training_data_complete"),
    stated(Compute, "gpu_hours", "real", "entry.training.compute", "training_gpu_hours"),
    _model("papers"),
    Column("tables", "text", "Ids of published tables with a row about it.", lambda row: row.catalog.results_of(row.id)),
)


def _sources(model: Model) -> list[str]:
    return [found.dataset or found.name or "" for found in model.training.data] if model.training else []


PAPERS = (
    ID,
    *map(_paper, ("title", "authors", "kind")),
    _paper("year", "integer"),
    *map(_paper, ("published", "preprinted", "venue", "volume", "issue", "pages", "publisher", "doi", "preprint_doi", "arxiv")),
    *map(_paper, ("openreview", "url", "code", "section", "topics", "summary")),
    Column("link", "text", "The address that leads to it.", lambda row: citing.link(row.entry)),
    Column("models", "text", "Ids of the models that it is about.", lambda row: row.catalog.models_of(row.id)),
)


def _task(subject: tuple[Catalog, Score]) -> Task:
    catalog, score = subject
    return catalog.benchmarks[score.suite].tasks[score.task]


RESULTS = (
    Column("table", "text", "Id of the published table.", lambda subject: subject[1].table),
    Column("row", "text", "Label of the row as printed.", lambda subject: subject[1].row),
    Column("model", "text", "Id of the model, where the catalog has it.", lambda subject: subject[1].model),
    Column("benchmark", "text", "Id of the suite.", lambda subject: subject[1].suite),
    Column("task", "text", "Id of the task in the suite.", lambda subject: subject[1].task),
    Column("dataset", "text", "Id of the data set that the task is scored on.", lambda subject: _task(subject).dataset),
    Column("metric", "text", "What the number is.", lambda subject: _task(subject).metric),
    Column("better", "text", "Which way is better.", lambda subject: _task(subject).better),
    Column("printed", "text", "The cell as printed.", lambda subject: subject[1].printed),
    Column("value", "real", "Its number, on the scale that the table prints.", lambda subject: subject[1].value),
    Column("embedding", "text", "Embedding variant used, or not-stated.", lambda subject: subject[1].embedding),
    Column("precision", "text", "Arithmetic precision, or not-stated.", lambda subject: subject[1].precision),
    Column(
        "reported_by",
        "text",
        Result.model_fields["reported_by"].description or "",
        lambda subject: subject[0].results[subject[1].table].reported_by,
    ),
)
DATASETS = (
    ID,
    *(stated(Dataset, field, at="entry") for field in ("name", "kind", "summary", "url", "released", "access", "license")),
    *(stated(Dataset, field, at="entry") for field in ("organs", "stains", "papers")),
)
BENCHMARKS = (ID, *(stated(Benchmark, field, at="entry") for field in ("name", "summary", "protocol", "url", "code", "papers")))
PRINTED = (
    ID,
    *(stated(Result, field, at="entry") for field in ("title", "summary", "reported_by", "protocol", "embedding", "precision")),
    stated(Result, "papers", at="entry"),
)
ERRATA = (
    ID,
    *(stated(Erratum, field, at="entry") for field in ("title", "kind", "correct", "explanation", "models", "papers", "mended")),
)
TASKS = (
    Column("benchmark", "text", "Id of the suite.", lambda subject: subject[0]),
    Column("task", "text", "Id of the task in the suite.", lambda subject: subject[1]),
    *(_part(Task, field) for field in ("name", "dataset", "kind", "metric", "better", "scale")),
)
PARAMETERS = (
    Column("model", "text", "Id of the model.", lambda subject: subject[0]),
    Column("scope", "text", "Which part of the network.", lambda subject: subject[1].scope),
    Column("claimed", "integer", "The number as the source gives it.", lambda subject: subject[1].claimed),
    Column("counted", "integer", "The number that the job counted.", lambda subject: subject[1].counted),
    Column("agrees", "yes-no", "Whether the claim is the count, rounded.", lambda subject: subject[1].agrees),
)
EMBEDDINGS = (
    Column("model", "text", "Id of the model.", lambda subject: subject[0]),
    Column("variant", "text", "Name of the variant.", lambda subject: subject[1]),
    _part(Embedding, "width", "integer"),
    _part(Embedding, "pooling"),
    _part(Embedding, "default", "yes-no"),
    _part(Embedding, "notes"),
)
RUNGS = (
    Column("model", "text", "Id of the model.", lambda subject: subject[0]),
    Column("rung", "text", "Name of the rung.", lambda subject: subject[1]),
    Column("status", "text", "How it ended; empty if never tried.", lambda subject: getattr(subject[2], "status", None)),
    Column("reason", "text", "Why it did not pass.", lambda subject: getattr(subject[2], "reason", None)),
    Column("measured_at", "text", "When, in UTC.", lambda subject: getattr(subject[2], "measured_at", None)),
)
RECEIPTS = (
    Column("kind", "text", "Kind of the entry.", lambda subject: subject[0]),
    Column("id", "text", "Id of the entry.", lambda subject: subject[1]),
    Column("field", "text", "Path of the field; what lies below it is covered.", lambda subject: subject[2]),
    *(_part(Receipt, field) for field in ("url", "locator", "quote", "retrieved", "method")),
)
