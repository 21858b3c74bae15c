"""Papers as the columns that their explorer works on."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pathdex.catalog import Catalog
from pathdex.schema import Paper
from pathdex.text import credited
from pathdex.writing import citing
from pathdex.writing.columns import Column

PROCEEDINGS = re.compile(r"^(?:In )?Proceedings of (?:the )?", re.IGNORECASE)
ACRONYM = re.compile(r"\(([A-Z][A-Za-z&-]*)(?: \d{4})?\)$")
KINDS = {"inproceedings": "conference paper", "article": "journal article", "blog": "blog post"}


def ordered(catalog: Catalog) -> list[str]:
    """Ids of the papers, the newest first."""
    return sorted(sorted(catalog.papers), key=lambda name: citing.dated(catalog.papers[name]), reverse=True)


def columns(catalog: Catalog) -> list[Column]:
    """The columns of all papers, in the order of `ordered`."""
    names = ordered(catalog)
    entries = [catalog.papers[name] for name in names]
    return [*_printed(entries), *_placed(catalog, names, entries), *_found(entries)]


def _each(entries: Sequence[Paper], take: Callable[[Paper], Any]) -> list[Any]:
    return [take(entry) for entry in entries]


def _printed(entries: Sequence[Paper]) -> list[Column]:
    """Title with authors, year, date and venue."""
    titles, years = _each(entries, lambda paper: paper.title), _each(entries, lambda paper: paper.year)
    authors = {row: credited(paper.authors) for row, paper in enumerate(entries)}
    return [
        Column("title", "Paper", "text", titles, shown=True, narrow=True, searched=True, note=authors),
        Column("year", "Year", "number", years, shown=True, narrow=True, facet=True, natural=True),
        Column("published", "Dated", "text", _each(entries, _dated), natural=True),
        Column("venue", "Venue", "choice", venues(entries), shown=True, facet=True, words=True, searched=True, lacking="none"),
    ]


def _placed(catalog: Catalog, names: Sequence[str], entries: Sequence[Paper]) -> list[Column]:
    """Section, topics and models."""
    sections = catalog.taxonomy.sections if catalog.taxonomy else {}
    titles = _each(entries, lambda paper: sections[paper.section].title if paper.section in sections else None)
    models = [tuple(catalog.models[model].name for model in catalog.models_of(name)) for name in names]
    topics = _each(entries, lambda paper: tuple(topic.replace("-", " ") for topic in paper.topics))
    return [
        Column("section", "Section", "choice", titles, shown=True, facet=True, words=True),
        Column("topics", "Topics", "choices", topics, shown=True, facet=True, words=True, searched=True, lacking="none"),
        Column("models", "Models", "choices", models, shown=True, facet=True, words=True, searched=True, lacking="none"),
    ]


def _found(entries: Sequence[Paper]) -> list[Column]:
    """What a paper is found by beside its title."""
    authors = _each(entries, lambda paper: paper.authors)
    return [
        Column("kind", "Kind", "choice", _each(entries, lambda paper: spoken_kind(paper.kind)), facet=True),
        Column("authors", "Author", "choices", authors, facet=True, words=True, searched=True),
        Column("doi", "DOI", "text", _each(entries, lambda paper: paper.doi), searched=True),
        Column("arxiv", "arXiv", "text", _each(entries, lambda paper: paper.arxiv), searched=True),
    ]


def venues(entries: Sequence[Paper]) -> list[str | None]:
    """The venues as a list names them: proceedings by their conference, which has one name though sources write several."""
    names = [PROCEEDINGS.sub("", paper.venue) if paper.venue else None for paper in entries]
    usual: dict[str, str] = {}
    for name, _ in Counter(filter(None, names)).most_common():
        if short := ACRONYM.search(name):
            usual.setdefault(short[1], name)
    return [usual[short[1]] if name and (short := ACRONYM.search(name)) else name for name in names]


def spoken_kind(kind: str) -> str:
    """What a paper is, in words: BibTeX's "inproceedings" is a conference paper."""
    return KINDS.get(kind, kind)


def _dated(paper: Paper) -> str:
    return "-".join(f"{part:02}" for part in citing.dated(paper))
