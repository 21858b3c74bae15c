"""The numbers of the published tables, each with the model and task that it is about."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from pathdex.catalog import Catalog
from pathdex.schema import Result

NUMBER = re.compile(r"[*†‡\s]*([-−]?\d*\.?\d+)[*†‡%\s]*(?:(?:±|\+/-|\().*)?")


class Score(NamedTuple):
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
        result, table = catalog.results[name], catalog.tables[name]
        columns = _columns(result, table.header)
        for cells in table.rows:
            row = result.rows.get(cells[0])
            if row and (model is None or row.model == model):
                how = row.embedding or result.embedding, result.precision
                for place, column, suite, task in columns:
                    printed = cells[place]
                    yield Score(name, cells[0], column, row.model, suite, task, printed, number(printed), *how)


def _columns(result: Result, header: Sequence[str]) -> list[tuple[int, str, str, str]]:
    """Place, header, suite and task of each column below a task."""
    found = []
    for place, column in enumerate(header):
        holds = result.columns.get(column) if place else None
        if holds and holds.task:
            suite, _, task = holds.task.partition("/")
            found.append((place, column, suite, task))
    return found


@lru_cache(maxsize=2**14)
def number(printed: str) -> float | None:
    """The number that a cell holds, its spread and footnote marks left aside; None when it holds something else."""
    found = NUMBER.fullmatch(printed)
    return float(found[1].replace("−", "-")) if found else None
