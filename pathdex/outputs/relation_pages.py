"""The pages about entries taken together: contamination, differences between tables by suite, coverage."""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment

from pathdex.catalog import Catalog
from pathdex.once import renewed
from pathdex.relations.contamination import overlap, scored_on
from pathdex.relations.coverage import Filled, coverage
from pathdex.relations.differences import Difference, differences
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = True
NAMED = 12
"""Names that a list shows before it is folded or cut short."""
LONGEST = 250
"""Names that a folded list holds: one that names all models for each data set would grow with their square."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One page each, and one for the differences in each suite: in all there are too many for a page."""
    made = environment(prose)
    yield renewed(catalog, ("contamination",), _contamination, catalog, made)
    yield renewed(catalog, ("coverage",), _coverage, catalog, made)
    differing = _by_suite(catalog)
    yield page(made, "differences", "differences.md", catalog=catalog, differing=differing)
    for suite, found in differing.items():
        yield page(made, "difference", f"differences/{suite}.md", catalog=catalog, suite=suite, **_gathered(found))


def _contamination(catalog: Catalog, made: Environment) -> tuple[str, str]:
    answers = {dataset: _by_answer(catalog, dataset) for dataset in scored_on(catalog)}
    return page(made, "contamination", "contamination.md", catalog=catalog, answers=answers, most=NAMED, longest=LONGEST)


def _coverage(catalog: Catalog, made: Environment) -> tuple[str, str]:
    return page(made, "coverage", "coverage.md", kinds=_by_kind(coverage(catalog)), named=NAMED)


def _by_answer(catalog: Catalog, dataset: str) -> dict[str, list[str]]:
    """Each answer with the models that have it for one data set."""
    found: dict[str, list[str]] = {"yes": [], "part": [], "no": [], "unknown": []}
    for model in catalog.models:
        found[overlap(catalog, model, dataset).answer].append(model)
    return found


def _by_suite(catalog: Catalog) -> dict[str, list[Difference]]:
    """The differences of each suite that has any, in order of ids."""
    found: dict[str, list[Difference]] = {}
    for one in differences(catalog):
        found.setdefault(one.task.partition("/")[0], []).append(one)
    return dict(sorted(found.items()))


def _gathered(found: list[Difference]) -> dict[str, Any]:
    """The tables concerned, and each difference with its numbers: value, embedding and precision to places among the tables."""
    tables = list(dict.fromkeys(printed.result for one in found for printed in one.printed))
    rows = []
    for one in found:
        places: dict[tuple[str, str, str], dict[str, None]] = {}
        for printed in one.printed:
            key = (printed.value, printed.embedding, printed.precision)
            places.setdefault(key, {})[str(tables.index(printed.result) + 1)] = None
        rows.append((one, places))
    return {"tables": tables, "found": rows}


def _by_kind(rows: list[Filled]) -> dict[str, list[Filled]]:
    return {kind: [row for row in rows if row.kind == kind] for kind in dict.fromkeys(row.kind for row in rows)}
