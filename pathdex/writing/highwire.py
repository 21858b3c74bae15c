"""A paper as the meta tags that Zotero and Google Scholar read from a page (Highwire Press tags)."""

from collections.abc import Iterator

from pathdex.schema import Paper
from pathdex.writing import citing

VENUES = {
    "article": "citation_journal_title",
    "inproceedings": "citation_conference_title",
    "book": "citation_series_title",
}
PUBLISHERS = {"report": "citation_technical_report_institution", "thesis": "citation_dissertation_institution"}


def tags(paper: Paper) -> list[tuple[str, str]]:
    """Name and value of each tag, in order; what is not known is left out."""
    return [(name, value) for name, value in _tags(paper) if value]


def _tags(paper: Paper) -> Iterator[tuple[str, str]]:
    yield "citation_title", paper.title
    yield from (("citation_author", author) for author in paper.authors)
    yield "citation_publication_date", "/".join(f"{part:02}" for part in citing.dated(paper))
    yield "citation_online_date", (paper.preprinted or "").replace("-", "/")
    yield VENUES.get(paper.kind, ""), paper.venue if paper.kind in VENUES and paper.venue else ""
    yield "citation_volume", paper.volume or ""
    yield "citation_issue", paper.issue or ""
    first, last = citing.first_and_last(paper.pages or "")
    yield "citation_firstpage", first
    yield "citation_lastpage", last
    yield PUBLISHERS.get(paper.kind, "citation_publisher"), paper.publisher or ""
    yield "citation_doi", paper.doi or paper.preprint_doi or ""
    yield "citation_arxiv_id", paper.arxiv or ""
    yield "citation_public_url", citing.link(paper)
