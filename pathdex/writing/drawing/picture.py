"""What a picture is made of: what it shows, in words too, and the table of its numbers."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["main", "yes", "no", "open", "soft"]
"""How a mark looks; shape and fill differ as well as colour."""


@dataclass(frozen=True)
class Mark:
    """One point: `x` is None where it is not known, `told` is the point in words, `target` the folder of the page it leads to."""

    x: float | None
    y: float
    name: str
    told: str
    target: str = ""
    tone: Tone = "main"
    named: bool = False


@dataclass(frozen=True)
class Tick:
    """A written value of an axis and where it stands."""

    at: float
    text: str


@dataclass(frozen=True)
class Placed:
    """A mark with its place and the place of its name."""

    mark: Mark
    x: float
    y: float
    name_x: float
    name_y: float
    anchor: Literal["start", "end"]
    named: bool

    @property
    def far(self) -> bool:
        """Whether the name stands so far off that a line must lead to it."""
        return self.named and abs(self.name_y - 4 - self.y) > 12


@dataclass(frozen=True)
class Plot:
    """Points in a frame; lengths in pixels from the upper left corner."""

    width: int
    height: int
    left: float
    top: float
    right: float
    bottom: float
    across: str
    up: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    placed: tuple[Placed, ...]
    lines: tuple[tuple[str, str], ...] = ()
    """Class and points of each line."""
    gutter: float | None = None
    """Right end of the strip at the left that holds points whose `x` is not known."""


@dataclass(frozen=True)
class Segment:
    """A part of a bar."""

    tone: Tone
    x: float
    width: float
    told: str


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its parts, and what stands at its end."""

    name: str
    target: str
    y: float
    segments: tuple[Segment, ...]
    end: float
    text: str


@dataclass(frozen=True)
class Bars:
    """Bars one below the other."""

    width: int
    height: int
    left: float
    thick: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Cell:
    """A cell of the table behind a picture."""

    text: str
    target: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Picture:
    """A drawing with its title, a description in place of it, the table behind it, legend and sources."""

    id: str
    title: str
    described: str
    drawing: Plot | Bars
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    legend: tuple[tuple[Tone, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    """Folder and name of each page that the numbers come from."""
    said: str = ""
    """What the reader must know of this one; what holds for all of a kind stands in the template."""
    lacking: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """What could not be found, and the pages, as folder and name, that lack it."""

    @property
    def is_plot(self) -> bool:
        """Whether it has axes."""
        return isinstance(self.drawing, Plot)

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns of the table hold numbers."""
        return tuple(cell.is_number for cell in self.rows[0]) if self.rows else tuple(False for _ in self.header)


def number(text: str) -> Cell:
    """A cell that holds a number."""
    return Cell(text, is_number=True)
