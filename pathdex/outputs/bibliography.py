"""The bibliography in BibTeX."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing import citing

COMMITTED = True
AGGREGATE = True


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One entry a paper, in order of ids; the entry key is the paper's id."""
    yield "references.bib", "\n".join(citing.bibtex(name, paper) for name, paper in catalog.papers.items()) or "\n"
