"""What pydantic finds wrong with an entry, as problems a contributor can mend."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pathdex.problems import Problem
from pathdex.reading import Document
from pathdex.schema.record import Record, dotted
from pathdex.text import near

MENDS = {
    "string_type": ("wants text", "quote it"),
    "int_type": ("wants a whole number", "write digits, such as 632_000_000"),
    "float_type": ("wants a number", "write it bare, such as 0.5"),
    "bool_type": ("wants true or false", "write one of them bare"),
    "list_type": ("wants a list", "write - and a blank before each item"),
    "tuple_type": ("wants a list", "write - and a blank before each item"),
    "dict_type": ("wants a mapping", "write key: value below it"),
    "model_type": ("wants a mapping", "write key: value below it"),
    "finite_number": ("wants a finite number", "leave the field out when the value is not known"),
}


def problems(error: ValidationError, document: Document, record: type[Record]) -> Iterator[Problem]:
    """One problem for each field at fault, at its line."""
    seen: set[tuple[str | int, ...]] = set()
    for fault in error.errors(include_url=False):
        path = _present(fault["loc"], document.data, missing=fault["type"] == "missing")
        if path not in seen:
            seen.add(path)
            what, mend = _words(dict(fault), path, record)
            line, _ = document.place(path, of_key=fault["type"] == "extra_forbidden")
            yield Problem(document.file, line, dotted(path), what, mend, "schema/shape")


def _present(loc: tuple[str | int, ...], data: Any, missing: bool) -> tuple[str | int, ...]:
    """The part of pydantic's location that stands in the document: tags of unions and validators are left out."""
    path: list[str | int] = []
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if isinstance(data, dict) and part in data or isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            path.append(part)
        elif (missing and last) or (isinstance(data, list) and isinstance(part, int)):
            path.append(part)
    return tuple(path)


def _words(fault: dict[str, Any], path: tuple[str | int, ...], record: type[Record]) -> tuple[str, str]:
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "missing":
        return "is missing", "add it"
    if kind == "extra_forbidden":
        known = known_fields(record, path[:-1])
        return "is not a field here", near(str(path[-1]), known) or f"fields are {', '.join(known)}"
    if kind == "value_error":
        what, _, mend = str(context["error"]).partition("; ")
        return what, mend
    if kind == "literal_error":
        choices = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return f"{value!r} is not a choice", near(str(value), choices) or f"write one of {', '.join(choices)}"
    if kind in MENDS:
        want, mend = MENDS[kind]
        return f"{want}, got {_short(value)}", mend
    return f"{_lower(fault['msg'])}, got {_short(value)}", ""


def known_fields(record: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The fields of the record that stands at `path` below `record`."""
    for part in path:
        field = record.model_fields.get(str(part))
        found = _record_in(field.annotation) if field else None
        record = found or record
    return sorted(record.model_fields)


def _record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _record_in(part))), None)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
