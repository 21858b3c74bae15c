"""The bibliography for reference managers: RIS, CSL-JSON and BibTeX."""

import json
from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing import citing

COMMITTED = False
AGGREGATE = True
FOLDER = "build/docs/downloads"


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One record a paper, in order of ids."""
    papers = catalog.papers.items()
    yield f"{FOLDER}/references.bib", "\n".join(citing.bibtex(name, paper) for name, paper in papers) or "\n"
    yield f"{FOLDER}/references.ris", "\n".join(citing.ris(name, paper) for name, paper in papers) or "\n"
    items = [citing.csl(name, paper) for name, paper in papers]
    yield f"{FOLDER}/references.csl.json", json.dumps(items, indent=1, ensure_ascii=False) + "\n"
