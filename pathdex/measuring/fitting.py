"""How stored tensors fit a module, name by name and shape by shape."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from pathdex.hindrance import Hindered
from pathdex.schema.measured import Fit
from pathdex.schema.model import Loader

T = TypeVar("T")
SHOWN = 12
"""Examples that are kept of tensors that do not fit."""


def used(loader: Loader, names: Iterable[str]) -> dict[str, str]:
    """Stored names that the recipe uses, each with its name below the recipe's prefix."""
    prefix = loader.prefix or ""
    below = {name: name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    return {stored: name for stored, name in below.items() if not any(fnmatchcase(name, left) for left in loader.unused)}


def together(loader: Loader, files: Iterable[tuple[str, Mapping[str, T]]]) -> dict[str, T]:
    """The tensors of several files, each with its name, as of one; raises `Hindered` where two have one that the recipe uses."""
    found: dict[str, T] = {}
    owner: dict[str, str] = {}
    for file, stored in files:
        if twice := [name for name in used(loader, stored) if name in owner]:
            told = f"{owner[twice[0]]} and {file} both hold {_plain(twice[0])}"
            raise Hindered("mismatch", f"{told}; name the file that is meant under loader.file")
        found |= stored
        owner |= dict.fromkeys(stored, file)
    return found


def fit(wanted: Mapping[str, Any], stored: Mapping[str, Any]) -> Fit:
    """Compare what a module wants with what a file gives; both are tensors by the module's names.

    Integers where the module has fractions count as another shape.
    """
    missing = [name for name in wanted if name not in stored]
    unexpected = [name for name in stored if name not in wanted]
    both = [name for name in wanted if name in stored]
    misshapen = [name for name in both if not _fits(wanted[name], stored[name])]
    told = [f"{_plain(name)}: the file has {_shape(stored[name])}, the module {_shape(wanted[name])}" for name in misshapen]
    told += [f"{name}: not in the file" for name in missing]
    told += [f"{_plain(name)}: no place in the module" for name in unexpected]
    return Fit(
        matched=len(both) - len(misshapen),
        missing=len(missing),
        unexpected=len(unexpected),
        misshapen=len(misshapen),
        examples=tuple(told[:SHOWN]),
    )


def complaint(found: Fit, wanted: Mapping[str, Any], stored: Iterable[str]) -> str:
    """What does not fit, in one line; empty when all does."""
    counts = (
        (found.missing, "missing from the file"),
        (found.unexpected, "without a place in the module"),
        (found.misshapen, "of another shape"),
    )
    told = ", ".join(f"{number} {words}" for number, words in counts if number)
    hint = _hint(wanted, stored) if found.matched == 0 else ""
    return f"{told} of {len(wanted)} tensors ({found.examples[0]}){hint}" if told else ""


def _hint(wanted: Mapping[str, Any], stored: Iterable[str]) -> str:
    """The prefix under which a file has what the module wants, where the recipe names none or another."""
    first = next(iter(wanted), "")
    prefixes = {name.removesuffix(first) for name in stored if first and name.endswith(f".{first}")}
    return f"; set loader.prefix: {min(prefixes, key=len)}" if prefixes else ""


def _fits(wanted: Any, stored: Any) -> bool:
    """Whether shapes are the same, and no integers, such as quantised weights, stand where fractions belong."""
    same = tuple(wanted.shape) == tuple(stored.shape)
    return same and (stored.is_floating_point() or not wanted.is_floating_point())


def _plain(name: str) -> str:
    """A name from a file as part of one line, however it was made."""
    return "".join(mark if mark.isprintable() else "?" for mark in name[:200])


def _shape(tensor: Any) -> str:
    shape = "x".join(map(str, tensor.shape)) or "a scalar"
    return shape if tensor.is_floating_point() else f"{shape} of {str(tensor.dtype).removeprefix('torch.')}"
