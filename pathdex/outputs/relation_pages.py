"""The pages about entries taken together: contamination, differences between tables, coverage."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.relations.contamination import overlap, scored_on
from pathdex.relations.coverage import Filled, coverage
from pathdex.relations.differences import differences
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = True
NAMED = 12
"""Names that a list shows before it is folded or cut short."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One page each."""
    made = environment(prose)
    scored = scored_on(catalog)
    answers = {dataset: _by_answer(catalog, dataset) for dataset in scored}
    yield page(made, "contamination", "contamination.md", catalog=catalog, answers=answers, most=NAMED)
    yield page(made, "differences", "differences.md", catalog=catalog, found=differences(catalog))
    yield page(made, "coverage", "coverage.md", kinds=_by_kind(coverage(catalog)), named=NAMED)


def _by_answer(catalog: Catalog, dataset: str) -> dict[str, list[str]]:
    """Each answer with the models that have it for one data set."""
    found: dict[str, list[str]] = {"yes": [], "part": [], "no": [], "unknown": []}
    for model in catalog.models:
        found[overlap(catalog, model, dataset).answer].append(model)
    return found


def _by_kind(rows: list[Filled]) -> dict[str, list[Filled]]:
    return {kind: [row for row in rows if row.kind == kind] for kind in dict.fromkeys(row.kind for row in rows)}
