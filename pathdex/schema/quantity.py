"""Counts that a source gives only as a bound or a round figure."""

from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from pathdex.schema.record import Record
from pathdex.schema.values import Positive


class Count(Record):
    """A count. A bare integer is short for `{exactly: ...}`; "more than 350 k slides" is `{at_least: 350_000}`."""

    exactly: Positive | None = None
    """The count as the source states it."""
    at_least: Positive | None = None
    """The source says "more than", "over" or "+"."""
    at_most: Positive | None = None
    """The source says "up to" or "less than"."""
    about: Positive | None = None
    """The source says "about", "~" or gives a round figure."""

    @model_validator(mode="after")
    def one(self) -> "Count":
        """Exactly one of the four is given."""
        if len(self.model_fields_set) != 1:
            raise ValueError("a count is given in one way; write an integer, or one of at_least, at_most, about")
        return self

    @property
    def value(self) -> int:
        """The figure, whatever its precision."""
        return self.exactly or self.at_least or self.at_most or self.about or 0


def _whole(value: Any) -> Any:
    return {"exactly": value} if isinstance(value, int) and not isinstance(value, bool) else value


Quantity = Annotated[Count, BeforeValidator(_whole, json_schema_input_type=Positive | Count)]
"""A count, exact or bounded."""
