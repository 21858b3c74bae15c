"""Descent between models, in both directions."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathdex.catalog import Catalog
from pathdex.once import once

PHRASES = {
    "initialised_from": ("initialised from", "starting point of"),
    "distilled_from": ("distilled from", "teacher of"),
    "uses_encoder": ("reads embeddings of", "encoder of"),
    "supersedes": ("supersedes", "superseded by"),
}
"""Field of `lineage` to how it is said of the child, and of the parent."""

Steps = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Relation:
    """One step of descent, seen from one of its ends."""

    phrase: str
    model: str


def relations(catalog: Catalog, name: str) -> list[Relation]:
    """Every model that this one comes from, then every model that comes from it."""
    up, down = _around(catalog)
    return [
        *(Relation(PHRASES[field][0], parent) for field, parent in up.get(name, ())),
        *(Relation(PHRASES[field][1], child) for field, child in down.get(name, ())),
    ]


Step = tuple[str, str, str]
"""Field, child and parent."""


@once
def steps(catalog: Catalog) -> list[Step]:
    """Every step of descent."""
    return list(_steps(catalog))


def family(known: list[Step], name: str) -> list[Step]:
    """The steps that lead to a model from all that it comes from, and from it to all that comes from it."""
    above: dict[str, list[Step]] = {}
    below: dict[str, list[Step]] = {}
    for step in known:
        above.setdefault(step[1], []).append(step)
        below.setdefault(step[2], []).append(step)
    found: dict[Step, None] = {}
    for nearest, end in ((above, 2), (below, 1)):
        waiting, seen = [name], {name}
        while waiting:
            for step in nearest.get(waiting.pop(0), ()):
                found[step] = None
                if step[end] not in seen:
                    seen.add(step[end])
                    waiting.append(step[end])
    return list(found)


@once
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


@once
def _around(catalog: Catalog) -> tuple[Steps, Steps]:
    """Each model's steps up, as field and parent, and each model's steps down, as field and child."""
    up: Steps = {}
    down: Steps = {}
    for field, child, parent in _steps(catalog):
        up.setdefault(child, []).append((field, parent))
        down.setdefault(parent, []).append((field, child))
    return up, down


def _steps(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    """Field, child and parent of every step."""
    for child, model in catalog.models.items():
        for field in PHRASES if model.lineage else ():
            for parent in getattr(model.lineage, field):
                yield field, child, parent
