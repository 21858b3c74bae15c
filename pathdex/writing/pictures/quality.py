"""Quality against cost: the average of a suite held against counted operations, where the table says what it measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Result
from pathdex.schema.benchmark import Task
from pathdex.schema.evidence import ArchitectureRung
from pathdex.writing.comparison import rung
from pathdex.writing.drawing.picture import Cell, Mark, Picture, number
from pathdex.writing.drawing.plots import Axis, scatter
from pathdex.writing.scores import number as parsed

FEWEST = 7
"""A table with fewer counted models makes no picture."""


@dataclass(frozen=True)
class Rated:
    """One model of a table with its average and the operations that were counted."""

    model: str
    name: str
    label: str
    embedding: str
    quality: float
    operations: int
    side: int | None


@dataclass(frozen=True)
class Chosen:
    """The table that stands for a suite, and what its average is."""

    suite: str
    table: str
    average: str
    rated: tuple[Rated, ...]


def pictures(catalog: Catalog) -> Iterator[Picture]:
    """One picture for each suite that has such a table."""
    for chosen in chosen_tables(catalog):
        yield _picture(catalog, chosen)


def chosen_tables(catalog: Catalog) -> list[Chosen]:
    """For each suite the table by the rule, where it has one."""
    found: dict[str, Chosen] = {}
    for name, result in catalog.results.items():
        for chosen in _offers(catalog, name, result):
            best = found.get(chosen.suite)
            if len(chosen.rated) >= FEWEST and (best is None or _rank(chosen) > _rank(best)):
                found[chosen.suite] = chosen
    return [found[suite] for suite in sorted(found)]


def _rank(chosen: Chosen) -> tuple[int, bool]:
    return len(chosen.rated), chosen.average.startswith("printed")


def _offers(catalog: Catalog, name: str, result: Result) -> Iterator[Chosen]:
    """The table's average, if it says which embedding it took and is of one suite."""
    tasks = {column: _task(catalog, holds.task) for column, holds in result.columns.items() if holds.task}
    suites = {holds.task.partition("/")[0] for holds in result.columns.values() if holds.task}
    if result.embedding == "not-stated" or len(suites) != 1 or not _alike(list(tasks.values())):
        return
    columns, average = _average(result, tasks)
    rated = tuple(_rated(catalog, name, result, columns))
    yield Chosen(suites.pop(), name, average, rated)


def _task(catalog: Catalog, written: str) -> Task:
    suite, _, task = written.partition("/")
    return catalog.benchmarks[suite].tasks[task]


def _alike(tasks: list[Task]) -> bool:
    return {task.better for task in tasks} == {"higher"} and len({task.scale for task in tasks}) == 1


def _average(result: Result, tasks: dict[str, Task]) -> tuple[list[str], str]:
    """The columns whose mean is the quality, and how that is said."""
    averages = [column for column, holds in result.columns.items() if holds.average_of]
    averages += [column for column, task in tasks.items() if task.kind == "average"]
    if averages:
        return averages[:1], f"printed average, column “{averages[0]}”"
    return list(tasks), f"mean of the {len(tasks)} printed columns"


def _rated(catalog: Catalog, name: str, result: Result, columns: list[str]) -> Iterator[Rated]:
    table = catalog.tables[name]
    places = [table.header.index(column) for column in columns]
    seen: set[str] = set()
    for row in table.rows:
        model = result.rows[row[0]].model if row[0] in result.rows else None
        values = [parsed(row[place]) for place in places]
        counted = rung(catalog.evidence.get(model or ""))
        operations = counted.measured.flops if counted and counted.measured else None
        if model and model not in seen and operations and None not in values:
            seen.add(model)
            quality = sum(value for value in values if value is not None) / len(values)
            embedding = result.rows[row[0]].embedding or result.embedding
            yield Rated(model, catalog.models[model].name, row[0], embedding, quality, operations, _side(counted))


def _side(counted: ArchitectureRung | None) -> int | None:
    measured = counted.measured if counted else None
    return measured.input[-1] if measured and measured.input else None


def frontier(rated: tuple[Rated, ...]) -> list[Rated]:
    """The models that no other beats at the same or lower cost, by cost."""
    found: list[Rated] = []
    for one in sorted(rated, key=lambda one: (one.operations, -one.quality, one.model)):
        if not found or one.quality > found[-1].quality:
            found.append(one)
    return found


def _picture(catalog: Catalog, chosen: Chosen) -> Picture:
    best = frontier(chosen.rated)
    suite, result = catalog.benchmarks[chosen.suite].name, catalog.results[chosen.table]
    kept = {one.model for one in best}
    ordered = sorted(chosen.rated, key=lambda one: (one.model not in kept, -one.quality))
    steps = [point for one, after in zip(best, [*best[1:], None], strict=True) for point in _step(one, after)]
    return Picture(
        f"quality-{chosen.suite}",
        f"Quality and cost: {suite}",
        f"Average on {suite} against counted operations of one input, for {len(chosen.rated)} models. None is better at the same "
        f"or lower cost than {text.listed(f'{one.name} ({_told(one)})' for one in best)}.",
        scatter(
            [_mark(one, is_best=one.model in kept) for one in ordered],
            Axis("GFLOPs of one image, counted", lambda value: f"{value / 1e9:g}", logarithmic=True),
            Axis(f"{suite}, average", _written),
            lines=[("best", steps)],
        ),
        ("Model", "Row", "Embedding", "Average", "Counted", "Input", "On the line"),
        tuple(_row(one, is_best=one.model in kept) for one in sorted(ordered, key=lambda one: -one.quality)),
        legend=(("yes", "none beats it at its cost"), ("main", "beaten")),
        said=f"Quality here: {chosen.average}.",
        sources=((f"results/{chosen.table}", result.title), (f"benchmarks/{chosen.suite}", f"{suite}: protocol")),
    )


def _step(one: Rated, after: Rated | None) -> list[tuple[float, float]]:
    """A step of the line: level until the next better model."""
    end = after.operations if after else one.operations * 100
    return [(one.operations, one.quality), (end, one.quality)]


def _mark(one: Rated, is_best: bool) -> Mark:
    told = f"{one.name}: average {_told(one)}"
    return Mark(one.operations, one.quality, one.name, told, f"models/{one.model}", "yes" if is_best else "main", named=True)


def _told(one: Rated) -> str:
    return f"{_written(one.quality)}, {text.operations(one.operations)}"


def _row(one: Rated, is_best: bool) -> tuple[Cell, ...]:
    return (
        Cell(one.name, f"models/{one.model}"),
        Cell(one.label),
        Cell(one.embedding),
        number(_written(one.quality)),
        number(text.operations(one.operations)),
        number(f"{one.side} px" if one.side else "–"),
        Cell("yes" if is_best else ""),
    )


def _written(value: float) -> str:
    return f"{round(value, 4):g}"
