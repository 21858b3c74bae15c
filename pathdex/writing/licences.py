"""What a licence allows, in plain words that people wrote down from its text; what they did not read is not guessed."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from pathdex import reading
from pathdex.problems import CatalogError, Problem
from pathdex.schema import Model, Record
from pathdex.schema.record import Some
from pathdex.schema.values import Line, Text, Url

FILE = "licences.yaml"
ASPECTS = {"commercial": "Commercial use", "derivatives": "Derivatives", "attribution": "Attribution"}


class Said(Record):
    """What the text says of one aspect, in our own words, and where it says it."""

    answer: Literal["allowed", "conditional", "forbidden", "needed"]
    """In one word."""
    says: Text
    """In a sentence."""
    where: Line
    """Section of the text."""


class Licence(Record):
    """One licence as its text has it."""

    name: Line
    """Its own name."""
    texts: Annotated[Some[Url], Field(min_length=1)]
    """Where the text was read; the first leads the reader there."""
    commercial: Said | None = None
    """Use for profit."""
    derivatives: Said | None = None
    """Changing it, and passing on what was made."""
    attribution: Said | None = None
    """What must be kept and named."""


class Told(NamedTuple):
    """A licence for one model's page: its name, where its text is, and what it says, where somebody read it."""

    name: str
    url: str | None
    aspects: list[tuple[str, Said]]


def licences(texts: Mapping[str, str]) -> dict[str, Licence]:
    """Every licence in plain words; raises `CatalogError` for a file that does not hold them."""
    try:
        return TypeAdapter(dict[str, Licence]).validate_python(reading.parse(texts.get(FILE, "{}")))
    except ValidationError as error:
        first = error.errors()[0]
        field, what = ".".join(map(str, first["loc"])), first["msg"]
        raise CatalogError([Problem(f"site/{FILE}", 1, field, what, "", "build/licences")]) from error
    except reading.Unreadable as error:
        raise CatalogError([Problem(f"site/{FILE}", error.line, "", error.what, error.mend, "build/licences")]) from error


def told(model: Model, known: Mapping[str, Licence]) -> Told | None:
    """The licence of the weights; None where the entry states none. A LicenseRef is known by the address of its text."""
    name, url = model.weights.license, model.weights.license_url
    if name is None:
        return None
    found = known.get(name)
    if found and name.startswith("LicenseRef-") and url not in found.texts:
        found = None
    if found is None:
        return Told(name, url or (None if " " in name else f"https://spdx.org/licenses/{name}.html"), [])
    aspects = [(label, said) for field, label in ASPECTS.items() if (said := getattr(found, field))]
    return Told(found.name, url or found.texts[0], aspects)
