"""Where published tables give different numbers for one model on one task."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pathdex.catalog import Catalog
from pathdex.once import once

NUMBER = re.compile(r"\d*\.?\d+")


@dataclass(frozen=True)
class Printed:
    """One number as one table prints it."""

    result: str
    row: str
    column: str
    value: str
    embedding: str
    precision: str


@dataclass(frozen=True)
class Difference:
    """Numbers for one model and one task that rounding can't explain."""

    model: str
    task: str
    printed: tuple[Printed, ...]


@once
def differences(catalog: Catalog) -> list[Difference]:
    """Every model and task for which two tables print numbers that differ, by model and task."""
    found: dict[tuple[str, str], list[Printed]] = {}
    for model, task, printed in numbers(catalog):
        found.setdefault((model, task), []).append(printed)
    return [Difference(model, task, tuple(several)) for (model, task), several in sorted(found.items()) if _differ(several)]


def numbers(catalog: Catalog) -> Iterator[tuple[str, str, Printed]]:
    """Model, task and number of every cell about a model of the catalog."""
    for name, result in catalog.results.items():
        for label, column, value in catalog.tables[name].cells():
            row, holds = result.rows.get(label), result.columns.get(column)
            if row and row.model and holds and holds.task and NUMBER.fullmatch(value):
                embedding = row.embedding or result.embedding
                yield row.model, holds.task, Printed(name, label, column, value, embedding, result.precision)


def _differ(several: list[Printed]) -> bool:
    """Whether two tables print numbers that are not one number rounded."""
    tables = {printed.result for printed in several}
    return len(tables) > 1 and any(not _one_rounded(a, b) for a in several for b in several if a.result < b.result)


def _one_rounded(one: Printed, other: Printed) -> bool:
    digits = min(len(printed.value.partition(".")[2]) for printed in (one, other))
    step = Decimal(10) ** -digits
    return abs(Decimal(one.value) - Decimal(other.value)) <= (step / 2 if len(one.value) != len(other.value) else 0)
