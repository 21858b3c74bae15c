"""The bibliography for reference managers: BibTeX, RIS and CSL-JSON."""

import json

from pathdex.catalog import Catalog
from pathdex.writing import citing


def references(catalog: Catalog) -> dict[str, str]:
    """File name to text, one record a paper, in order of ids."""
    papers = catalog.papers.items()
    items = [citing.csl(name, paper) for name, paper in papers]
    return {
        "references.bib": "\n".join(citing.bibtex(name, paper) for name, paper in papers) or "\n",
        "references.ris": "\n".join(citing.ris(name, paper) for name, paper in papers) or "\n",
        "references.csl.json": json.dumps(items, indent=1, ensure_ascii=False) + "\n",
    }
