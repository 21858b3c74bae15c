"""What a reader sees of a model at first: a handful of figures, each with what stands behind it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pathdex import text
from pathdex.schema import Evidence, Model
from pathdex.writing.comparison import parameters, rung
from pathdex.writing.placing import Standing
from pathdex.writing.specification import quantity


class Figure(NamedTuple):
    """What it is, the figure, what must be said beside it, and the section of the page that it stands in."""

    what: str
    figure: str
    beside: str
    section: str


def glance(model: Model, evidence: Evidence | None, standings: Sequence[Standing]) -> list[Figure]:
    """Figures that are known; the rest are left out."""
    return [*_size(model, evidence), *_vector(model), *_work(evidence), *_slides(model), *_ranks(standings)]


def _size(model: Model, evidence: Evidence | None) -> Iterator[Figure]:
    found = parameters(model, evidence)
    if found:
        one = max(found, key=lambda compared: (bool(compared.counted), compared.counted or compared.claimed or 0))
        beside = f"counted, {one.scope}" if one.counted else f"claimed, {one.scope}"
        yield Figure("Parameters", text.count(one.counted or one.claimed or 0), beside, "claimed-and-counted")


def _vector(model: Model) -> Iterator[Figure]:
    for name, found in model.embeddings.items():
        if found.default:
            more = len(model.embeddings) - 1
            beside = name + (f", and {more} other{'s' if more > 1 else ''}" if more else "")
            yield Figure("Vector", text.whole(found.width), beside, "from-input-to-output")


def _work(evidence: Evidence | None) -> Iterator[Figure]:
    seen = rung(evidence)
    if seen and seen.measured and seen.measured.flops:
        yield Figure("Work", text.operations(seen.measured.flops), "for one input", "cost")


def _slides(model: Model) -> Iterator[Figure]:
    if model.training and model.training.slides:
        yield Figure("Trained on", quantity(model.training.slides), "slides", "training")


def _ranks(standings: Sequence[Standing]) -> Iterator[Figure]:
    ranked = sum(len(one.ranked) for one in standings)
    if ranked:
        upper = sum(one.upper for one in standings)
        yield Figure("In the upper quarter", f"{upper / ranked:.0%}", f"of {ranked} ranked numbers", "results")
