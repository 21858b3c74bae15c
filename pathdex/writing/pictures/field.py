"""Pictures of the field: releases over time, models by year and by organisation, tables by suite."""

from collections import Counter
from collections.abc import Mapping

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Model
from pathdex.writing.comparison import rung
from pathdex.writing.drawing.bars import Amount, bars
from pathdex.writing.drawing.lanes import timeline
from pathdex.writing.drawing.picture import Cell, Mark, Picture, Tone, number
from pathdex.writing.scores import scores

ACCESS: dict[str, tuple[Tone, str]] = {
    "open": ("main", "weights open"),
    "gated": ("open", "weights behind a form"),
    "request": ("open", "weights on request"),
    "none": ("soft", "weights not released"),
}
LEGEND: tuple[tuple[Tone, str], ...] = (
    ("main", "weights open"),
    ("open", "weights behind a form or on request"),
    ("soft", "weights not released"),
)
COUNTED: tuple[tuple[Tone, str], ...] = (("main", "counted by the job"), ("soft", "not counted"))
LEAST = 3
"""An organisation with fewer models stands in the table only."""


def _spoken(kind: str) -> str:
    return kind.replace("-", " ").replace("llm", "LLM")


def releases(catalog: Catalog) -> Picture:
    """Every model with a date, in lanes by kind."""
    dated = {name: model for name, model in catalog.models.items() if model.released}
    lanes: dict[str, list[tuple[str, Mark]]] = {
        _spoken(kind): [] for kind, _ in Counter(model.kind for model in dated.values()).most_common()
    }
    for name, model in dated.items():
        lanes[_spoken(model.kind)].append((model.released or "", _released(name, model)))
    undated = tuple((f"models/{name}", model.name) for name, model in catalog.models.items() if not model.released)
    return Picture(
        "releases",
        "Releases over time",
        f"{len(dated)} models by the quarter of their release, in {len(lanes)} lanes by kind. {_most(lanes)}",
        timeline(lanes),
        ("Model", "Kind", "Released", "Weights"),
        tuple(
            (Cell(model.name, f"models/{name}"), Cell(model.kind), Cell(model.released or ""), Cell(model.weights.access))
            for name, model in sorted(dated.items(), key=lambda item: (item[1].released or "", item[1].name.lower()))
        ),
        legend=LEGEND,
        lacking=(("No date of release found", undated),) if undated else (),
    )


def _released(name: str, model: Model) -> Mark:
    tone, access = ACCESS[model.weights.access]
    told = f"{model.name}, released {text.date(model.released or '')}, {access}"
    return Mark(0.0, 0.0, model.name, told, f"models/{name}", tone)


def _most(lanes: Mapping[str, list[tuple[str, Mark]]]) -> str:
    years = Counter(date[:4] for marks in lanes.values() for date, _ in marks)
    return "; ".join(f"{year}: {found}" for year, found in sorted(years.items())) + "."


def by_year(catalog: Catalog) -> Picture:
    """How many models of each year the catalog has, and how many of them the job could count."""
    found: dict[str, list[str]] = {}
    for name, model in sorted(catalog.models.items(), key=lambda item: item[1].released or "9999"):
        found.setdefault(model.released[:4] if model.released else "no date", []).append(name)
    return _counts(catalog, found, ("years", "Coverage by year", "Year"))


def by_organisation(catalog: Catalog) -> Picture:
    """The same for those who made them; a model of several organisations counts for each."""
    found: dict[str, list[str]] = {}
    for name, model in catalog.models.items():
        for organisation in model.organizations:
            found.setdefault(organisation, []).append(name)
    ordered = dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0].lower())))
    said = f"Those with at least {LEAST} models; all {len(ordered)} stand in the table."
    return _counts(catalog, ordered, ("organisations", "Coverage by organisation", "Organisation"), LEAST, said)


def _counts(
    catalog: Catalog, found: Mapping[str, list[str]], words: tuple[str, str, str], least: int = 1, said: str = ""
) -> Picture:
    """Bars of how many models there are in each group, parted into counted and not."""
    name, title, label = words
    split = {group: sum(_counted(catalog, model) for model in models) for group, models in found.items()}
    shown = [_amount(group, split[group], len(models)) for group, models in found.items() if len(models) >= least]
    return Picture(
        name,
        title,
        "; ".join(f"{amount.name}: {amount.text}" for amount in shown) + ".",
        bars(shown),
        (label, "Models", "Counted"),
        tuple((Cell(group), number(str(len(models))), number(str(split[group]))) for group, models in found.items()),
        legend=COUNTED,
        said=said,
    )


def _amount(group: str, counted: int, whole: int) -> Amount:
    parts: tuple[tuple[Tone, float, str], ...] = (
        ("main", counted, f"{counted} counted"),
        ("soft", whole - counted, f"{whole - counted} not counted"),
    )
    return Amount(group, tuple(part for part in parts if part[1]), f"{whole}")


def _counted(catalog: Catalog, name: str) -> bool:
    seen = rung(catalog.evidence.get(name))
    return bool(seen and seen.measured)


def suites(catalog: Catalog) -> Picture:
    """How many published tables the catalog has of each suite, and how many numbers."""
    tables: dict[str, set[str]] = {suite: set() for suite in catalog.benchmarks}
    numbers: Counter[str] = Counter()
    for score in scores(catalog, catalog.results):
        tables[score.suite].add(score.table)
        numbers[score.suite] += score.value is not None
    ordered = sorted(tables, key=lambda suite: (-len(tables[suite]), -numbers[suite], suite))
    shown = [
        Amount(
            catalog.benchmarks[suite].name,
            (("main", len(tables[suite]), f"{len(tables[suite])} published tables, {text.whole(numbers[suite])} numbers"),),
            f"{len(tables[suite])}",
            f"benchmarks/{suite}",
        )
        for suite in ordered
        if tables[suite]
    ]
    return Picture(
        "suites",
        "Published tables by suite",
        "; ".join(f"{amount.name}: {amount.text}" for amount in shown) + ".",
        bars(shown),
        ("Suite", "Tables", "Numbers", "Tasks"),
        tuple(
            (
                Cell(catalog.benchmarks[suite].name, f"benchmarks/{suite}"),
                number(str(len(tables[suite]))),
                number(text.whole(numbers[suite])),
                number(str(len(catalog.benchmarks[suite].tasks))),
            )
            for suite in ordered
        ),
    )
