"""What is disputed is told in full, and the judgement is what the entry states."""

from collections.abc import Iterator
from typing import Any

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema.quantity import Count
from pathdex.schema.receipt import Receipted


def judgement_is_stated(catalog: Catalog) -> Iterator[Problem]:
    """A field in dispute states the value that was judged right, or nothing while that is open."""
    for kind, name, record in catalog.entries():
        for field, dispute in record.disputed.items() if isinstance(record, Receipted) else ():
            value = _value(record, field)
            if value != dispute.judged:
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
            record = getattr(record, part, None)
    if isinstance(record, Count):
        return record.value
    return ", ".join(map(str, record)) or None if isinstance(record, tuple) else record


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
