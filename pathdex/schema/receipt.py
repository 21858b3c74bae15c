"""Where a fact was read: receipts, disputes, and the fields that every entry of the catalog carries for them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pathdex.schema.record import Path, Record, Some, dotted
from pathdex.schema.values import Line, Openable, PartialDate, Plain, Text


class Receipt(Record):
    """Something that a reader can open to see the fact. A bare address is short for `{url: ...}`."""

    url: Openable
    """Public web address, or github:owner/name@commit:path."""
    locator: Line | None = None
    """Where on the page: a section, table, line or page number."""
    quote: Line | None = None
    """A few words of the source, at most 200 characters."""
    retrieved: PartialDate | None = None
    """The day it was opened."""
    method: Literal["reported", "computed", "inferred"] = "reported"
    """Reported: the source states it. Computed: it follows from numbers there. Inferred: it follows from code or files there."""

    @field_validator("quote")
    @classmethod
    def short(cls, quote: str | None) -> str | None:
        """A quotation stays a quotation."""
        if quote and len(quote) > 200:
            raise ValueError(f"is {len(quote)} characters long; quote at most 200")
        return quote

    @model_validator(mode="after")
    def explained(self) -> "Receipt":
        """What is not simply reported says how it was found."""
        if self.method != "reported" and not self.locator:
            raise ValueError(f"a receipt that is {self.method} says how; add a locator")
        return self


def _whole(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


Source = Annotated[Receipt, BeforeValidator(_whole, json_schema_input_type=Openable | Receipt)]
"""One receipt, long or short."""

Several = Annotated[list[Openable | Receipt], Field(min_length=1)]
Sources = Annotated[
    Some[Source], Field(min_length=1), BeforeValidator(_several, json_schema_input_type=Openable | Receipt | Several)
]
"""One receipt or a list of them."""


class Claim(Record):
    """One of several values in circulation."""

    value: bool | int | float | Line
    """The value as that source has it, in the field's own unit."""
    source: Sources
    """Who says so."""


class Dispute(Record):
    """A field on which sources disagree: every value stays, with its receipt."""

    values: Annotated[Some[Claim], Field(min_length=2)]
    """All values found."""
    judged: bool | int | float | Line | None = None
    """The value that this catalog holds to be right; left out while undecided."""
    why: Text
    """The reason for the judgement, or for leaving it open."""


class Receipted(Record):
    """An entry whose facts carry receipts."""

    sources: Annotated[dict[str, Sources], Plain()] = {}
    """Field path to receipt. A path covers everything below it; one key may name several paths, separated by commas."""
    disputed: Annotated[dict[str, Dispute], Plain()] = {}
    """Field path to the values in circulation, where sources disagree."""
    allow: Annotated[dict[str, Line], Plain()] = {}
    """Check id to the reason why this entry is excused from it; shown on its page."""

    def receipts_for(self, path: Path) -> tuple[Receipt, ...]:
        """The receipts of a field: those of the longest path in `sources` that covers it; none where it has none."""
        covering = {part.strip(): receipts for key, receipts in self.sources.items() for part in key.split(",")}
        lengths = range(len(path), 0, -1)
        return next((covering[dotted(path[:length])] for length in lengths if dotted(path[:length]) in covering), ())
