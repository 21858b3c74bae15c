"""What using a model costs: counted, computed from counts, or measured, and which of the three each line is."""

from collections.abc import Iterator
from typing import NamedTuple

from pathdex import text
from pathdex.schema import Evidence, Model
from pathdex.schema.measured import Cost
from pathdex.writing.comparison import parameters, rung

TILES = 10_000
"""Tiles of the slide that the page reckons with."""
BYTES = {"float32": 4, "float16": 2}


class Line(NamedTuple):
    """What it is, how much, and how that is known."""

    what: str
    much: str
    how: str


def cost(model: Model, evidence: Evidence | None) -> list[Line]:
    """From the size of the network to the features of one slide; what was never measured says so."""
    return [*_size(model, evidence), *_operations(evidence), *_speed(evidence), *_features(model)]


def _size(model: Model, evidence: Evidence | None) -> Iterator[Line]:
    found = parameters(model, evidence)
    for one in found:
        if one.counted:
            yield Line(f"Parameters, {one.scope}", text.whole(one.counted), "counted")
        elif one.claimed:
            yield Line(f"Parameters, {one.scope}", text.count(one.claimed), "claimed, not counted")
    most = max((one.counted or one.claimed or 0 for one in found), default=0)
    if most:
        sizes = " · ".join(f"{text.size(most * size)} in {kind}" for kind, size in BYTES.items())
        yield Line("Weights in memory", sizes, "computed from the parameters; images and activations come on top")


def _operations(evidence: Evidence | None) -> Iterator[Line]:
    seen = rung(evidence)
    if not seen or not seen.measured or not seen.measured.flops or not seen.measured.input:
        return
    flops, shape = seen.measured.flops, seen.measured.input
    reads_images = len(shape) == len(("batch", "channels", "height", "width"))
    for_one = f"for an input of {' × '.join(map(str, shape))}"
    yield Line("Work for one input", text.operations(flops), f"counted {for_one}; a multiply-add is two")
    if reads_images:
        yield Line(f"Work for a slide of {TILES:,} tiles", text.operations(flops * TILES), f"computed: {TILES:,} times that")


def _speed(evidence: Evidence | None) -> Iterator[Line]:
    seen = evidence.rungs.cost if evidence else None
    if not seen or not isinstance(seen.measured, Cost):
        yield Line("Speed", "not measured yet", "the job’s last rung measures it, on a GPU")
        yield Line("Memory in use", "not measured yet", "with the speed")
        return
    best = max(seen.measured.speeds, key=lambda speed: speed.per_second)
    with_what = f"{best.precision}, {best.mode}, {best.batch} at a time on {seen.environment.device}"
    random = ", with random weights" if seen.measured.weights == "random" else ""
    day = text.date(seen.measured_at[:10])
    yield Line("Speed", f"{best.per_second:.4g} inputs a second", f"measured {day} in {with_what}{random}")
    yield Line("Memory in use", text.size(best.peak_memory), f"peak in the same run{random}")


def _features(model: Model) -> Iterator[Line]:
    default = next((found for found in model.embeddings.values() if found.default), None)
    if default is None or default.pooling == "none":
        return
    if model.kind == "slide-encoder":
        sizes = " · ".join(f"{text.size(default.width * size)} in {kind}" for kind, size in BYTES.items())
        yield Line("Features of a slide", sizes, f"computed: one vector of {text.whole(default.width)} numbers")
        return
    sizes = " · ".join(f"{text.size(TILES * default.width * size)} in {kind}" for kind, size in BYTES.items())
    yield Line(
        f"Features of a slide of {TILES:,} tiles",
        sizes,
        f"computed: tiles × {text.whole(default.width)} × 4 bytes, or × 2; the default embedding, one vector a tile",
    )
