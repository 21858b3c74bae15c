"""Papers are themselves: one entry each, dated as their identifiers say."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema import Paper


def same_doi(catalog: Catalog) -> Iterator[Problem]:
    """No two papers share a DOI, be it that of a preprint."""
    yield from _shared(catalog, ("doi", "preprint_doi"), str.lower)


def same_arxiv(catalog: Catalog) -> Iterator[Problem]:
    """No two papers share an arXiv id."""
    yield from _shared(catalog, ("arxiv",), str)


def same_title(catalog: Catalog) -> Iterator[Problem]:
    """No two papers share a title, whatever its case, accents and punctuation."""
    yield from _shared(catalog, ("title",), _plain)


def year_fits(catalog: Catalog) -> Iterator[Problem]:
    """The year is that of the publication, and neither it nor the dates lie more than a month before the arXiv id's."""
    for name, paper in catalog.papers.items():
        if paper.published and int(paper.published[:4]) != paper.year:
            yield _date_problem(catalog, name, "year", f"is {paper.year}, but published says {paper.published}")
        elif paper.arxiv:
            yield from _before(catalog, name, paper, f"20{paper.arxiv[:2]}-{paper.arxiv[2:4]}")


def id_fits(catalog: Catalog) -> Iterator[Problem]:
    """A paper's id is its first author's family name, its year and a word: chen2024uni."""
    for name, paper in catalog.papers.items():
        start = f"{_plain(paper.authors[0].partition(',')[0])}{paper.year}"
        if not (name.startswith(start) and len(name) > len(start)):
            yield catalog.problem("papers", name, ("authors",), f"id {name!r} does not fit", f"name the file {start}<word>.yaml")


def _before(catalog: Catalog, name: str, paper: Paper, month: str) -> Iterator[Problem]:
    """What an arXiv id of the month contradicts, one problem at most; it is given days after the paper was handed in."""
    first = (date.fromisoformat(f"{month}-01") - timedelta(days=1)).isoformat()[:7]
    for field, value in (("year", str(paper.year)), ("preprinted", paper.preprinted), ("published", paper.published)):
        if value and value < first[: len(value)] and not (field == "published" and paper.preprinted):
            yield _date_problem(catalog, name, field, f"is {value}, but arXiv:{paper.arxiv} is of {month}")
            return


def _date_problem(catalog: Catalog, name: str, field: str, what: str) -> Problem:
    return catalog.problem("papers", name, (field,), what, "correct the one that is wrong")


def _shared(catalog: Catalog, fields: Sequence[str], plain: Callable[[str], str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, paper in catalog.papers.items():
        for field in fields:
            value = plain(getattr(paper, field) or "")
            if value and first.setdefault(value, name) != name:
                what, mend = f"is also that of {first[value]}", "keep one entry for a paper and its preprint"
                yield catalog.problem("papers", name, (field,), what, mend)


def _plain(text: str) -> str:
    """Letters and digits only, in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("ø", "o").replace("ł", "l").replace("ß", "ss"))
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalnum())
