"""The taxonomy: the sections of the awesome list, in order."""

from typing import Annotated

from pydantic import Field

from pathdex.schema.record import Record
from pathdex.schema.values import Line, Slug, Text


class Section(Record):
    """One section of the awesome list."""

    title: Line
    """Heading."""
    about: Text
    """A sentence on what belongs here."""
    within: Slug | None = None
    """Id of the section that this one belongs to."""


class Taxonomy(Record):
    """The sections by id, in the order of the list."""

    sections: Annotated[dict[Slug, Section], Field(min_length=1)]
    """The sections by id."""
