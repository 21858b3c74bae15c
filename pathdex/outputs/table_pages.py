"""The pages about data sets, benchmarks, published tables and errata."""

from collections.abc import Iterator, Mapping
from typing import Any

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.relations.averages import wrong_averages
from pathdex.relations.marks import is_private, mark
from pathdex.schema.quantity import Count
from pathdex.writing.rendering import environment, page
from pathdex.writing.specification import brief, quantity

COMMITTED = False
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """An index for each kind, and a page for each entry."""
    made = environment(prose)
    made.filters.update(quantity=quantity, brief=brief)
    made.globals.update(titles=_titles(catalog))
    for kind, template, details in KINDS:
        entries = getattr(catalog, kind)
        yield page(made, kind, f"{kind}/index.md", entries=entries)
        for name, record in entries.items():
            yield page(made, template, f"{kind}/{name}.md", id=name, record=record, **details(catalog, name))


def _titles(catalog: Catalog) -> dict[str, dict[str, str]]:
    """Kind to id to what people call the entry."""
    return {
        kind: {name: getattr(record, "name", None) or record.title for name, record in getattr(catalog, kind).items()}
        for kind in ("models", "papers", "datasets", "benchmarks", "results", "errata")
    }


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
    return {"trained": trained, "derived": derived, "tasks": tasks, "facts": _facts(record)}


def _facts(record: Any) -> list[tuple[str, str, str]]:
    """Label, value and field of what a data set's entry states in single values."""
    written = [(label, getattr(record, field), field) for field, label in DATASET.items()]
    return [(label, _written(value), field) for label, value, field in written if value is not None and value != ()]


def _written(value: Any) -> str:
    if isinstance(value, Count):
        return quantity(value)
    return text.listed(map(str, value)) if isinstance(value, tuple) else str(value)


def _benchmark(catalog: Catalog, name: str) -> dict[str, Any]:
    """The tables that print numbers of this suite, and the tasks whose data are closed."""
    using = [
        result
        for result, record in catalog.results.items()
        if any((column.task or "").startswith(f"{name}/") for column in record.columns.values())
    ]
    private = {task for task, found in catalog.benchmarks[name].tasks.items() if is_private(catalog, found)}
    return {"using": using, "private": private}


def _result(catalog: Catalog, name: str) -> dict[str, Any]:
    """The table as printed, what each column holds, and averages that do not add up."""
    record, table = catalog.results[name], catalog.tables[name]
    wrong = {(row, column): (printed, f"{mean:.4f}") for row, column, printed, mean in wrong_averages(record, table)}
    columns = [(column, *_column(catalog, column, record.columns[column])) for column in table.header[1:]]
    marked = {column: word for column, holds in record.columns.items() if (word := mark(catalog, holds))}
    return {"table": table, "columns": columns, "wrong": wrong, "marked": marked}


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
    ("benchmarks", "benchmark", _benchmark),
    ("results", "result", _result),
    ("errata", "erratum", _erratum),
)
