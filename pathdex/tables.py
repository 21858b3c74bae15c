"""Tables of printed cells, from CSV."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from pathdex.reading import Unreadable


@dataclass(frozen=True)
class Table:
    """A published table: every cell is text, as printed; the first column names the models, wherever the source has them."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def arranged(self, label: str, models_in: str) -> "Table":
        """The table with the column `label` first, turned when its models stand in columns; unchanged without such a column."""
        if label not in self.header:
            return self
        at = self.header.index(label)
        grid = [(line[at], *line[:at], *line[at + 1 :]) for line in (self.header, *self.rows)]
        header, *rows = zip(*grid, strict=True) if models_in == "columns" else grid
        return Table(header, tuple(rows))

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Row label, column header and printed text of every cell but the labels."""
        for label, *values in self.rows:
            for column, value in zip(self.header[1:], values, strict=True):
                yield label, column, value


def parsed(text: str) -> Table:
    """A header and rows of as many cells; raises `Unreadable`."""
    rows: list[tuple[str, ...]] = []
    reader, line = csv.reader(io.StringIO(text), strict=True), 1
    try:
        for row in reader:
            rows.append(tuple(row))
            if len(row) != len(rows[0]):
                raise Unreadable(f"has {len(row)} cells, the header {len(rows[0])}", "give each column a cell", line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"is not a table ({error})", "write a header and rows, separated by commas", line) from error
    if not rows or not rows[0]:
        raise Unreadable("has no header", "write a header and rows, separated by commas")
    return Table(rows[0], tuple(rows[1:]))
