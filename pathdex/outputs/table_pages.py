"""The pages about data sets, published tables and errata."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Environment

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.once import once, renewed
from pathdex.relations.averages import wrong_averages
from pathdex.relations.marks import mark
from pathdex.schema import Result
from pathdex.schema.quantity import Count
from pathdex.writing import linked
from pathdex.writing.heads import head
from pathdex.writing.pictures.post import TABLE
from pathdex.writing.rendering import environment, page
from pathdex.writing.specification import brief, quantity
from pathdex.writing.titles import titles

Kind = tuple[str, str, Callable[[Catalog, str], dict[str, Any]]]

COMMITTED = False
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """An index for each kind, and a page for each entry."""
    made = environment(prose)
    made.filters.update(quantity=quantity, brief=brief)
    made.globals.update(titles=titles(catalog), suites=_suites)
    for kind, template, details in KINDS:
        yield renewed(catalog, (kind, "index"), _index, catalog, made, kind)
        for name in getattr(catalog, kind):
            yield renewed(catalog, (template, name), _page, catalog, made, (kind, template, details), name)


def _index(catalog: Catalog, made: Environment, kind: str) -> tuple[str, str]:
    return page(made, kind, f"{kind}/index.md", entries=getattr(catalog, kind))


def _page(catalog: Catalog, made: Environment, told: Kind, name: str) -> tuple[str, str]:
    kind, template, details = told
    record = getattr(catalog, kind)[name]
    return page(made, template, f"{kind}/{name}.md", id=name, record=record, **details(catalog, name))


def _dataset(catalog: Catalog, name: str) -> dict[str, Any]:
    record = catalog.datasets[name]
    used = {use: _uses(catalog, use, name) for use in ("trained", "derived", "tasks")}
    used["tasks"] = [(suite, task, catalog.benchmarks[suite].tasks[task]) for suite, task in used["tasks"]]
    return {**used, "facts": _facts(record), "head": head(linked.dataset(catalog, record))}


@once
def _uses(catalog: Catalog, use: str, name: str) -> list[Any]:
    """What uses the data set: models trained on it, data sets derived from it, tasks that score on it as suite and task."""
    return _used(catalog)[use].get(name, [])


@once
def _used(catalog: Catalog) -> dict[str, dict[str, list[Any]]]:
    pairs = {
        "trained": (
            (model, found.dataset) for model, entry in catalog.models.items() if entry.training for found in entry.training.data
        ),
        "derived": ((other, o.dataset) for other, data in catalog.datasets.items() for o in data.derived_from or ()),
        "tasks": (
            ((suite, task), found.dataset) for suite, entry in catalog.benchmarks.items() for task, found in entry.tasks.items()
        ),
    }
    uses: dict[str, dict[str, list[Any]]] = {}
    for use, found in pairs.items():
        uses[use] = {}
        for user, dataset in dict.fromkeys(found):
            uses[use].setdefault(dataset or "", []).append(user)
    return uses


def _facts(record: Any) -> list[tuple[str, str, str]]:
    """Label, value and field of what a data set's entry states in single values."""
    written = [(label, getattr(record, field), field) for field, label in DATASET.items()]
    return [(label, _written(value), field) for label, value, field in written if value is not None and value != ()]


def _written(value: Any) -> str:
    if isinstance(value, Count):
        return quantity(value)
    return text.listed(map(str, value)) if isinstance(value, tuple) else str(value)


def _suites(record: Result) -> list[str]:
    """Ids of the suites that a table has columns of, in their order."""
    return list(dict.fromkeys(holds.task.partition("/")[0] for holds in record.columns.values() if holds.task))


def _result(catalog: Catalog, name: str) -> dict[str, Any]:
    """The table as printed, what each column holds, and averages that do not add up."""
    record, table = catalog.results[name], catalog.tables[name]
    wrong = {(row, column): (printed, f"{mean:.4f}") for row, column, printed, mean in wrong_averages(record, table)}
    columns = [(column, *_column(catalog, column, record.columns[column])) for column in table.header[1:]]
    marked = {column: word for column, holds in record.columns.items() if (word := mark(catalog, holds))}
    cut = any(text.shortened(cell) != cell for row in table.rows for cell in row[1:])
    return {"table": table, "shortened": cut, "columns": columns, "wrong": wrong, "marked": marked, "redrawn": name == TABLE}


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
KINDS: tuple[Kind, ...] = (
    ("datasets", "dataset", _dataset),
    ("results", "result", _result),
    ("errata", "erratum", _erratum),
)
