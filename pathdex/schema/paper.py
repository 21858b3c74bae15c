"""A paper: one publication, with its preprint and its version of record in one entry."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pathdex.schema.receipt import Receipted
from pathdex.schema.record import Some
from pathdex.schema.values import Arxiv, Author, Doi, Line, PartialDate, Plain, Reference, Slug, Text, Url


class Paper(Receipted):
    """One publication. Its id is the first author's family name, the year and a word: chen2024uni."""

    title: Line
    """Title as printed, without a full stop."""
    authors: Annotated[Some[Author], Field(min_length=1)]
    """Every author in order, as "Family, Given"; a group without a comma."""
    kind: Literal["article", "inproceedings", "preprint", "report", "thesis", "book", "blog", "software"]
    """What the version of record is."""
    year: Annotated[int, Field(ge=1950, le=2100)]
    """Year of the version of record."""
    published: PartialDate | None = None
    """Date of the version of record."""
    preprinted: PartialDate | None = None
    """Date of the first preprint."""
    venue: Line | None = None
    """Journal, proceedings or series; nothing for a bare preprint."""
    volume: Line | None = None
    """Volume, quoted."""
    issue: Line | None = None
    """Issue, quoted."""
    pages: Line | None = None
    """Pages, first-last, or the article number, quoted."""
    publisher: Line | None = None
    """Publisher, or the institution of a report or thesis."""
    doi: Doi | None = None
    """DOI of the version of record, bare."""
    preprint_doi: Doi | None = None
    """DOI of a preprint that is not on arXiv (bioRxiv, medRxiv, Research Square)."""
    arxiv: Arxiv | None = None
    """arXiv id, quoted, without version."""
    openreview: Line | None = None
    """OpenReview forum id."""
    url: Url | None = None
    """Where it can be read, if neither DOI nor arXiv id leads there."""
    code: Url | None = None
    """The authors' code."""
    section: Annotated[Slug, Reference("sections"), Plain()]
    """Section of the awesome list, an id of taxonomy.yaml."""
    topics: Annotated[Some[Slug], Plain()] = ()
    """Further words to find it by."""
    summary: Annotated[Text, Plain()]
    """One or two sentences in our own words."""

    @model_validator(mode="after")
    def reachable(self) -> "Paper":
        """A reader can get to it."""
        if not (self.doi or self.arxiv or self.openreview or self.preprint_doi or self.url):
            raise ValueError("a paper can be reached; give doi, arxiv, openreview, preprint_doi or url")
        return self

    @model_validator(mode="after")
    def placed(self) -> "Paper":
        """What appeared in a venue names it."""
        if self.kind in ("article", "inproceedings") and not self.venue:
            raise ValueError(f"kind {self.kind!r} has a venue; add venue, or write kind: preprint")
        return self
