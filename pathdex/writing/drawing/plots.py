"""Points in a frame, with names where there is room for them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pathdex.writing.drawing.picture import Mark, Placed, Plot, Tick
from pathdex.writing.drawing.scales import Scale, spanning

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 880, 64, 16, 30, 52
GUTTER = 190
"""Width of the strip for points whose place across is not known."""
GLYPH = 6.6
"""Mean width of a letter of a name, in pixels."""
LINE = 13.0
ROWS = (4.0, -5.0, 13.0, *(float(sign * off) for off in range(20, 220, 8) for sign in (1, -1)))
"""How far below the mark a name may stand, the best first; from the far ones a line leads back."""

Box = tuple[float, float, float, float]
Spot = tuple[float, float, bool]
"""Where a name begins, or ends if true."""


@dataclass(frozen=True)
class Axis:
    """What an axis says, how it writes a value, and whether it goes by logarithms."""

    says: str
    write: Callable[[float], str]
    logarithmic: bool = False


def scatter(
    marks: Sequence[Mark],
    across: Axis,
    up: Axis,
    height: int = 460,
    lines: Iterable[tuple[str, Sequence[tuple[float, float]]]] = (),
) -> Plot:
    """Marks at their values; those without a value across stand in a strip at the left. Lines are given in values."""
    is_open = any(mark.x is None for mark in marks)
    left = LEFT + (GUTTER if is_open else 0)
    known = [mark.x for mark in marks if mark.x is not None]
    x = spanning(known, left, WIDTH - RIGHT, across.logarithmic)
    y = spanning([mark.y for mark in marks], height - BOTTOM, TOP, up.logarithmic)
    places = [(LEFT + 12.0 if mark.x is None else x(mark.x), y(mark.y)) for mark in marks]
    drawn = tuple((tone, _points(points, x, y)) for tone, points in lines)
    frame = (WIDTH, height, LEFT, TOP, WIDTH - RIGHT, height - BOTTOM)
    gutter = left - 8.0 if is_open else None
    return Plot(
        *frame, across.says, up.says, _ticks(x, across), _ticks(y, up), named(marks, places, height - BOTTOM), drawn, gutter
    )


def _ticks(scale: Scale, axis: Axis) -> tuple[Tick, ...]:
    return tuple(Tick(scale(value), axis.write(value)) for value in scale.ticks())


def _points(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return " ".join(f"{_within(x(across), x):g},{_within(y(up), y):g}" for across, up in points)


def _within(pixel: float, scale: Scale) -> float:
    """A pixel no farther out than the frame."""
    return min(max(pixel, min(scale.start, scale.end)), max(scale.start, scale.end))


def named(marks: Sequence[Mark], places: Sequence[tuple[float, float]], bottom: float) -> tuple[Placed, ...]:
    """Marks in their places; those to be named get a place for it that covers nothing, or show it only when pointed at."""
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    found = []
    for mark, (x, y) in zip(marks, places, strict=True):
        spots = _spots(mark, x, y, bottom)
        free = next((spot for spot in spots if not any(_overlap(_box(mark, spot), box) for box in taken)), None)
        name_x, name_y, is_end = free or spots[0]
        if mark.named and free:
            taken.append(_box(mark, free))
        found.append(Placed(mark, x, y, name_x, name_y, "end" if is_end else "start", mark.named and free is not None))
    return tuple(found)


def _spots(mark: Mark, x: float, y: float, bottom: float) -> list[Spot]:
    """Places for a name, the nearest first: beside, above and below the mark, on the sides where it stays in the
    frame. In the strip, where marks come from the highest down, names keep their order by never standing above.
    """
    rows = [round(y + lower, 1) for lower in ROWS if y + lower < bottom - 3 and (lower > 0 or mark.x is not None)]
    width = 9 + GLYPH * len(mark.name)
    after = [(round(x + 9, 1), row, False) for row in rows]
    before = [(round(x - 9, 1), row, True) for row in rows]
    is_inside = mark.x is not None and x - width >= LEFT
    found = [*(after if x + width <= WIDTH - RIGHT else []), *(before if is_inside else [])] or after
    return sorted(found, key=lambda spot: abs(spot[1] - y - ROWS[0]))


def _box(mark: Mark, spot: Spot) -> Box:
    x, y, is_end = spot
    width = GLYPH * len(mark.name)
    start = x - width if is_end else x
    return (start, y - LINE + 3, start + width, y + 2)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
