"""The table and two figures of the post that announces OpenMidnight, redrawn from what the entries state."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Model
from pathdex.writing.drawing.bars import Amount, bars
from pathdex.writing.drawing.picture import Cell, Mark, Picture, Tone, number
from pathdex.writing.drawing.plots import Axis, scatter
from pathdex.writing.scores import number as parsed
from pathdex.writing.specification import quantity

TABLE = "openmidnight-blog"
ABSENT = "not found"
TALL = 620
LEGEND: tuple[tuple[Tone, str], ...] = (
    ("yes", "made by the table’s authors"),
    ("main", "another entry"),
    ("soft", "no entry of the catalog"),
)


@dataclass(frozen=True)
class Row:
    """A row of the post's table with what its model's entry states."""

    label: str
    id: str | None
    model: Model | None
    average: float
    printed: tuple[str, ...]
    own: bool

    @property
    def tone(self) -> Tone:
        """How it is drawn."""
        return "yes" if self.own else "main" if self.model else "soft"

    @property
    def target(self) -> str:
        """Where it leads."""
        return f"models/{self.id}" if self.id else f"results/{TABLE}"

    @property
    def hours(self) -> float | None:
        """Accelerator hours of training."""
        compute = self.model.training.compute if self.model and self.model.training else None
        return compute.gpu_hours if compute else None

    @property
    def accelerator(self) -> str:
        """Kind of accelerator, and how many, as far as stated."""
        compute = self.model.training.compute if self.model and self.model.training else None
        many = f"{compute.gpus} × " if compute and compute.gpus else ""
        return f"{many}{compute.gpu}" if compute and compute.gpu else ""

    @property
    def slides(self) -> tuple[int | None, str]:
        """Slides of training as a number and as written."""
        found = self.model.training.slides if self.model and self.model.training else None
        return (found.value, quantity(found)) if found else (None, ABSENT)


def pictures(catalog: Catalog) -> Iterator[Picture]:
    """The averages as bars, against compute and against slides; nothing where the catalog lacks the table."""
    rows = post(catalog)
    if rows:
        yield _averages(catalog, rows)
        yield _compute(rows)
        yield _slides(rows)


def post(catalog: Catalog) -> list[Row]:
    """The rows of the table, in its order."""
    result, table = catalog.results.get(TABLE), catalog.tables.get(TABLE)
    column = next((name for name, holds in result.columns.items() if holds.average_of), None) if result else None
    if not result or not table or column is None:
        return []
    at, found = table.header.index(column), []
    for cells in table.rows:
        name = result.rows[cells[0]].model
        model = catalog.models.get(name) if name else None
        average = parsed(cells[at])
        if average is not None:
            own = bool(model and set(model.papers) & set(result.papers))
            found.append(Row(cells[0], name if model else None, model, average, cells, own))
    return found


def _averages(catalog: Catalog, rows: list[Row]) -> Picture:
    amounts = [
        Amount(row.label, ((row.tone, row.average, f"{row.label}: {row.average:.3f}"),), f"{row.average:.3f}", row.target)
        for row in rows
    ]
    return Picture(
        "post-averages",
        "The OpenMidnight post: averages",
        "; ".join(f"{row.label} {row.average:.3f}" for row in rows) + ".",
        bars(amounts),
        catalog.tables[TABLE].header,
        tuple((Cell(row.label, row.target), *map(number, row.printed[1:])) for row in rows),
        legend=LEGEND,
        sources=_sources(),
    )


def _sources() -> tuple[tuple[str, str], ...]:
    return ((f"results/{TABLE}", "the table as printed, with remarks"),)


def _compute(rows: list[Row]) -> Picture:
    marks = [_mark(row, row.hours, f"{row.hours:,.0f} hours of {row.accelerator}" if row.hours else "") for row in rows]
    known = [row for row in rows if row.hours]
    return Picture(
        "post-compute",
        "The OpenMidnight post: average and training compute",
        f"Accelerator hours are stated for {len(known)} of {len(rows)} rows: "
        + "; ".join(f"{row.label} {row.average:.3f}, {row.hours:,.0f} hours, {row.accelerator}" for row in known)
        + ". The others stand in a strip at the left.",
        scatter(marks, Axis("Accelerator hours of training", lambda value: f"{value:,.0f}", logarithmic=True), _up(), TALL),
        ("Row", "Average", "Hours", "Accelerators", "Steps", "Batch"),
        tuple(_compute_row(row) for row in rows),
        legend=LEGEND,
        sources=_sources(),
        lacking=_lacking("No accelerator hours found", [row for row in rows if not row.hours]),
    )


def _compute_row(row: Row) -> tuple[Cell, ...]:
    compute = row.model.training.compute if row.model and row.model.training else None
    hours, steps, batch = (compute.gpu_hours, compute.steps, compute.batch) if compute else (None, None, None)
    return (
        Cell(row.label, row.target),
        number(f"{row.average:.3f}"),
        number(f"{hours:,.0f}" if hours else ABSENT),
        Cell(row.accelerator or ABSENT),
        number(text.whole(steps) if steps else ABSENT),
        number(text.whole(batch) if batch else ABSENT),
    )


def _slides(rows: list[Row]) -> Picture:
    return Picture(
        "post-slides",
        "The OpenMidnight post: average and training slides",
        "; ".join(f"{row.label} {row.average:.3f}, {row.slides[1]} slides" for row in rows) + ".",
        scatter(
            [_mark(row, row.slides[0], f"{row.slides[1]} slides") for row in rows],
            Axis("Whole-slide images of training", lambda value: text.count(round(value)), logarithmic=True),
            _up(),
            TALL,
        ),
        ("Row", "Average", "Slides, from the entry", "As the post prints them"),
        tuple(
            (Cell(row.label, row.target), number(f"{row.average:.3f}"), number(row.slides[1]), number(row.printed[1]))
            for row in rows
        ),
        legend=LEGEND,
        sources=_sources(),
        lacking=_lacking("No number of slides found", [row for row in rows if row.slides[0] is None]),
    )


def _mark(row: Row, x: float | None, told: str) -> Mark:
    said = f"{row.label}: average {row.average:.3f}, {told if x else ABSENT}"
    return Mark(x or None, row.average, row.label, said, row.target, row.tone, named=True)


def _up() -> Axis:
    return Axis("Average as printed", lambda value: f"{value:.2f}")


def _lacking(what: str, rows: list[Row]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    return ((what, tuple((row.target, row.label) for row in rows)),) if rows else ()
