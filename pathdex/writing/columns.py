"""Tables that people search and sort: columns of bare values, packed small, and written for people in one way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pathdex import text

UNKNOWN = "not known"


@dataclass(frozen=True)
class Column:
    """One column: a value for each row, None or () where there is none.

    `kind` says what a value is: text, number, one choice of few, or several choices. `note` is a second, quiet line of some
    cells, by row. `bins` parts numbers for a facet: label, lowest value and the first that is too large. `leads` is the part of
    the row's page that the cell leads to.
    """

    key: str
    label: str
    kind: Literal["text", "number", "choice", "choices"]
    values: Sequence[Any]
    written: Literal["plain", "count", "giga", "size"] = "plain"
    shown: bool = False
    narrow: bool = False
    facet: bool = False
    words: bool = False
    searched: bool = False
    bins: tuple[tuple[str, float, float | None], ...] = ()
    natural: bool = False
    lacking: str = UNKNOWN
    leads: str = ""
    about: str = ""
    note: Mapping[int, str] = field(default_factory=dict)

    def cell(self, row: int) -> str:
        """The value as people read it, "–" where there is none."""
        value = self.values[row]
        if value is None or value == ():
            return "–"
        if self.kind == "choices":
            return ", ".join(value)
        return WRITERS[self.written](value) if self.kind == "number" else str(value)


WRITERS: Mapping[str, Any] = {"plain": lambda value: f"{value:g}", "count": text.count, "giga": text.giga, "size": text.size}


def packed(ids: Sequence[str], columns: Iterable[Column]) -> dict[str, Any]:
    """The table as plain data: choices as places in a list of names, flags and texts only where they say something."""
    return {"ids": list(ids), "columns": [_packed(column) for column in columns]}


def _packed(column: Column) -> dict[str, Any]:
    said: dict[str, Any] = {"key": column.key, "label": column.label, "kind": column.kind}
    said |= {name: True for name in ("shown", "narrow", "facet", "words", "searched", "natural") if getattr(column, name)}
    said |= {name: getattr(column, name) for name in ("leads", "about") if getattr(column, name)}
    if column.written != "plain":
        said["written"] = column.written
    if column.lacking != UNKNOWN:
        said["lacking"] = column.lacking
    if column.bins:
        said["bins"] = [list(part) for part in column.bins]
    if column.note:
        said["note"] = {str(row): note for row, note in column.note.items()}
    if column.kind in ("text", "number"):
        return {**said, "values": list(column.values)}
    names = _names(column)
    places = {name: place for place, name in enumerate(names)}
    return {**said, "names": names, "values": [_places(value, places) for value in column.values]}


def _names(column: Column) -> list[str]:
    """Every name that occurs, in order: as numbers where they begin with one, else of the alphabet."""
    several = column.kind == "choices"
    found = {name for value in column.values if value for name in (value if several else (value,))}
    return sorted(found, key=lambda name: (*_leading(name), name.casefold(), name))


def _leading(name: str) -> tuple[float]:
    number = name.rstrip("×")
    return (float(number),) if number.replace(".", "", 1).isdigit() else (float("inf"),)


def _places(value: Any, places: Mapping[str, int]) -> Any:
    """A choice as its place, several as a list of places; one of several as the place alone, to be short."""
    if value is None or value == ():
        return None
    if isinstance(value, tuple):
        found = [places[name] for name in value]
        return found[0] if len(found) == 1 else found
    return places[value]
