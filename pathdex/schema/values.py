"""The field's values as types: ids, dates, links, licences, counts. Each says in one line what is wrong and how to mend it."""

import functools
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

SLUG = r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$"
COMMIT = r"^[0-9a-f]{40}$"
SHA256 = r"^[0-9a-f]{64}$"
VARIANT = r"^[a-z0-9]+(?:[-+][a-z0-9]+)*$"
ARGUMENT = r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$"
GITHUB = re.compile(r"^github:([A-Za-z0-9][\w.-]*)/(?!\.{1,2}@)([\w.-]+)@([0-9a-f]{7,40}):([^\s:/][^\s]*)$", re.ASCII)
HOST = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*"
"""Names joined by dots, the last of which is no number: an address of a machine is not one of the web."""
WEB = re.compile(rf"""^https?://{HOST}(?::\d{{1,5}})?(?:[/?#][^\s<>"`\\]*)?$""")
DOI = r"^10\.\d{4,9}/[!-~]+$"
ARXIV = r"^\d\d(?:0[1-9]|1[0-2])\.\d{4,5}$"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
AUTHOR = re.compile(r"[^,;\s](?:[^,;]*[^,;\s])?(?:, [^,;\s](?:[^,;]*[^,;\s])?){0,2}")
MARKUP = re.compile(r"<[A-Za-z/!?]|&[a-zA-Z#][\w]*;")


@dataclass(frozen=True)
class Reference:
    """Marks a field whose value is the id of an entry of `kind`."""

    kind: str


@dataclass(frozen=True)
class Plain:
    """Marks a field that states no fact about the world and so needs no receipt."""


@dataclass(frozen=True)
class Matching:
    """Text that matches `pattern` as a whole; else a line that says `what` it is not and how to `mend` it."""

    pattern: str
    what: str
    mend: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}

    def check(self, value: str) -> str:
        """The value itself; ValueError when it does not match."""
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise ValueError(f"{value!r} is not {self.what}; {self.mend}")
        return value


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; leave the field out when the value is not known")
    if value != value.strip():
        raise ValueError(f"{value!r} has blanks at its ends; remove them")
    if MARKUP.search(value):
        raise ValueError(f"{value!r} holds HTML; write plain text")
    if CONTROL.search(value):
        raise ValueError(f"{value!r} holds an invisible character; remove it")
    return value


def _words(value: str) -> str:
    if not value.strip() or CONTROL.search(value):
        raise ValueError(f"{value!r} is empty or holds an invisible character; write what the model reads")
    return value


def _line(value: str) -> str:
    if "\n" in _text(value):
        raise ValueError(f"{value!r} runs over several lines; write it on one")
    return value


def _web(value: str) -> str:
    if not WEB.fullmatch(value) or CONTROL.search(value):
        raise ValueError(f"{value!r} is not a web address; write it as https://host/page")
    return value


def _openable(value: str) -> str:
    parts = re.split("[/:]", value)
    if value.startswith("github:"):
        if not GITHUB.fullmatch(value) or CONTROL.search(value) or "." in parts or ".." in parts:
            raise ValueError(f"{value!r} can't be opened; write github:owner/name@commit:path")
        return value
    if not WEB.fullmatch(value) or CONTROL.search(value):
        raise ValueError(f"{value!r} can't be opened by a reader; write https://... or github:owner/name@commit:path")
    return value


def _year_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _date(value: str) -> str:
    wrong = ValueError(f"{value!r} is not a date; write 2024, 2024-03 or 2024-03-19")
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", value, re.ASCII):
        raise wrong
    year, month, day = (int(part) for part in (value + "-01-01")[:10].split("-"))
    if not (year >= 1900 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        raise wrong
    return value


def _moment(value: str) -> str:
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a moment; let the job write evidence anew") from error
    return value


@functools.cache
def _spdx() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@functools.cache
def _licence_faults(expression: str) -> tuple[str, ...]:
    """What SPDX does not know in an expression; `LicenseRef-` parts are the writer's own."""
    if not re.fullmatch(r"[A-Za-z0-9.+() -]+", expression):
        return ("spelling",)
    parts = re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", expression)
    for own in {part for part in parts if re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", part)}:
        expression = expression.replace(own, "MIT")
    try:
        found = _spdx().validate(expression)
    except (AttributeError, IndexError):  # how the library answers some halves of expressions, such as "MIT AND"
        return ("spelling",)
    return tuple(found.errors) if found.errors or found.normalized_expression == expression else ("spelling",)


def _licence(value: str) -> str:
    if _licence_faults(value):
        mend = "write its identifier as in spdx.org/licenses, or LicenseRef-Name with the text's link"
        raise ValueError(f"{value!r} is not an SPDX licence; {mend}")
    return value


def _author(value: str) -> str:
    if re.search(r"\band others\b|\bet al\b", value) or value.lower() == "others":
        raise ValueError(f"{value!r} is not an author; list every author as 'Family, Given'")
    if not AUTHOR.fullmatch(_line(value)) or " and " in value:
        raise ValueError(f"{value!r} is not one author; write one 'Family, Given' an item")
    return value


Slug = Annotated[str, Matching(SLUG, "an id", "use lower-case letters, digits, '-' and '.'")]
"""An id: lower-case ASCII letters, digits, hyphens and dots."""

Variant = Annotated[str, Matching(VARIANT, "a variant's name", "use lower-case letters, digits, '-' and '+'")]
"""The name of an embedding variant, such as cls+mean."""

Argument = Annotated[str, Matching(ARGUMENT, "an argument's name", "write it as in Python")]
"""The name of a keyword argument, or a dotted path to a part's."""

Words = Annotated[str, AfterValidator(_words)]
"""What a model reads or writes, marks and all."""

Line = Annotated[str, AfterValidator(_line)]
"""Plain text on one line."""

Text = Annotated[str, AfterValidator(_text)]
"""Plain text."""

Url = Annotated[str, AfterValidator(_web), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})]
"""A web address."""

Openable = Annotated[str, AfterValidator(_openable), WithJsonSchema({"type": "string", "pattern": "^(https?://|github:)"})]
"""A web address, or github:owner/name@commit:path."""

Doi = Annotated[str, Matching(DOI, "a DOI", "write it bare, as 10.1038/s41591-024-02857-3")]
Arxiv = Annotated[str, Matching(ARXIV, "an arXiv id", 'write it quoted, without version, as "2308.15474"')]
Commit = Annotated[str, Matching(COMMIT, "a revision", "write the commit's 40 hexadecimal digits")]
Sha256 = Annotated[str, Matching(SHA256, "a SHA-256", "write its 64 lower-case hexadecimal digits")]
HubName = Annotated[str, Matching(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", "a Hugging Face repository", "write owner/name")]
Licence = Annotated[str, AfterValidator(_licence)]
Author = Annotated[str, AfterValidator(_author)]

PartialDate = Annotated[
    str,
    BeforeValidator(_year_as_text),
    AfterValidator(_date),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^\d{4}(-\d{2}){0,2}$"}, {"type": "integer"}]}),
]
"""A date as precise as it is known: 2024, 2024-03 or 2024-03-19."""

Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"), AfterValidator(_moment)]
"""A second in UTC, as 2026-11-21T02:00:00Z."""

Positive = Annotated[int, Field(gt=0)]
Natural = Annotated[int, Field(ge=0)]
Length = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Shade = Annotated[float, Field(ge=0, le=1)]
"""A colour's value, from 0 to 1."""
