"""What every record shares: strict, frozen, no unknown key; and the walk over its stated fields."""

import functools
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from pathdex.schema.values import Plain, Reference

Path = tuple[str | int, ...]
T = TypeVar("T")

Some = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in YAML, kept as a tuple."""


class Record(BaseModel):
    """A strict, frozen piece of an entry. Unknown is left out, never empty or zero."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


def dotted(path: Path) -> str:
    """The path as people write it in `sources`: weights.files.0.bytes."""
    return ".".join(map(str, path))


def stated(value: Any) -> list[tuple[Path, Any]]:
    """Every leaf that an entry states, with its path; receipts and other `Plain` fields included."""
    found: list[tuple[Path, Any]] = []
    _gather(value, (), found, plain_too=True)
    return found


def facts(value: Any) -> list[Path]:
    """The path of every leaf that says something about the world."""
    found: list[tuple[Path, Any]] = []
    _gather(value, (), found, plain_too=False)
    return [path for path, _ in found]


def references(value: Any) -> list[tuple[Path, str, str]]:
    """Every id of another entry, as (path, kind, id)."""
    found: list[tuple[Path, str, str]] = []
    _gather_references(value, (), found)
    return found


def _gather(value: Any, path: Path, found: list[tuple[Path, Any]], plain_too: bool) -> None:
    """A single value is a leaf, and so is a list that says by being empty that there is none."""
    if isinstance(value, BaseModel):
        given = value.model_fields_set
        for name, plain, _ in _fields(type(value)):
            if name in given and (plain_too or not plain):
                _gather(getattr(value, name), (*path, name), found, plain_too)
    elif value and isinstance(value, dict | tuple):
        for part, child in value.items() if isinstance(value, dict) else enumerate(value):
            _gather(child, (*path, part), found, plain_too)
    else:
        found.append((path, value))


def _gather_references(value: Any, path: Path, found: list[tuple[Path, str, str]]) -> None:
    if isinstance(value, BaseModel):
        given = value.model_fields_set
        for name, _, kind in _fields(type(value)):
            if kind and name in given:
                leaves: list[tuple[Path, Any]] = []
                _gather(getattr(value, name), (*path, name), leaves, plain_too=True)
                found += [(where, kind, leaf) for where, leaf in leaves if isinstance(leaf, str)]
            elif name in given:
                _gather_references(getattr(value, name), (*path, name), found)
    elif isinstance(value, dict | tuple):
        for part, child in value.items() if isinstance(value, dict) else enumerate(value):
            _gather_references(child, (*path, part), found)


@functools.cache
def _fields(record: type[BaseModel]) -> tuple[tuple[str, bool, str | None], ...]:
    """Name, whether plain, and kind of reference of each field."""
    return tuple((name, is_plain(record, name), reference_kind(record, name)) for name in record.model_fields)


@functools.cache
def is_plain(record: type[BaseModel], field: str) -> bool:
    """Whether the field states no fact about the world."""
    info = record.model_fields[field]
    return any(isinstance(mark, Plain) for mark in (*info.metadata, *_marks(info.annotation)))


@functools.cache
def reference_kind(record: type[BaseModel], field: str) -> str | None:
    """The kind of entry that the field's ids name, if any."""
    info = record.model_fields[field]
    kinds = [mark.kind for mark in (*info.metadata, *_marks(info.annotation)) if isinstance(mark, Reference)]
    return kinds[0] if kinds else None


def _marks(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        yield from marks
        yield from _marks(inner)
    elif get_origin(annotation) in (Union, types.UnionType, tuple, dict, list, Mapping):
        for part in get_args(annotation):
            yield from _marks(part)
