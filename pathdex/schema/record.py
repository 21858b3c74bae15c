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


def stated(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf that an entry states, with its path; receipts and other `Plain` fields included."""
    for part, child in _children(value):
        yield from stated(child, (*path, part))
    if _is_leaf(value):
        yield path, value


def facts(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every leaf that says something about the world."""
    for part, child in _children(value):
        if not (isinstance(value, BaseModel) and is_plain(type(value), str(part))):
            yield from facts(child, (*path, part))
    if _is_leaf(value):
        yield path


def _is_leaf(value: Any) -> bool:
    """A single value, or a list that says by being empty that there is none."""
    return value == () or not isinstance(value, BaseModel | Mapping | tuple)


def references(value: Any, path: Path = ()) -> Iterator[tuple[Path, str, str]]:
    """Every id of another entry, as (path, kind, id)."""
    for part, child in _children(value):
        kind = reference_kind(type(value), str(part)) if isinstance(value, BaseModel) else None
        for where, leaf in stated(child, (*path, part)) if kind else ():
            if leaf != ():
                yield where, kind or "", str(leaf)
        if not kind:
            yield from references(child, (*path, part))


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, BaseModel):
        yield from ((name, getattr(value, name)) for name in type(value).model_fields if name in value.model_fields_set)
    elif isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple):
        yield from enumerate(value)


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
