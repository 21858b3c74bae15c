"""The pages about data sets, published tables and errata."""

from collections.abc import Iterator, Mapping
from typing import Any

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.relations.averages import wrong_averages
from pathdex.relations.marks import mark
from pathdex.schema.quantity import Count
from pathdex.writing import linked
from pathdex.writing.heads import head
from pathdex.writing.pictures.post import TABLE
from pathdex.writing.rendering import environment, page
from pathdex.writing.specification import brief, quantity
from pathdex.writing.titles import titles

COMMITTED = False
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """An index for each kind, and a page for each entry."""
    made = environment(prose)
    made.filters.update(quantity=quantity, brief=brief)
    made.globals.update(titles=titles(catalog))
    for kind, template, details in KINDS:
        entries = getattr(catalog, kind)
        yield page(made, kind, f"{kind}/index.md", entries=entries)
        for name, record in entries.items():
            yield page(made, template, f"{kind}/{name}.md", id=name, record=record, **details(catalog, name))


def _dataset(catalog: Catalog, name: str) -> dict[str, Any]:
    record = catalog.datasets[name]
    trained = [
        model
        for model, entry in catalog.models.items()
        if entry.training and any(source.dataset == name for source in entry.training.data)
    ]
    derived = [other for other, data in catalog.datasets.items() if any(o.dataset == name for o in data.derived_from or ())]
    tasks = [
        (suite, task)
        for suite, entry in catalog.benchmarks.items()
        for task, found in entry.tasks.items()
        if found.dataset == name
    ]
    about = head(linked.dataset(catalog, record))
    return {"trained": trained, "derived": derived, "tasks": tasks, "facts": _facts(record), "head": about}


def _facts(record: Any) -> list[tuple[str, str, str]]:
    """Label, value and field of what a data set's entry states in single values."""
    written = [(label, getattr(record, field), field) for field, label in DATASET.items()]
    return [(label, _written(value), field) for label, value, field in written if value is not None and value != ()]


def _written(value: Any) -> str:
    if isinstance(value, Count):
        return quantity(value)
    return text.listed(map(str, value)) if isinstance(value, tuple) else str(value)


def _result(catalog: Catalog, name: str) -> dict[str, Any]:
    """The table as printed, what each column holds, and averages that do not add up."""
    record, table = catalog.results[name], catalog.tables[name]
    wrong = {(row, column): (printed, f"{mean:.4f}") for row, column, printed, mean in wrong_averages(record, table)}
    columns = [(column, *_column(catalog, column, record.columns[column])) for column in table.header[1:]]
    marked = {column: word for column, holds in record.columns.items() if (word := mark(catalog, holds))}
    return {"table": table, "columns": columns, "wrong": wrong, "marked": marked, "redrawn": name == TABLE}


def _column(catalog: Catalog, column: str, holds: Any) -> tuple[str, str, str]:
    """What a column's numbers are, and suite and task, where it has them."""
    if holds.task:
        suite, _, task = holds.task.partition("/")
        found = catalog.benchmarks[suite].tasks[task]
        name = "" if found.name == column else f"{found.name}: "
        return f"{name}{found.metric}, {found.better} is better", suite, task
    return holds.about or f"Average as printed, over {text.listed(holds.average_of)}", "", ""


def _erratum(catalog: Catalog, name: str) -> dict[str, Any]:
    return {}


DATASET = {
    "kind": "Kind",
    "released": "Released",
    "access": "Access",
    "organs": "Organs",
    "stains": "Stains",
    "classes": "Classes",
    "images": "Images",
    "slides": "Slides",
    "patients": "Patients",
    "mpp": "Microns per pixel",
}
KINDS = (
    ("datasets", "dataset", _dataset),
    ("results", "result", _result),
    ("errata", "erratum", _erratum),
)
