"""How much of the catalog is filled, receipted, disputed, and how old its receipts are."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pathdex.catalog import Catalog
from pathdex.once import once
from pathdex.schema import KINDS, Record
from pathdex.schema.receipt import Receipt, Receipted
from pathdex.schema.record import Path, facts, is_plain


@dataclass(frozen=True)
class Filled:
    """One field of one kind: in how many entries it is stated, receipted and disputed.

    `oldest` is the earliest day on which one of its receipts was opened, as far as receipts say so.
    """

    kind: str
    field: str
    entries: int
    stated: int
    receipted: int
    disputed: int
    oldest: str | None
    lacking: tuple[str, ...]

    @property
    def share(self) -> float:
        """Stated in this part of the entries, from 0 to 1."""
        return self.stated / self.entries if self.entries else 0.0


def coverage(catalog: Catalog) -> list[Filled]:
    """Every field that states facts, and every field of a record in it, kind by kind in the schema's order."""
    return [_filled(catalog, kind, path) for kind, path in _fields() if getattr(catalog, kind)]


def _fields() -> Iterator[tuple[str, tuple[str, ...]]]:
    for kind, record in KINDS.items():
        for field in record.model_fields if issubclass(record, Receipted) else ():
            if not is_plain(record, field):
                inner = _record(record.model_fields[field].annotation)
                yield from ((kind, (field, *part)) for part in ([(name,) for name in inner.model_fields] if inner else [()]))


def _record(annotation: Any) -> type[Record] | None:
    """The record that the field holds as such, not in a list or mapping."""
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((choice for choice in choices if isinstance(choice, type) and issubclass(choice, Record)), None)


def _filled(catalog: Catalog, kind: str, path: tuple[str, ...]) -> Filled:
    entries, receipts = getattr(catalog, kind), _receipts(catalog, kind)
    stating = [name for name, entry in entries.items() if _states(entry, path)]
    disputing = {name for name, entry in entries.items() if any(key.split(".")[: len(path)] == [*path] for key in entry.disputed)}
    found = {name: receipts[name].get(path, []) for name in stating}
    days = [receipt.retrieved for several in found.values() for receipt in several if receipt.retrieved]
    return Filled(
        kind,
        ".".join(path),
        entries=len(entries),
        stated=len(stating),
        receipted=sum(bool(several) or name in disputing for name, several in found.items()),
        disputed=len(disputing),
        oldest=min(days, default=None),
        lacking=tuple(name for name in entries if name not in stating),
    )


def _states(entry: Record, path: tuple[str, ...]) -> bool:
    field, *rest = path
    inner = getattr(entry, field)
    return field in entry.model_fields_set and (not rest or (inner is not None and _states(inner, tuple(rest))))


@once
def _receipts(catalog: Catalog, kind: str) -> dict[str, dict[Path, list[Receipt]]]:
    """The receipts of each entry by field, and by field and part of it."""
    return {name: _by_field(entry) for name, entry in getattr(catalog, kind).items()}


def _by_field(entry: Receipted) -> dict[Path, list[Receipt]]:
    found: dict[Path, list[Receipt]] = {}
    for fact in facts(entry):
        receipts = entry.receipts_for(fact)
        for length in (1, 2) if len(fact) > 1 else (1,):
            found.setdefault(fact[:length], []).extend(receipts)
    return found
