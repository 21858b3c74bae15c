"""The pages about benchmarks: an index, and for each suite its tasks and how models stand in every table of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import Environment

from pathdex.catalog import Catalog
from pathdex.once import renewed
from pathdex.relations.differences import Difference, differences
from pathdex.relations.marks import is_private
from pathdex.schema import Benchmark, Model
from pathdex.writing.rendering import environment, page
from pathdex.writing.scores import scores
from pathdex.writing.standings import Board, Differing, boards, joint, tables
from pathdex.writing.titles import titles

COMMITTED = False
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The index and the pages."""
    made = environment(prose)
    made.globals.update(titles=titles(catalog))
    yield renewed(catalog, ("benchmarks", "index"), _index, catalog, made)
    differing = {(found.model, found.task): found for found in differences(catalog)}
    for name in catalog.benchmarks:
        yield renewed(catalog, ("benchmark", name), _page, catalog, made, name, differing)


class Suite(NamedTuple):
    """A line of the index: what the tasks ask for, and how much of the suite the published tables hold."""

    id: str
    record: Benchmark
    asks: tuple[str, ...]
    tables: int
    models: int


def _index(catalog: Catalog, made: Environment) -> tuple[str, str]:
    return page(made, "benchmarks", "benchmarks/index.md", suites=suites(catalog))


def suites(catalog: Catalog) -> list[Suite]:
    """The suites, those with numbers of the most models first, then by name."""
    told: dict[str, set[str]] = defaultdict(set)
    for score in scores(catalog, catalog.results):
        if score.model and score.value is not None:
            told[score.suite].add(score.model)
    found = [
        Suite(name, record, _asks(record), sum(1 for _ in tables(catalog, name)), len(told[name]))
        for name, record in catalog.benchmarks.items()
    ]
    return sorted(found, key=lambda suite: (-suite.models, suite.record.name.casefold(), suite.id))


def _asks(record: Benchmark) -> tuple[str, ...]:
    """Kinds of the tasks, the most frequent first; averages ask for nothing."""
    counted = Counter(task.kind.replace("-", " ") for task in record.tasks.values() if task.kind != "average")
    return tuple(kind for kind, _ in counted.most_common())


def _page(catalog: Catalog, made: Environment, name: str, differing: Differing) -> tuple[str, str]:
    record, found = catalog.benchmarks[name], boards(catalog, name, differing)
    return page(
        made,
        "benchmark",
        f"benchmarks/{name}.md",
        id=name,
        record=record,
        results=catalog.results,
        private={task for task, details in record.tasks.items() if is_private(catalog, details)},
        boards=found,
        ranked=[board for board in found if board.ranked],
        joint=_named(catalog, joint(found)),
        disagreeing=[_disagreeing(one, found) for one in differing.values() if one.task.partition("/")[0] == name],
    )


def _named(catalog: Catalog, found: dict[str, Any]) -> list[tuple[str, str, str, Any]]:
    """Models as id, name, terms of use and ranks, by name."""
    named = [(model, catalog.models[model].name, terms(catalog.models[model]), ranks) for model, ranks in found.items()]
    return sorted(named, key=lambda item: (item[1].lower(), item[0]))


def terms(model: Model) -> str:
    """How the weights may be had and, where the catalog knows, whether they may be used commercially."""
    held, use = model.weights.access, model.weights.commercial_use
    access = {"request": "on request", "none": "never released"}.get(held, str(held))
    return f"{access}; commercial use {use}" if use else access


def _disagreeing(one: Difference, found: list[Board]) -> dict[str, Any]:
    """A model and task with each number that is printed, and the tables that print it, by their place on the page."""
    places = {board.table: number for number, board in enumerate(found, 1)}
    values: dict[str, list[int]] = {}
    for printed in one.printed:
        values.setdefault(printed.value, []).append(places[printed.result])
    values = {value: sorted(set(tables)) for value, tables in sorted(values.items(), reverse=True)}
    return {"model": one.model, "task": one.task.partition("/")[2], "values": values}
