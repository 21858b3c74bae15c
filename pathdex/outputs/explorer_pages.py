"""The pages that people choose with: the tables of models and papers, the guided choice, and the comparison."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing import model_columns, paper_columns
from pathdex.writing.columns import Column
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = False
FACETS = {
    "models": (
        *("kind", "access", "commercial", "licence", "width", "parameters", "input", "magnification", "stains"),
        *("cohorts", "verified", "library", "year", "suites", "makers"),
    ),
    "papers": ("section", "topics", "venue", "year", "authors", "models", "kind"),
}
"""Facets in the order of the page."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Four pages; each can be read, though not filtered, without JavaScript."""
    made = environment(prose)
    models, papers = model_columns.columns(catalog), paper_columns.columns(catalog)
    names, titles = model_columns.ordered(catalog), paper_columns.ordered(catalog)
    yield page(made, "models", "models/index.md", ids=names, columns=models, facets=facets("models", models))
    yield page(made, "papers", "papers/index.md", ids=titles, columns=papers, facets=facets("papers", papers))
    stains = sorted({stain for found in _column(models, "stains").values for stain in found or ()})
    yield page(made, "choose", "choose.md", stains=stains)
    yield page(made, "compare", "compare.md")


def facets(kind: str, columns: list[Column]) -> list[Column]:
    """The columns that are facets, in the order of the page."""
    return [_column(columns, key) for key in FACETS[kind]]


def _column(columns: list[Column], key: str) -> Column:
    return next(column for column in columns if column.key == key)
