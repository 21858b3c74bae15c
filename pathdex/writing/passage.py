"""The way from a tile, or a slide, to the network, step by step as far as the entry states it; numbers for the drawing beside."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Model
from pathdex.schema.model import Generation, Preprocess

FRAME = 64
"""Side in pixels of the drawn tile."""


@dataclass(frozen=True)
class Step:
    """One step: which picture, its heading, what happens in words, the field that its receipts stand under, and drawn lengths.

    What is not stated stands under no field.
    """

    picture: str
    title: str
    told: str
    path: str
    lengths: tuple[float, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Id and name of models that it leads to."""


def passage(catalog: Catalog, name: str) -> list[Step]:
    """Every step that is known; nothing where the entry states neither what goes in nor what is taken out."""
    model = catalog.models[name]
    if model.generation and not model.embeddings:
        return list(_drawing(model, model.generation))
    if not (model.preprocess or model.embeddings or model.channels):
        return []
    first = _slide(catalog, model) if model.kind == "slide-encoder" else _tile(model)
    return [*first, *_network(model), *_maps(model)]


def _drawing(model: Model, how: Generation) -> Iterator[Step]:
    """From what the user gives and noise to an image."""
    yield Step("vectors", "Condition", how.inputs.rstrip("."), "generation.inputs")
    yield Step("noise", "Noise", f"{' × '.join(map(str, how.latents))}, seeded", "generation.latents")
    yield from _network(model)
    guided = f", guidance {how.guidance:g}" if how.guidance else ", without guidance"
    yield Step("steps", "Sampler", f"{how.sampler}, {how.steps} steps{guided}", "generation.sampler")
    if how.decoder:
        where = f", from {how.decoder.repository}" if how.decoder.repository else ""
        yield Step("network", "Decoder", f"{how.decoder.loader.factory}{where}", "generation.decoder", (1.0,))
    yield Step("tile", "Image", "drawn" if how.decoder else "drawn as pixels, without a decoder", "")


def _maps(model: Model) -> Iterator[Step]:
    if model.channels:
        yield Step("maps", "Maps", f"{len(model.channels)}: {', '.join(model.channels)}", "channels")


def _slide(catalog: Catalog, model: Model) -> Iterator[Step]:
    yield Step("slide", "Slide", "cut into tiles", "")
    encoders = model.lineage.uses_encoder if model.lineage else ()
    named = tuple((one, catalog.models[one].name) for one in encoders if one in catalog.models)
    words = "each tile becomes a vector, by " if named else "each tile becomes a vector; the entry names no encoder"
    yield Step("vectors", "Tile encoder", words, "lineage.uses_encoder" if named else "", links=named)


def _tile(model: Model) -> Iterator[Step]:
    stated = model.preprocess or Preprocess()
    sizes = [text.listed(f"{value:g}×" for value in stated.magnification)] if stated.magnification else []
    sizes += [f"{text.listed(f'{value:g}' for value in stated.mpp)} µm per pixel"] if stated.mpp else []
    field = "preprocess.magnification" if stated.magnification else "preprocess.mpp"
    told = f"meant for {', '.join(sizes)}" if sizes else "magnification not stated"
    yield Step("tile", "Tile", told, field if sizes else "")
    if stated.resize:
        how = f", {stated.interpolation}" if stated.interpolation else ", interpolation not stated"
        yield Step("resize", "Resize", f"shorter side to {stated.resize} px{how}", "preprocess.resize")
    if stated.crop:
        whole = stated.resize or stated.crop
        inner = round(FRAME * min(1.0, stated.crop / whole), 1)
        same = ", all of a square tile" if stated.crop == stated.resize else ""
        yield Step("crop", "Crop", f"the centre, {stated.crop} × {stated.crop} px{same}", "preprocess.crop", (inner,))
    if stated.mean and stated.std:
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (stated.mean, stated.std))
        lengths = tuple(round(FRAME * value, 1) for value in (*stated.mean, *stated.std))
        words = f"less {mean}, divided by {std}, for red, green, blue from 0 to 1"
        yield Step("normalise", "Normalise", words, "preprocess.mean", lengths)
    elif model.preprocess:
        yield Step("unknown", "Normalise", "not stated", "")


def _network(model: Model) -> Iterator[Step]:
    shape = model.architecture
    if shape is None:
        yield Step("network", "Network", "its shape is not stated", "", (1.0,))
        return
    parts = [f"{shape.depth} blocks" if shape.depth else "", f"{shape.width} wide" if shape.width else ""]
    parts.append(f"patches of {shape.patch} px" if shape.patch and model.kind != "slide-encoder" else "")
    layers = float(min(shape.depth or 1, 32))
    yield Step("network", "Network", ", ".join(filter(None, [shape.backbone, *parts])), "architecture", (layers,))
