"""What is disputed is told in full, and the judgement is what the entry states."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema.quantity import Count
from pathdex.schema.receipt import Receipted


def names_a_field(catalog: Catalog) -> Iterator[Problem]:
    """Each path in `disputed` leads to a field that entries of this kind have, stated or not."""
    for kind, name, record in catalog.entries():
        for field in record.disputed if isinstance(record, Receipted) else ():
            if not _leads(type(record), field.split(".")):
                mend = "write the path as in sources"
                yield catalog.problem(kind, name, ("disputed", field), f"{field!r} is not a field of this entry", mend)


def judgement_is_stated(catalog: Catalog) -> Iterator[Problem]:
    """A field in dispute states the value that was judged right, or nothing while that is open."""
    for kind, name, record in catalog.entries():
        for field, dispute in record.disputed.items() if isinstance(record, Receipted) else ():
            value = _value(record, field)
            if value != dispute.judged and _leads(type(record), field.split(".")):
                what = f"the entry states {_shown(value)}, but {_shown(dispute.judged)} was judged right"
                path = ("disputed", field)
                yield catalog.problem(kind, name, path, what, "make them equal")


def values_differ(catalog: Catalog) -> Iterator[Problem]:
    """The values in dispute differ."""
    for kind, name, record in catalog.entries():
        for field, dispute in record.disputed.items() if isinstance(record, Receipted) else ():
            if len({claim.value for claim in dispute.values}) < 2:
                path = ("disputed", field, "values")
                yield catalog.problem(kind, name, path, "are all equal", "give the values that differ")


def _value(record: Any, field: str) -> Any:
    """The stated value at a dotted path, counts as their figure, None where nothing is stated."""
    for part in field.split("."):
        if isinstance(record, dict):
            record = record.get(part)
        elif isinstance(record, tuple):
            record = record[int(part)] if part.isdigit() and int(part) < len(record) else None
        else:
            record = getattr(record, part, None) if part in getattr(record, "model_fields_set", ()) else None
    if isinstance(record, Count):
        return record.value
    return ", ".join(map(str, record)) or None if isinstance(record, tuple) else record


def _leads(annotation: Any, parts: Sequence[str]) -> bool:
    """Whether the type has something at the path."""
    if not parts:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(parts[0])
        return field is not None and _leads(field.annotation, parts[1:])
    inner = get_args(annotation)
    if get_origin(annotation) is dict:
        return (get_origin(inner[0]) is not Literal or parts[0] in get_args(inner[0])) and _leads(inner[1], parts[1:])
    if get_origin(annotation) is tuple:
        return parts[0].isdigit() and _leads(inner[0], parts[1:])
    return any(_leads(part, parts) for part in inner)


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
