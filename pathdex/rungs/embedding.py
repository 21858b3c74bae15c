"""Embeddings of the standard tiles: width, finiteness, the same twice, and how precisions and golden vectors agree."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from pathdex.encoding import Encoder, encoder
from pathdex.filling import library, recipe
from pathdex.hindrance import Hindered
from pathdex.measuring import devices, golden, tiles
from pathdex.measuring.seen import Seen, Way
from pathdex.publications import brought
from pathdex.released import hub_cache
from pathdex.schema import Model
from pathdex.schema.measured import Reproduced, Vector, Vectors
from pathdex.schema.published import Expected
from pathdex.tokens import one_line
from pathdex.weights.traffic import counted

Tensor = Any  # torch.Tensor
Rows = dict[str, dict[str, Vector]]
"""What was seen, by variant and precision."""
SMALL = "fp16"
"""The precision whose numbers end early."""
FIRST = 8
"""Values of the first tile's vector that evidence shows."""


def measure(model: Model, way: Way) -> Seen:
    """Encode the standard tiles at every precision the device has; raises `Hindered`."""
    if not model.embeddings:
        raise Hindered("not-attempted", "the entry names no embedding")
    drawn = tiles.standard()
    if tiles.digest(drawn) != tiles.SHA256:
        raise Hindered("crashed", "the standard tiles came out otherwise than pinned; this numpy draws other numbers")
    rounded = devices.exact(way.device)
    with counted() as traffic:
        made = encoder(model, device=way.device, random=way.random, cache=way.cache, quota=way.quota)
        expected = () if way.random else tuple(_reproduced(made, one, way.cache or hub_cache()) for one in model.expected)
    kept = golden.read(way.golden) if way.golden and not way.random else {}
    kind = devices.device_class(way.device)
    variants, fresh = _encoded(made, _inputs(made, drawn), kind, kept, way)
    told = {"tiles": tiles.SHA256, "device_class": kind, "variants": variants, "tf32": rounded, "expected": expected}
    measured = Vectors.model_validate({"weights": "random" if way.random else "released", **told})
    beside = {"golden.csv": golden.written({**kept, **fresh})} if way.settings.get("accept") and not way.random else {}
    status, reason = _judged(variants)
    return Seen(measured, status, reason, device=devices.name(way.device), moved=traffic.moved, beside=beside)


def _encoded(made: Encoder, inputs: tuple[Tensor, ...], kind: str, kept: golden.Vectors, way: Way) -> tuple[Rows, golden.Vectors]:
    """What each variant is at each precision, and the vectors that could be kept as golden."""
    variants: Rows = {}
    fresh: golden.Vectors = {}
    exact: dict[str, Tensor] = {}
    for precision in way.settings.get("precisions") or devices.precisions(way.device):
        at = made.at(precision)
        once, again = at.encode(*inputs), at.encode(*inputs)
        exact = exact or once
        for name, found in once.items():
            # One vector a tile is kept; all tokens of a tile would be megabytes.
            numbers = golden.TILES if found.ndim == 2 else ()
            keys = [golden.Key(kind, precision, name, number) for number in numbers if number < len(found)]
            mine = {key: kept[key][1] for key in keys if key in kept}
            _same_width(name, found, mine)
            beside = exact[name] if found is not exact[name] else None
            variants.setdefault(name, {})[precision] = _vector(found, bool((found == again[name]).all()), beside, mine)
            fresh |= {key: (f"torch {version('torch')}", found[key.tile].cpu().numpy()) for key in keys}
    return variants, fresh


def _same_width(variant: str, found: Tensor, mine: dict[golden.Key, Any]) -> None:
    """Raise `Hindered` where a golden vector has another width than what is seen; no cosine could be taken."""
    if other := [values for values in mine.values() if len(values) != found.shape[-1]]:
        told = f"the embedding {variant} has width {found.shape[-1]}, its golden vector {len(other[0])}"
        raise Hindered("mismatch", f"{told}; accept the new one if that is meant")


def _judged(variants: Rows) -> tuple[str, str]:
    """Vectors that are not finite are no embedding; how near the golden ones are is for the checks to say.

    That numbers grow out of fp16, whose greatest is 65,504, makes that precision unfit for the model and not the model wrong.
    """
    broken = [
        f"{name} in {precision}"
        for name, row in variants.items()
        for precision, seen in row.items()
        if not (seen.finite or precision == SMALL)
    ]
    return ("mismatch", f"the embedding {broken[0]} is not finite") if broken else ("passed", "")


def _reproduced(made: Encoder, expected: Expected, folder: Path) -> Reproduced:
    """The authors' image, encoded, beside the embedding that they publish; what hinders that is told in its place."""
    known = {"variant": expected.variant, "input": expected.input.sha256, "output": expected.output.sha256}
    try:
        if _own(made) is not None:
            raise Hindered("not-attempted", "the model reads no images")
        image, theirs = brought(expected, folder)
        seen = made.encode_image(made.preprocess(image)[None], expected.variant).flatten().cpu()
        if seen.shape != theirs.shape:
            raise Hindered("mismatch", f"the published embedding has width {len(theirs)}, the model's {len(seen)}")
        if not bool(theirs.isfinite().all() & seen.isfinite().all()):
            raise Hindered("mismatch", "one of the two embeddings is not finite")
    except Hindered as hindered:
        return Reproduced.model_validate({**known, "hindered": one_line(str(hindered))})
    apart = {"difference": float((seen - theirs).abs().max()), "greatest": float(theirs.abs().max())}
    return Reproduced.model_validate({**known, "cosine": _least(seen[None], theirs[None]), **apart})


def _own(made: Encoder) -> Any:
    """The input of a module that reads no images, or None."""
    kind = library(recipe(made.model))
    return kind.example(made.module) if hasattr(kind, "example") else None


def _inputs(made: Encoder, drawn: list[Any]) -> tuple[Tensor, ...]:
    """The tiles as the model wants them; seeded numbers for one that reads no images."""
    import torch
    from PIL import Image

    own = _own(made)
    if own is None:
        return (torch.stack([made.preprocess(Image.fromarray(tile)) for tile in drawn]),)
    seeded = torch.Generator().manual_seed(0)
    return tuple(torch.randn(one.shape, generator=seeded) if one.is_floating_point() else one for one in own)


def _vector(found: Tensor, steady: bool, exact: Tensor | None, mine: dict[golden.Key, Any]) -> Vector:
    import torch

    finite = bool(torch.isfinite(found).all())
    norm = float(found.norm(dim=-1).mean()) if finite else None
    pairs = [(found[key.tile].cpu(), torch.from_numpy(values.copy())) for key, values in mine.items()]
    return Vector(
        width=found.shape[-1],
        norm=norm,
        first=tuple(round(float(value), 6) for value in found.flatten()[:FIRST]) if finite else (),
        finite=finite,
        deterministic=steady,
        agreement=_least(found, exact) if exact is not None and finite else None,
        golden=min((_least(one, other) for one, other in pairs), default=None) if finite else None,
        difference=max((float((one - other).abs().max()) for one, other in pairs), default=None) if finite else None,
    )


def _least(one: Tensor, other: Tensor) -> float:
    """Least cosine between vectors, row by row."""
    import torch

    return round(float(torch.nn.functional.cosine_similarity(one, other, dim=-1).min()), 7)
