"""Where one model stands in the published tables: rank k of n in each column, gathered by suite. Tables are never mixed."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pathdex.catalog import Catalog
from pathdex.once import once
from pathdex.schema.result import Result
from pathdex.text import shortened
from pathdex.writing.scores import number

HEIGHT, BIN = 18, 2.5
"""Height of a strip, and width of what is stacked, in per cent."""


@dataclass(frozen=True)
class Place:
    """One printed number: its column, and which rank it has among how many; no rank for averages and lone numbers."""

    printed: str
    column: str
    about: str
    rank: int | None = None
    of: int = 0

    @property
    def share(self) -> float:
        """From 0 for the first to 100 for the last."""
        return 100 * ((self.rank or 1) - 1) / max(self.of - 1, 1)


@dataclass(frozen=True)
class Rowed:
    """One row of a table about the model, with its numbers of one suite."""

    table: str
    label: str
    embedding: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Standing:
    """All rows of one suite's tables about the model; no suite for columns that belong to none."""

    suite: str
    rows: tuple[Rowed, ...]

    @cached_property
    def ranked(self) -> list[Place]:
        """The numbers that have a rank."""
        return [place for row in self.rows for place in row.places if place.rank]

    @property
    def numbers(self) -> int:
        """How many numbers are printed."""
        return sum(len(row.places) for row in self.rows)

    @property
    def tables(self) -> int:
        """In how many tables."""
        return len({row.table for row in self.rows})

    @property
    def first(self) -> int:
        """How often it is first."""
        return sum(place.rank == 1 for place in self.ranked)

    @property
    def upper(self) -> int:
        """How often it is in the upper quarter."""
        return sum(place.share <= 25 for place in self.ranked)

    @property
    def lines(self) -> list[tuple[float, float]]:
        """Place from 0 to 100 and height of each stroke of the strip: the more numbers there, the higher."""
        times = Counter(round(place.share / BIN) * BIN for place in self.ranked)
        most = max(times.values(), default=1)
        return [(at, max(4, round(HEIGHT * count / most, 1))) for at, count in sorted(times.items())]


@once
def standings(catalog: Catalog) -> dict[str, list[Standing]]:
    """Each model's standings, the suite with most ranks first."""
    found: dict[tuple[str, str], list[Rowed]] = defaultdict(list)
    for name, record in catalog.results.items():
        columns = dict(_columns(catalog, name))
        for row in catalog.tables[name].rows:
            holds = record.rows.get(row[0])
            if not holds or not holds.model:
                continue
            for suite, places in columns.items():
                cells = tuple(places[at][row[0]] for at in places)
                rowed = Rowed(name, row[0], holds.embedding or record.embedding, tuple(cell for cell in cells if cell.printed))
                if rowed.places:
                    found[holds.model, suite].append(rowed)
    gathered: dict[str, list[Standing]] = defaultdict(list)
    for (model, suite), rows in found.items():
        gathered[model].append(Standing(suite, tuple(rows)))
    return {model: sorted(many, key=lambda one: (not one.suite, -len(one.ranked), one.suite)) for model, many in gathered.items()}


Ranked = dict[str, Place]
"""Printed label of a row to its place in one column."""


def _columns(catalog: Catalog, name: str) -> Iterator[tuple[str, dict[int, Ranked]]]:
    """The suites of a table, each with its columns by place and the rows' ranks in them."""
    record, table = catalog.results[name], catalog.tables[name]
    suites: dict[str, dict[int, Ranked]] = defaultdict(dict)
    for at, header in enumerate(table.header):
        if at:
            suite, about, better = _about(catalog, record, header)
            printed = {row[0]: row[at] for row in table.rows}
            suites[suite][at] = _ranked(printed, header, about, better)
    yield from suites.items()


def _about(catalog: Catalog, record: Result, header: str) -> tuple[str, str, str]:
    """Suite of a column, what its numbers are, and which are better; "" for what has no rank."""
    holds = record.columns[header]
    suite, _, task = (holds.task or "").partition("/")
    if not task:
        return "", holds.about or f"average of {len(holds.average_of)} columns as printed", ""
    known = catalog.benchmarks[suite].tasks[task]
    return suite, known.metric, "" if known.kind == "average" else known.better


def _ranked(printed: dict[str, str], header: str, about: str, better: str) -> Ranked:
    values = {label: number(cell) for label, cell in printed.items()}
    known = sorted((value for value in values.values() if value is not None), reverse=better == "higher")
    first = {value: known.index(value) + 1 for value in set(known)} if better and len(known) > 1 else {}
    return {
        label: Place(shortened(cell), header, about, None if (value := values[label]) is None else first.get(value), len(known))
        for label, cell in printed.items()
    }
