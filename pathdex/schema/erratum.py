"""An erratum: one wrong claim in circulation, what is right, and how we know."""

from typing import Annotated, Literal

from pydantic import Field

from pathdex.schema.receipt import Receipted, Sources
from pathdex.schema.record import Record, Some
from pathdex.schema.values import Line, PartialDate, Plain, Reference, Slug, Text


class Sighting(Record):
    """A place where the claim stands."""

    source: Sources
    """Where it can be seen."""
    says: Line
    """The claim as it stands there, in few words."""


class Erratum(Receipted):
    """One wrong claim in circulation, worded fairly."""

    title: Annotated[Line, Plain()]
    """The matter in a few words."""
    kind: Annotated[
        Literal[
            "identifier",
            "parameters",
            "link",
            "author",
            "date",
            "venue",
            "licence",
            "access",
            "architecture",
            "training",
            "result",
            "classification",
            "naming",
            "other",
        ],
        Plain(),
    ]
    """What the claim is about."""
    circulates: Annotated[Some[Sighting], Plain(), Field(min_length=1)]
    """Where it stands, and what it says."""
    correct: Annotated[Text, Plain()]
    """What is right."""
    explanation: Annotated[Text, Plain()]
    """How we know, in our own words."""
    evidence: Annotated[Sources, Plain()]
    """Receipts for what is right."""
    models: Annotated[Some[Annotated[Slug, Reference("models")]], Plain()] = ()
    """Models concerned."""
    papers: Annotated[Some[Annotated[Slug, Reference("papers")]], Plain()] = ()
    """Papers concerned."""
    mended: Annotated[PartialDate, Plain()] | None = None
    """When the source put it right."""
