"""Scales: from a value to its place in pixels, and the values that an axis writes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on the pixels from `start` to `end`; by their logarithm, if so asked."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value, to a tenth."""
        low, high, at = (math.log10(part) if self.logarithmic else part for part in (self.low, self.high, value))
        return round(self.start + (self.end - self.start) * (at - low) / (high - low), 1)

    def ticks(self, most: int = 7) -> list[float]:
        """Round values inside the scale: powers of ten, or equal steps, at most about `most`."""
        return self._powers(most) if self.logarithmic else self._steps(most)

    def _powers(self, most: int) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        factors = (1, 2, 5) if len(exponents) <= most // 2 + 1 else (1,)
        return [value for power in exponents for factor in factors if self.low <= (value := factor * 10.0**power) <= self.high]

    def _steps(self, most: int) -> list[float]:
        step = _step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) for number in range(first, last + 1)]


def _step(least: float) -> float:
    """The smallest round step that is not below `least`."""
    size: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * size for factor in STEPS if factor * size >= least * (1 - 1e-9))


def spanning(values: Sequence[float], start: float, end: float, logarithmic: bool = False) -> Scale:
    """A scale that holds all values with a margin; of logarithms, the margin is a factor."""
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    if logarithmic:
        return Scale(low / 1.6, high * 1.6, start, end, logarithmic=True)
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return Scale(low - margin, high + margin, start, end)


def years(date: str) -> float:
    """A partial date as a number of years, in the middle of what it leaves open: 2024 is 2024.5."""
    year, month, day = [*map(int, date.split("-")), 0, 0][:3]
    if not month:
        return year + 0.5
    return round(year + (month - 1) / 12 + ((day - 0.5) / 31 if day else 0.5) / 12, 4)
