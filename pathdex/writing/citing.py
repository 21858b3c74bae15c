"""How one paper is cited: its best link, BibTeX, RIS, CSL-JSON and plain APA."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pathdex.schema import Paper
from pathdex.text import MONTHS
from pathdex.writing import tex

BIBTEX_TYPES = {"article": "article", "inproceedings": "inproceedings", "book": "book"}
RIS_TYPES = {
    "article": "JOUR",
    "inproceedings": "CONF",
    "preprint": "UNPB",
    "report": "RPRT",
    "thesis": "THES",
    "book": "BOOK",
    "blog": "BLOG",
    "software": "COMP",
}
CSL_TYPES = {
    "article": "article-journal",
    "inproceedings": "paper-conference",
    "preprint": "article",
    "report": "report",
    "thesis": "thesis",
    "book": "book",
    "blog": "post-weblog",
    "software": "software",
}
VENUES = {
    "article": "journal",
    "inproceedings": "booktitle",
    "book": "series",
    "misc": "howpublished",
    "techreport": "note",
    "phdthesis": "note",
}
PUBLISHERS = {"inproceedings": "publisher", "book": "publisher", "techreport": "institution", "phdthesis": "school"}
MOST_AUTHORS = 20


def link(paper: Paper) -> str:
    """The address that leads a reader to the paper: the version of record before a preprint."""
    if doi := paper.doi or (None if paper.arxiv else paper.preprint_doi):
        return f"https://doi.org/{quote(doi, safe='/:;().')}"
    if paper.arxiv:
        return f"https://arxiv.org/abs/{paper.arxiv}"
    if paper.openreview:
        return f"https://openreview.net/forum?id={quote(paper.openreview)}"
    return paper.url or ""


def venue(paper: Paper) -> str:
    """Where it appeared, for people: the venue, else the preprint server, else the publisher."""
    server = "arXiv" if paper.arxiv else _server(paper.preprint_doi or "")
    return paper.venue or server or ("OpenReview" if paper.openreview else paper.publisher or "")


def _server(doi: str) -> str:
    """The preprint server that gave the DOI, or "": bioRxiv numbers its papers with six digits, medRxiv with eight."""
    prefix, _, rest = doi.partition("/")
    if prefix == "10.1101":
        return "medRxiv" if len(rest.rpartition(".")[2]) == len("23292757") else "bioRxiv"
    return {"10.21203": "Research Square", "10.20944": "Preprints.org"}.get(prefix, "")


def dated(paper: Paper) -> list[int]:
    """Year, and month and day as far as they are known, of the version of record."""
    date = paper.published or (paper.preprinted if paper.kind == "preprint" else None) or str(paper.year)
    parts = [int(part) for part in date.split("-")]
    return parts if parts[0] == paper.year else [paper.year]


def bibtex(name: str, paper: Paper) -> str:
    """The entry in BibTeX, which biblatex reads too; ends with a newline."""
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field
    from bibtexparser.writer import BibtexFormat, write

    kind = _bibtex_type(paper)
    layout = BibtexFormat()  # type: ignore[no-untyped-call]
    layout.indent = "  "
    layout.value_column = "auto"
    layout.trailing_comma = True
    return write(Library([Entry(kind, name, [Field(*pair) for pair in _bibtex_fields(kind, paper)])]), layout)


def _bibtex_type(paper: Paper) -> str:
    """The entry type whose mandatory fields the paper has."""
    if paper.publisher and paper.kind in ("report", "thesis"):
        return {"report": "techreport", "thesis": "phdthesis"}[paper.kind]
    return BIBTEX_TYPES.get(paper.kind, "misc")


def _bibtex_fields(kind: str, paper: Paper) -> Iterator[tuple[str, str]]:
    """Fields with their values in braces; a month is the macro that styles know."""
    for field, value in _bibtex_values(kind, paper):
        if value:
            yield field, f"{{{value}}}"
            date = dated(paper)
            if field == "year" and len(date) > 1:
                yield "month", MONTHS[date[1] - 1][:3].lower()


def _bibtex_values(kind: str, paper: Paper) -> Iterator[tuple[str, str]]:
    yield "author", " and ".join(map(_bibtex_author, paper.authors))
    yield "title", tex.title(paper.title)
    yield VENUES[kind], tex.escaped(_bibtex_venue(kind, paper))
    yield "year", str(paper.year)
    if kind in ("article", "inproceedings", "book"):
        yield _bibtex_volume(paper.volume or "")
        yield "number", tex.escaped(paper.issue or "")
        yield "pages", tex.pages(paper.pages or "")
    yield PUBLISHERS.get(kind, ""), tex.escaped(paper.publisher or "") if kind in PUBLISHERS else ""
    yield "doi", tex.verbatim(paper.doi or paper.preprint_doi or "")
    yield "eprint", paper.arxiv or ""
    yield "archiveprefix", "arXiv" if paper.arxiv else ""
    yield "url", tex.verbatim(paper.url or ("" if paper.doi or paper.arxiv or paper.preprint_doi else link(paper)))


def _bibtex_venue(kind: str, paper: Paper) -> str:
    """The venue; of a preprint that no eprint field can name, the server."""
    server = "" if kind != "misc" or paper.arxiv else _server(paper.preprint_doi or "")
    return paper.venue or server


def _bibtex_volume(volume: str) -> tuple[str, str]:
    """A volume that is no number goes to the note: biblatex would drop it."""
    return ("volume", volume) if volume.isdecimal() else ("note", tex.escaped(f"Volume {volume}" if volume else ""))


def _bibtex_author(author: str) -> str:
    """A person as "Family, Given"; a group in braces, so that no style takes it apart."""
    return tex.escaped(author) if "," in author else f"{{{tex.escaped(author)}}}"


def ris(name: str, paper: Paper) -> str:
    """The record in RIS; ends with a newline."""
    from rispy import RisWriter

    class Writer(RisWriter):  # type: ignore[misc]
        def set_header(self, count: int) -> str:  # noqa: ARG002  # rispy would number the records, which importers choke on
            return ""

    return str(Writer().formats([{key: value for key, value in _ris_fields(name, paper) if value}]))


def _ris_fields(name: str, paper: Paper) -> Iterator[tuple[str, Any]]:
    year, *rest = dated(paper)
    first, last = first_and_last(paper.pages or "")
    yield "type_of_reference", RIS_TYPES[paper.kind]
    yield "id", name
    yield "authors", list(paper.authors)
    yield "title", paper.title
    yield "secondary_title", paper.venue
    yield "year", str(year)
    yield "date", "/".join([str(year), *(f"{part:02}" for part in rest)]) if rest else None
    yield "volume", paper.volume
    yield "number", paper.issue
    yield "start_page", first
    yield "end_page", last
    yield "publisher", paper.publisher
    yield "doi", paper.doi or paper.preprint_doi
    yield "urls", [link(paper)]


def first_and_last(pages: str) -> tuple[str, str]:
    """First and last page; an article number alone comes first."""
    first, last = [*re.split(r"\s*[-–—]+\s*", pages), ""][:2]
    return (first, last) if re.fullmatch(r"\w+\s*[-–—]+\s*\w+", pages) else (pages, "")


def csl(name: str, paper: Paper) -> dict[str, Any]:
    """The item in CSL-JSON."""
    preprint = paper.kind == "preprint" and paper.arxiv
    item = {
        "id": name,
        "type": CSL_TYPES[paper.kind],
        "title": paper.title,
        "author": [_csl_author(author) for author in paper.authors],
        "issued": {"date-parts": [dated(paper)]},
        "container-title": paper.venue,
        "volume": paper.volume,
        "issue": paper.issue,
        "page": paper.pages,
        "number": f"arXiv:{paper.arxiv}" if preprint else None,
        "publisher": paper.publisher or ("arXiv" if preprint else None),
        "DOI": paper.doi or paper.preprint_doi,
        "URL": link(paper),
        "custom": {"arxiv": paper.arxiv} if paper.arxiv else None,
    }
    return {key: value for key, value in item.items() if value is not None}


def _csl_author(author: str) -> dict[str, str]:
    family, *rest = author.split(", ")
    if not rest:
        return {"literal": author}
    return {"family": family, "given": rest[-1], **({"suffix": rest[0]} if len(rest) > 1 else {})}


def apa(paper: Paper) -> str:
    """The reference in APA's seventh style, as plain text; the title stays as printed."""
    return f"{reference(paper)} {link(paper)}".rstrip()


