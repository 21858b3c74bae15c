"""What a file of weights holds, by name: type and shape, without its numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal, TypeVar

Leaf = TypeVar("Leaf")
LONGEST_PATH = 1000
"""Characters of a tensor's name with all that it lies in."""
Format = Literal["safetensors", "torch-zip", "torch-legacy"]
TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
"""Names of safetensors to those of torch; others stay as they are."""
BYTES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
}
"""Bytes of one number, of the types that old files of torch have."""


@dataclass(frozen=True)
class Place:
    """Where a tensor's numbers lie in a torch file: record, first element, and strides in elements."""

    record: str
    offset: int
    strides: tuple[int, ...]

    def below(self, name: str) -> "Place":
        """The same place in one file among several."""
        return replace(self, record=f"{name}/{self.record}")


@dataclass(frozen=True)
class Tensor:
    """One stored tensor; `dtype` is torch's name."""

    dtype: str
    shape: tuple[int, ...]
    place: Place | None = None

    @property
    def elements(self) -> int:
        """How many numbers."""
        return prod(self.shape)


@dataclass(frozen=True)
class Index:
    """The tensors of one file by dotted path, and the classes that its pickle names beside those of tensors."""

    format: Format
    tensors: Mapping[str, Tensor]
    classes: tuple[str, ...] = field(default=())

    def below(self, name: str) -> "Index":
        """The same with a name before those of its tensors and records, as those of one file among several."""
        found = {f"{name}.{path}": replace(one, place=one.place and one.place.below(name)) for path, one in self.tensors.items()}
        return Index(self.format, found, self.classes)

    @property
    def dtypes(self) -> dict[str, int]:
        """Elements by type, the greatest part first."""
        found: dict[str, int] = {}
        for tensor in self.tensors.values():
            found[tensor.dtype] = found.get(tensor.dtype, 0) + tensor.elements
        return {dtype: found[dtype] for dtype in sorted(found, key=lambda dtype: (-found[dtype], dtype)) if found[dtype]}


def flat(tree: object, leaf: type[Leaf], path: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every leaf below nested mappings and lists, with its dotted path; whatever else is met is passed over.

    Raises `ValueError` for a path that is no name any more.
    """
    if len(path) > LONGEST_PATH:
        raise ValueError("a name that is none")
    if isinstance(tree, leaf):
        yield path, tree
    elif isinstance(tree, Mapping | list | tuple):
        for key, value in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
            yield from flat(value, leaf, f"{path}.{key}" if path else str(key))
