"""Descent as lines beside a list: one row a model, parents above children, a rail from each parent down to its children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pathdex.relations.lineage import Step

ROW, RAIL, LEFT, TOP, BEND = 30, 13, 9, 18, 7
"""Height of a row, width of a rail, margins, and radius of a bend; all in pixels."""
LONGEST = 34
"""Letters of a name beyond which it is cut, so that a narrow phone shows it."""


@dataclass(frozen=True)
class Node:
    """One model: where its dot stands, and whether it is the one that the page is about."""

    id: str
    name: str
    about: str
    x: float
    y: float
    is_self: bool


@dataclass(frozen=True)
class Rail:
    """From one parent down to its children by one kind of step."""

    field: str
    path: str


@dataclass(frozen=True)
class Descent:
    """The whole drawing; lengths in pixels."""

    height: int
    nodes: tuple[Node, ...]
    rails: tuple[Rail, ...]
    fields: tuple[str, ...]
    """The kinds of steps there are."""


def descent(name: str, steps: Sequence[Step], named: Mapping[str, tuple[str, str, str]]) -> Descent:
    """`named` gives each model's date, name, and what is said beside it. Of equally far ones the older stands above."""
    order = _ordered(steps, {model: named[model][:2] for model in {name, *(one for step in steps for one in step[1:])}})
    rows = {model: number for number, model in enumerate(order)}
    spans: dict[tuple[str, str], list[int]] = {}
    for field, child, parent in steps:
        spans.setdefault((parent, field), []).append(rows[child])
    lanes = _lanes({key: (rows[key[0]], max(ends)) for key, ends in spans.items()})
    x = LEFT + RAIL * (max(lanes.values(), default=-1) + 1) + BEND
    nodes = tuple(
        Node(model, _short(named[model][1]), named[model][2], x, TOP + ROW * number, model == name)
        for model, number in rows.items()
    )
    rails = tuple(
        Rail(key[1], _path(x, x - BEND - RAIL * (lanes[key] + 1) + RAIL / 2, rows[key[0]], sorted(set(ends))))
        for key, ends in spans.items()
    )
    return Descent(TOP * 2 + ROW * (len(order) - 1), nodes, rails, tuple(dict.fromkeys(field for field, _, _ in steps)))


def _ordered(steps: Sequence[Step], dates: Mapping[str, tuple[str, str]]) -> list[str]:
    """Parents before children, whatever the dates say; a circle, which a check refuses elsewhere, is cut."""
    left = {model: {parent for _, child, parent in steps if child == model and parent != model} for model in dates}
    order: list[str] = []
    while left:
        free = [model for model, parents in left.items() if not parents & left.keys()] or list(left)
        first = min(free, key=lambda model: (dates[model], model))
        order.append(first)
        del left[first]
    return order


def _lanes(spans: Mapping[tuple[str, str], tuple[int, int]]) -> dict[tuple[str, str], int]:
    """A lane for each rail, short ones nearest to the names; rails that overlap have lanes of their own."""
    lanes: dict[tuple[str, str], int] = {}
    for key, (start, end) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[1], item[0])):
        taken = {lanes[other] for other in lanes if spans[other][0] < end and start < spans[other][1]}
        lanes[key] = next(lane for lane in range(len(lanes) + 1) if lane not in taken)
    return lanes


def _path(x: float, rail: float, start: int, ends: list[int]) -> str:
    """Left from the parent, down the rail, and right to each child, with round bends."""
    top, bottom = TOP + ROW * start, TOP + ROW * ends[-1]
    lines = [f"M{x:g} {top}H{rail + BEND:g}Q{rail:g} {top} {rail:g} {top + BEND}V{bottom - BEND}"]
    lines += [f"M{rail:g} {y - BEND}Q{rail:g} {y} {rail + BEND:g} {y}H{x - 7:g}" for y in (TOP + ROW * end for end in ends)]
    return "".join(lines)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"
