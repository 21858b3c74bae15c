"""Descent between models, in both directions."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathdex.catalog import Catalog

PHRASES = {
    "initialised_from": ("initialised from", "starting point of"),
    "distilled_from": ("distilled from", "teacher of"),
    "uses_encoder": ("reads embeddings of", "encoder of"),
    "supersedes": ("supersedes", "superseded by"),
}
"""Field of `lineage` to how it is said of the child, and of the parent."""


@dataclass(frozen=True)
class Relation:
    """One step of descent, seen from one of its ends."""

    phrase: str
    model: str


def relations(catalog: Catalog, name: str) -> list[Relation]:
    """Every model that this one comes from, then every model that comes from it."""
    up = [Relation(PHRASES[field][0], parent) for field, child, parent in _steps(catalog) if child == name]
    return up + [Relation(PHRASES[field][1], child) for field, child, parent in _steps(catalog) if parent == name]


def ancestors(catalog: Catalog, name: str) -> list[str]:
    """Models whose weights or embeddings this one carries on, directly or through others, in order of distance."""
    found: list[str] = []
    waiting = list(_carried(catalog, name))
    while waiting:
        parent = waiting.pop(0)
        if parent not in found:
            found.append(parent)
            waiting += _carried(catalog, parent)
    return found


def _carried(catalog: Catalog, name: str) -> Iterator[str]:
    """Models that this one carries on directly."""
    model = catalog.models.get(name)
    for field in PHRASES if model and model.lineage else ():
        if model and field != "supersedes":
            yield from (parent for parent in getattr(model.lineage, field) if parent in catalog.models)


def _steps(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Field, child and parent of every step."""
    for child, model in catalog.models.items():
        for field in PHRASES if model.lineage else ():
            for parent in getattr(model.lineage, field):
                yield field, child, parent
