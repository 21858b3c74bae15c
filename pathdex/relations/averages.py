"""Printed averages, recomputed."""

import re
from collections.abc import Iterator
from decimal import Decimal

from pathdex.schema import Result
from pathdex.tables import Table

SPREAD = re.compile(r"\s*(?:\(.*\)|±.*)$")
"""What follows a mean in its cell: a deviation or an interval."""


def wrong_averages(result: Result, table: Table) -> Iterator[tuple[str, str, str, Decimal]]:
    """Row, column, printed value and recomputed mean, wherever rounding can't explain the difference."""
    place = {column: number for number, column in enumerate(table.header)}
    for column, holds in result.columns.items():
        parts_known = {column, *holds.average_of} <= place.keys()
        for row in table.rows if holds.average_of and parts_known else ():
            printed, *parts = (SPREAD.sub("", row[place[name]]) for name in (column, *holds.average_of))
            if all(re.fullmatch(r"-?[0-9]*\.?[0-9]+", cell) for cell in (printed, *parts)):
                mean = sum(map(Decimal, parts)) / Decimal(len(parts))
                if abs(mean - Decimal(printed)) > _rounding(printed) + max(map(_rounding, parts)):
                    yield row[0], column, printed, mean


def _rounding(printed: str) -> Decimal:
    """Half a unit of the last printed digit."""
    return Decimal(5) * Decimal(10) ** (-len(printed.partition(".")[2]) - 1)
