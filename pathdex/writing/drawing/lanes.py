"""Points stacked by quarter in lanes, so that none covers another."""

from collections.abc import Mapping, Sequence

from pathdex.writing.drawing.picture import Mark, Placed, Plot, Tick
from pathdex.writing.drawing.plots import GLYPH

CELL = 24
"""Width and height of the room of a point: what a finger hits."""
LEFT, RIGHT, TOP, BOTTOM, GAP = 132, 100, 10, 40, 12

Dated = tuple[str, Mark]
"""A partial date and what stands there."""


def timeline(lanes: Mapping[str, Sequence[Dated]]) -> Plot:
    """Each lane's marks stacked upwards by quarter; a year alone has a column after its quarters."""
    columns = _columns([date for marks in lanes.values() for date, _ in marks])
    placed: list[Placed] = []
    labels, y, right = [], float(TOP), LEFT + CELL * len(columns)
    for lane, marks in lanes.items():
        stacks = _stacks(marks)
        bottom = y + CELL * max(map(len, stacks.values()), default=1)
        labels.append(Tick(bottom - CELL / 2, lane))
        for key, stack in stacks.items():
            x = LEFT + CELL * (columns.index(key) + 0.5)
            placed += [_placed(mark, x, bottom - CELL * (number + 0.5), right) for number, mark in enumerate(stack)]
        y = bottom + GAP
    frame = (right + RIGHT, int(y + BOTTOM), LEFT, TOP, right, y - GAP + 6)
    starts = tuple(Tick(LEFT + CELL * columns.index(key), key[:4]) for key in columns if key.endswith("Q1"))
    return Plot(*frame, "Released, by quarter", "", starts, tuple(labels), tuple(placed))


def _columns(dates: Sequence[str]) -> list[str]:
    """Every quarter from the first year to the last, and after the quarters of a year, where needed, the year alone."""
    keys = {_key(date) for date in dates}
    found = sorted({int(key[:4]) for key in keys})
    every = (f"{year}{part}" for year in _all(found) for part in ("Q1", "Q2", "Q3", "Q4", "~"))
    return [key for key in every if "Q" in key or key in keys]


def _all(years: Sequence[int]) -> range:
    return range(years[0], years[-1] + 1) if years else range(0)


def _key(date: str) -> str:
    year, *rest = date.split("-")
    return f"{year}Q{(int(rest[0]) + 2) // 3}" if rest else f"{year}~"


def _stacks(marks: Sequence[Dated]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for date, mark in sorted(marks, key=lambda item: (item[0], item[1].name.lower(), item[1].target)):
        found.setdefault(_key(date), []).append(mark)
    return found


def _placed(mark: Mark, x: float, y: float, right: float) -> Placed:
    is_end = x + 12 + GLYPH * len(mark.name) > right + RIGHT
    return Placed(mark, x, y, x - 12 if is_end else x + 12, y + 4, "end" if is_end else "start", named=False)
