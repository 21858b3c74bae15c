"""Cite papers, or the papers of a model, as BibTeX, RIS, CSL-JSON or APA."""

import argparse
import json

from pathdex.catalog import Catalog
from pathdex.text import near
from pathdex.writing import citing


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which entries, and in which form."""
    parser.add_argument("id", nargs="+", help="id of a paper, such as chen2024uni, or of a model, such as uni2-h")
    parser.add_argument("--format", choices=("bibtex", "ris", "csl", "apa"), default="bibtex", help="form (default: bibtex)")


def run(options: argparse.Namespace) -> int:
    """0 when every id was cited; 2 when one is not known or has no paper."""
    catalog = Catalog.load(options.root)
    names = list(dict.fromkeys(paper for name in options.id for paper in _papers(catalog, name)))
    print(_written(catalog, names, options.format))
    return 0


def _papers(catalog: Catalog, name: str) -> tuple[str, ...]:
    from pathdex.commands import UsageError

    if name in catalog.papers:
        return (name,)
    if name not in catalog.models:
        mend = near(name, [*catalog.papers, *catalog.models]) or "see catalog/ for the ids"
        raise UsageError(f"no paper or model {name!r}; {mend}")
    if not catalog.models[name].papers:
        raise UsageError(f"{name!r} has no paper; cite its page instead")
    return catalog.models[name].papers


def _written(catalog: Catalog, names: list[str], form: str) -> str:
    papers = [(name, catalog.papers[name]) for name in names]
    if form == "csl":
        return json.dumps([citing.csl(name, paper) for name, paper in papers], indent=2, ensure_ascii=False)
    if form == "apa":
        return "\n\n".join(citing.apa(paper) for _, paper in papers)
    one = citing.bibtex if form == "bibtex" else citing.ris
    return "\n".join(one(name, paper).rstrip("\n") + "\n" for name, paper in papers).rstrip("\n")
