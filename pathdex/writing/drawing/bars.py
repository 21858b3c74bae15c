"""Bars one below the other, each from parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from pathdex.writing.drawing.picture import Bar, Bars, Segment, Tone
from pathdex.writing.drawing.plots import GLYPH, WIDTH

THICK, ROW, RIGHT = 15, 26, 74
LONGEST = 44
"""Letters of a name beyond which it is cut; it stands in full in the table."""


@dataclass(frozen=True)
class Amount:
    """One bar to be: name, parts as (tone, value, the part in words), what stands at its end, and the page it leads to."""

    name: str
    parts: tuple[tuple[Tone, float, str], ...]
    text: str
    target: str = ""

    @property
    def whole(self) -> float:
        """All parts together."""
        return sum(value for _, value, _ in self.parts)


def bars(amounts: Sequence[Amount]) -> Bars:
    """Bars from zero, all on one scale."""
    left = round(24 + GLYPH * max((len(_short(amount.name)) for amount in amounts), default=0), 1)
    most = max((amount.whole for amount in amounts), default=0) or 1
    unit = (WIDTH - left - RIGHT) / most
    drawn = tuple(_bar(amount, number, left, unit) for number, amount in enumerate(amounts))
    return Bars(WIDTH, ROW * len(amounts) + 6, left, THICK, drawn)


def _bar(amount: Amount, number: int, left: float, unit: float) -> Bar:
    segments, x = [], left
    for tone, value, told in amount.parts:
        segments.append(Segment(tone, round(x, 1), round(unit * value, 1), told))
        x += unit * value
    return Bar(_short(amount.name), amount.target, ROW * number + 5.0, tuple(segments), round(x, 1), amount.text)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"