def reference(paper: Paper) -> str:
    """What stands before the address in APA's style."""
    title = paper.title
    if paper.kind == "preprint" and paper.arxiv:
        title += f" (arXiv:{paper.arxiv})"
    authors = _apa_authors(paper.authors)
    parts = [f"{authors}{'' if authors[-1] == '.' else '.'} ({paper.year})", title, _apa_venue(paper)]
    if paper.publisher and paper.kind not in ("article", "preprint"):
        parts.append(paper.publisher)
    return " ".join([*(part if part[-1] in ".?!" else f"{part}." for part in parts if part)])


def _apa_venue(paper: Paper) -> str:
    if paper.kind == "inproceedings":
        return f"In {paper.venue}" + (f" (pp. {_dashed(paper.pages)})" if paper.pages else "")
    if paper.kind != "article":
        return venue(paper) if venue(paper) != paper.publisher else ""
    issue = f"({paper.issue})" if paper.issue else ""
    return ", ".join(filter(None, [paper.venue, f"{paper.volume or ''}{issue}", _dashed(paper.pages or "")]))


def _dashed(pages: str) -> str:
    return re.sub(r"(?<=\w)\s*[-–—]+\s*(?=\w)", "–", pages)


def _apa_authors(authors: tuple[str, ...]) -> str:
    """Every author; of more than twenty, the first nineteen and the last."""
    names = [_initialled(author) for author in authors]
    if len(names) > MOST_AUTHORS:
        return f"{', '.join(names[: MOST_AUTHORS - 1])}, … {names[-1]}"
    return f"{', '.join(names[:-1])}, & {names[-1]}" if len(names) > 1 else names[0]


def _initialled(author: str) -> str:
    """ "Chen, Richard J." as "Chen, R. J."; a group stays."""
    family, *rest = author.split(", ")
    if not rest:
        return author
    given = " ".join("-".join(f"{part[0]}." for part in word.split("-") if part) for word in rest[-1].split())
    return ", ".join([family, given, *rest[:-1]])
