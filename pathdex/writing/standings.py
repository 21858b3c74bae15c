"""How the rows of one published table stand to each other, task by task. Numbers of different tables never meet."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pathdex.catalog import Catalog
from pathdex.relations.contamination import Overlap, overlap
from pathdex.relations.differences import Difference
from pathdex.schema.benchmark import Task
from pathdex.schema.result import Row
from pathdex.text import shortened
from pathdex.writing.scores import number

Differing = Mapping[tuple[str, str], Difference]
"""Model, and suite and task, to the numbers that several tables print."""


@dataclass(frozen=True)
class Ranks:
    """The ranks of one row over the tasks: how often each, out of how many rows."""

    times: tuple[tuple[int, int], ...]
    rows: int

    @property
    def tasks(self) -> int:
        """On how many tasks it was ranked."""
        return sum(times for _, times in self.times)

    @property
    def best(self) -> int:
        """The least rank."""
        return self.times[0][0]

    @property
    def worst(self) -> int:
        """The greatest rank."""
        return self.times[-1][0]

    @property
    def median(self) -> float:
        """The rank in the middle, or the mean of the two there."""
        every = [rank for rank, times in self.times for _ in range(times)]
        lower, upper = every[(len(every) - 1) // 2], every[len(every) // 2]
        return (lower + upper) / 2

    @property
    def told(self) -> str:
        """Median, and least to greatest."""
        return f"{self.median:g} ({self.best}–{self.worst})"

    @property
    def lines(self) -> tuple[tuple[float, int], ...]:
        """Place from 0 to 100, and height up to 14, of each rank's line."""
        most = max(times for _, times in self.times)
        return tuple((self.place(rank), max(3, round(14 * times / most))) for rank, times in self.times)

    def place(self, rank: float) -> float:
        """Place of a rank, from 0 for the first to 100 for the last row."""
        return round(100 * (rank - 1) / max(self.rows - 1, 1), 1)


@dataclass(frozen=True)
class Printed:
    """One cell: as printed, in readable length, "" where the source prints nothing; best of its column; whether its data's cohort
    was trained on."""

    text: str
    best: bool
    seen: str
    differs: bool


@dataclass(frozen=True)
class Standing:
    """One row of a table."""

    label: str
    row: Row
    embedding: str
    cells: tuple[Printed, ...]
    ranks: Ranks | None
    answers: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Column:
    """One column of a suite: its task, and whether its numbers are ranked; averages are not."""

    header: str
    id: str
    task: Task
    ranked: bool


@dataclass(frozen=True)
class Board:
    """The part of one table that a suite's tasks are in."""

    table: str
    columns: tuple[Column, ...]
    rows: tuple[Standing, ...]

    @property
    def ranked(self) -> bool:
        """Whether there is more than one row to rank, on a task."""
        return any(row.ranks for row in self.rows)


def boards(catalog: Catalog, suite: str, differing: Differing) -> list[Board]:
    """Every table of the suite, the fullest first."""
    seen: dict[tuple[str, str], Overlap] = {}
    found = [_board(catalog, suite, name, differing, seen) for name in tables(catalog, suite)]
    return sorted(found, key=lambda board: (not board.ranked, -len(board.rows) * len(board.columns), board.table))


def tables(catalog: Catalog, suite: str) -> Iterator[str]:
    """Ids of the tables that print numbers of the suite."""
    for name, record in catalog.results.items():
        if any((column.task or "").startswith(f"{suite}/") for column in record.columns.values()):
            yield name


def _board(catalog: Catalog, suite: str, name: str, differing: Differing, seen: dict[tuple[str, str], Overlap]) -> Board:
    record, table = catalog.results[name], catalog.tables[name]
    columns = tuple(_columns(catalog, suite, name))
    places = [table.header.index(column.header) for column in columns]
    values = [[number(row[place]) for row in table.rows] for place in places]
    ranks = [_ranks(column, found) for column, found in zip(columns, values, strict=True)]
    rows = []
    for at, cells in enumerate(table.rows):
        row = record.rows[cells[0]]
        mine = [found[at] for found in ranks]
        answers = [_seen(catalog, row.model, column.task.dataset, seen) for column in columns]
        printed = tuple(
            Printed(
                shortened(cells[place]),
                rank == 1,
                answer.reason if answer and answer.answer in ("yes", "part") else "",
                (row.model or "", f"{suite}/{column.id}") in differing,
            )
            for place, rank, answer, column in zip(places, mine, answers, columns, strict=True)
        )
        counted = Counter(answer.answer for answer in answers if answer)
        order = tuple((word, counted[word]) for word in ("yes", "part", "no", "unknown") if counted[word])
        rows.append(Standing(cells[0], row, row.embedding or record.embedding, printed, _spread(mine, len(table.rows)), order))
    return Board(name, columns, tuple(rows))


def _columns(catalog: Catalog, suite: str, name: str) -> Iterator[Column]:
    """The table's columns of the suite, in its order."""
    record, table = catalog.results[name], catalog.tables[name]
    for header in table.header[1:]:
        found, _, task = (record.columns[header].task or "").partition("/")
        if found == suite:
            known = catalog.benchmarks[suite].tasks[task]
            yield Column(header, task, known, known.kind != "average")


def _ranks(column: Column, values: list[float | None]) -> list[int | None]:
    """The rank of each value, equal ones sharing the better; None without a number, or without another to compare."""
    known = [value for value in values if value is not None]
    if not column.ranked or len(known) < 2:
        return [None] * len(values)
    sign = -1 if column.task.better == "higher" else 1
    return [None if value is None else 1 + sum(sign * other < sign * value for other in known) for value in values]


def _spread(ranks: list[int | None], rows: int) -> Ranks | None:
    times = Counter(rank for rank in ranks if rank is not None)
    return Ranks(tuple(sorted(times.items())), rows) if times else None


def _seen(catalog: Catalog, model: str | None, dataset: str | None, known: dict[tuple[str, str], Overlap]) -> Overlap | None:
    """Whether the model was trained on the data's cohort; None where there is no entry to ask."""
    if model is None or dataset is None:
        return None
    if (model, dataset) not in known:
        known[model, dataset] = overlap(catalog, model, dataset)
    return known[model, dataset]


def joint(found: list[Board]) -> dict[str, list[list[Ranks]]]:
    """Each model's ranks in each ranked table: one for each of its rows there, none where it does not stand."""
    ranked = [board for board in found if board.ranked]
    models = {row.row.model for board in ranked for row in board.rows if row.row.model}
    return {
        model: [[row.ranks for row in board.rows if row.row.model == model and row.ranks] for board in ranked]
        for model in sorted(models)
    }
