"""The numbers of the published tables, each with the model and task that it is about."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pathdex.catalog import Catalog

NUMBER = re.compile(r"[*†‡\s]*([-−]?\d*\.?\d+)[*†‡%\s]*(?:(?:±|\+/-|\().*)?")


@dataclass(frozen=True)
class Score:
    """One printed cell; `model` is None for a row that is no entry, `value` for a cell that holds no number."""

    table: str
    row: str
    column: str
    model: str | None
    suite: str
    task: str
    printed: str
    value: float | None
    embedding: str
    precision: str


def scores(catalog: Catalog, tables: Iterable[str], model: str | None = None) -> Iterator[Score]:
    """Every cell below a task, in the order of the tables; of one model, if given."""
    for name in tables:
        result = catalog.results[name]
        for label, column, printed in catalog.tables[name].cells():
            row, holds = result.rows.get(label), result.columns.get(column)
            if row and holds and holds.task and (model is None or row.model == model):
                suite, _, task = holds.task.partition("/")
                embedding = row.embedding or result.embedding
                yield Score(name, label, column, row.model, suite, task, printed, number(printed), embedding, result.precision)


def number(printed: str) -> float | None:
    """The number that a cell holds, its spread and footnote marks left aside; None when it holds something else."""
    found = NUMBER.fullmatch(printed)
    return float(found[1].replace("−", "-")) if found else None
