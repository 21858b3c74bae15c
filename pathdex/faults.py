"""What pydantic finds wrong with an entry, as problems a contributor can mend."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pathdex.problems import Problem
from pathdex.reading import Document
from pathdex.schema.record import Path, Record, dotted
from pathdex.text import listed, near

Fault = dict[str, Any]
"""One finding of pydantic."""

WANTS = {
    "string_type": ("text", "quote it"),
    "int_type": ("a whole number", "write digits, such as 632_000_000"),
    "float_type": ("a number", "write it bare, such as 0.5"),
    "bool_type": ("true or false", "write one of them bare"),
    "list_type": ("a list", "write - and a blank before each item"),
    "tuple_type": ("a list", "write - and a blank before each item"),
    "dict_type": ("a mapping", "write key: value below it"),
    "model_type": ("a mapping", "write key: value below it"),
}
"""Kind of fault to what is wanted and how to write it."""

BOUNDS = {
    "greater_than": ("above {gt}", "correct it, or leave the field out when the value is not known"),
    "greater_than_equal": ("from {ge} on", "correct it, or leave the field out when the value is not known"),
    "less_than_equal": ("up to {le}", "correct it"),
    "finite_number": ("that is finite", "leave the field out when the value is not known"),
}
PLAIN = re.compile(r"true|false|\d+(?:\.\d+)?")
LONGEST_FIGURES = 40
FIGURES = re.compile(r"[~<>≥≤+]?\s*\d[\d.,_ ]*\s*[kKmMbB]?\+?")


def problems(error: ValidationError, document: Document, record: type[Record]) -> Iterator[Problem]:
    """One problem for each field at fault, at its line."""
    found = _by_path(error, document)
    unknown = [path for path, fault in found.items() if fault["type"] == "extra_forbidden"]
    meant = {(*path[:-1], name) for path in unknown if (name := _meant(path, record))}
    for path, fault in found.items():
        if path not in meant:
            what, mend = _words(fault, path, record, document)
            mend = "let the job write it anew" if document.file.endswith(".json") else mend
            line = document.place(_beginning(path, fault, what), of_key=fault["type"] == "extra_forbidden")[0]
            yield Problem(document.file, line, dotted(path), what, mend, "schema/shape")


def _by_path(error: ValidationError, document: Document) -> dict[Path, Fault]:
    """The most telling fault of each field; its `types` are all the types that its value could have had."""
    found: dict[Path, list[Fault]] = {}
    for fault in map(dict, error.errors(include_url=False)):
        if not _is_echo(fault):
            found.setdefault(_present(fault, document.data), []).append(fault)
    told = {path: next((fault for fault in faults if fault["type"] not in WANTS), faults[0]) for path, faults in found.items()}
    parents = {path[:length] for path in found for length in range(len(path))}
    return {
        path: {**fault, "types": [one["type"] for one in found[path]]}
        for path, fault in told.items()
        if fault["type"] not in WANTS or path not in parents
    }


def _is_echo(fault: Fault) -> bool:
    """Whether a list is called too short only because items of it, told already, were dropped."""
    return bool(fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"])


def _present(fault: Fault, data: Any) -> Path:
    """The part of pydantic's location that stands in the document: tags of unions and validators are left out."""
    path: list[str | int] = []
    for part in fault["loc"]:
        if part in (data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()):
            data = data[part]
            path.append(part)
    lacks = fault["type"] == "missing" and isinstance(fault["loc"][-1], str)
    return (*path, fault["loc"][-1]) if lacks else tuple(path)


def _meant(path: Path, record: type[Record]) -> str:
    """The field that an unknown key is a misspelling of, or ""."""
    return next(iter(get_close_matches(str(path[-1]), known_fields(record, path[:-1]), n=1)), "")


def _beginning(path: Path, fault: Fault, what: str) -> Path:
    """Where to look: at the field itself, or at the one that the words about several fields begin with."""
    return (*path, what.partition(" ")[0].rstrip(":")) if fault["type"] == "value_error" else path


def _words(fault: Fault, path: Path, record: type[Record], document: Document) -> tuple[str, str]:
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind in WANTS:
        return _wanted(fault["types"], value, document.written(path))
    if kind in ("missing", "too_short", "too_long"):
        return _lacking(fault)
    if kind == "extra_forbidden":
        known = known_fields(record, path[:-1])
        return "is not a field here", near(str(path[-1]), known) or f"fields are {', '.join(known)}"
    if kind == "value_error":
        what, _, mend = str(context["error"]).replace(repr(value), _short(value)).partition("; ")
        return what, mend
    if kind == "literal_error":
        choices = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return f"{_short(value)} is not a choice", near(str(value), choices) or f"write one of {', '.join(choices)}"
    if kind == "string_pattern_mismatch":
        return f"{_short(value)} is not of the form {context['pattern'].strip('^$')}", "write it so"
    bound, mend = BOUNDS.get(kind, ("", ""))
    what = f"wants a number {bound.format(**context)}" if bound else fault["msg"][:1].lower() + fault["msg"][1:]
    return f"{what}, got {_short(value)}", mend


def _lacking(fault: Fault) -> tuple[str, str]:
    """A field that is not there, or items too few or too many; of a triple, pydantic tells each missing item."""
    last, bounds = fault["loc"][-1], fault.get("ctx", {})
    if fault["type"] == "missing" and isinstance(last, str):
        return "is missing", "add it"
    if fault["type"] == "too_long":
        return f"wants at most {bounds['max_length']} items, got {len(fault['input'])}", "remove what is too many"
    least = bounds.get("min_length") or last + len(fault["types"])
    return f"wants at least {least} item{'s' * (least != 1)}, got {len(fault['input'])}", "give all of them"


def _wanted(types: list[str], value: Any, written: str | None) -> tuple[str, str]:
    """Which type a value should have had, and how to write it; a bare value is shown as it was written."""
    shown = written if written is not None and not isinstance(value, str) else _short(value)
    if isinstance(value, str) and len(value) <= LONGEST_FIGURES and FIGURES.fullmatch(value):
        types = ["int_type"] if types == ["model_type"] else types
    if len(types) > 1:
        return f"wants {listed((WANTS[kind][0] for kind in types if kind in WANTS), 'or')}, got {shown}", "write one of them"
    wants, mend = WANTS[types[0]]
    if types == ["string_type"]:
        mend = f'write "{written}", in quotes' if written is not None else "write one text"
    elif types[0] in ("int_type", "float_type", "bool_type") and PLAIN.fullmatch(str(value)) and isinstance(value, str):
        mend = f"write {value} without quotes"
    return f"wants {wants}, got {shown}", mend


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
