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
"""Entries that a field's to-do names before it says how many more there are."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One page each."""
    made = environment(prose)
    scored = scored_on(catalog)
    answers = {model: [overlap(catalog, model, dataset) for dataset in scored] for model in catalog.models}
    yield page(made, "contamination", "contamination.md", catalog=catalog, datasets=scored, answers=answers)
    yield page(made, "differences", "differences.md", catalog=catalog, found=differences(catalog))
    yield page(made, "coverage", "coverage.md", kinds=_by_kind(coverage(catalog)), named=NAMED)


def _by_kind(rows: list[Filled]) -> dict[str, list[Filled]]:
    return {kind: [row for row in rows if row.kind == kind] for kind in dict.fromkeys(row.kind for row in rows)}
