"""Pictures of size: parameters claimed and counted, slides of training over time."""

from dataclasses import dataclass

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema.quantity import Count
from pathdex.writing.comparison import Compared, parameters, refuted
from pathdex.writing.drawing.picture import Cell, Mark, Picture, number
from pathdex.writing.drawing.plots import Axis, scatter
from pathdex.writing.drawing.scales import years
from pathdex.writing.specification import quantity

PARAMETERS = "parameters"
SOME = 25
"""The training sets that are named in the picture: the largest."""


@dataclass(frozen=True)
class Claim:
    """A claimed and counted number of one model; `circulates` for a claim that its entry holds to be wrong."""

    id: str
    name: str
    compared: Compared
    circulates: bool

    @property
    def verdict(self) -> str:
        """In words, whether the claim is the count."""
        if self.compared.agrees:
            return "agrees"
        return "differs; circulates, and the entry holds it to be wrong" if self.circulates else "differs"


def claims(catalog: Catalog) -> list[Claim]:
    """Every claim with its count, those that differ last."""
    found = []
    for name, model in catalog.models.items():
        evidence = catalog.evidence.get(name)
        own = parameters(model, evidence)
        others = [compared for compared in refuted(model, evidence) if compared.claimed not in {one.claimed for one in own}]
        found += [Claim(name, model.name, compared, circulates=False) for compared in own if compared.difference is not None]
        found += [Claim(name, model.name, compared, circulates=True) for compared in others]
    return sorted(found, key=lambda claim: (claim.compared.agrees is False, claim.name.lower()))


def claimed_and_counted(catalog: Catalog) -> Picture | None:
    """Both numbers on logarithmic axes, with the line on which they are equal; None without any."""
    found = claims(catalog)
    if not found:
        return None
    marks = [_claim(claim) for claim in found]
    ends = [
        min(min(mark.x or mark.y, mark.y) for mark in marks) / 2,
        max(max(mark.x or mark.y, mark.y) for mark in marks) * 2,
    ]
    differing = [claim for claim in found if claim.compared.agrees is False]
    names = text.listed(dict.fromkeys(claim.name for claim in differing))
    return Picture(
        "parameters",
        "Parameters claimed and counted",
        f"{len(found)} claims against counts of the same scope, on logarithmic axes. {len(found) - len(differing)} lie on the "
        f"line of equality and {len(differing)} do not" + (f": {names}." if differing else "."),
        scatter(
            marks,
            Axis("Parameters counted by the job", _brief, logarithmic=True),
            Axis("Parameters claimed", _brief, logarithmic=True),
            lines=[("equal", [(end, end) for end in ends])],
        ),
        ("Model", "Scope", "Claimed", "Counted", "Difference", "Verdict"),
        tuple(_claim_row(claim) for claim in reversed(found)),
        legend=(("main", "agrees"), ("no", "differs")),
        sources=(("evidence", "evidence of every model"),),
    )


def _claim(claim: Claim) -> Mark:
    one = claim.compared
    claimed, counted = one.claimed or 1, one.counted or 1
    told = f"{claim.name}, {one.scope}: claimed {text.whole(claimed)}, counted {text.whole(counted)}, {claim.verdict}"
    if one.agrees:
        return Mark(counted, claimed, claim.name, told, f"models/{claim.id}")
    name = f"{claim.name} {text.percent(one.difference or 0)}"
    return Mark(counted, claimed, name, told, f"models/{claim.id}", "no", named=True)


def _claim_row(claim: Claim) -> tuple[Cell, ...]:
    one = claim.compared
    return (
        Cell(claim.name, f"models/{claim.id}"),
        Cell(one.scope),
        number(text.whole(one.claimed or 0)),
        number(text.whole(one.counted or 0)),
        number("0" if one.difference == 0 else text.percent(one.difference or 0)),
        Cell(claim.verdict),
    )


def _brief(value: float) -> str:
    return text.count(round(value)) if value >= 1 else "0"


def slides(catalog: Catalog) -> Picture | None:
    """Slides of training by date of release; None without any."""
    stated = {
        name: (model.released, model.training.slides)
        for name, model in catalog.models.items()
        if model.released and model.training and model.training.slides
    }
    if not stated:
        return None
    ordered = sorted(stated, key=lambda name: -stated[name][1].value)
    marks = [_slides(catalog, name, *stated[name], named=name in ordered[:SOME]) for name in ordered]
    silent = tuple((f"models/{name}", model.name) for name, model in catalog.models.items() if name not in stated)
    return Picture(
        "slides",
        "Training slides over time",
        f"Whole-slide images that {len(marks)} models were trained on, by date of release, on a logarithmic axis. "
        f"Most: {catalog.models[ordered[0]].name}, {quantity(stated[ordered[0]][1])}.",
        scatter(
            marks,
            Axis("Released", lambda value: f"{value:.0f}" if value % 1 == 0 else ""),
            Axis("Slides", _brief, logarithmic=True),
        ),
        ("Model", "Released", "Slides"),
        tuple(
            (
                Cell(catalog.models[name].name, f"models/{name}"),
                Cell(stated[name][0]),
                number(quantity(stated[name][1])),
            )
            for name in ordered
        ),
        legend=(("main", "exact"), ("open", "a bound, or about")),
        lacking=(("No date or no number of slides found", silent),),
    )


def _slides(catalog: Catalog, name: str, released: str, found: Count, named: bool) -> Mark:
    model = catalog.models[name]
    told = f"{model.name}, {text.date(released)}: {quantity(found)} slides"
    return Mark(years(released), found.value, model.name, told, f"models/{name}", "main" if found.exactly else "open", named)
