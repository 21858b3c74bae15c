"""A model's specification as lines of label, value and the field that its receipts stand under."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pathdex import text
from pathdex.schema import Model
from pathdex.schema.quantity import Count

BOUNDS = {"at_least": "at least ", "at_most": "at most ", "about": "about "}
SIGNS = {"at_least": "≥ ", "at_most": "≤ ", "about": "~ "}


class Fact(NamedTuple):
    """One line: what it is, the value as written for people, the field's path, and where a link leads, if anywhere."""

    label: str
    value: str
    path: str
    url: str | None = None


def quantity(value: Count) -> str:
    """A count with its bound: "about 350 k", "1,488,550"."""
    bound = next((words for name, words in BOUNDS.items() if getattr(value, name)), "")
    return bound + (text.count(value.value) if bound else text.whole(value.value))


def brief(value: Count) -> str:
    """A count for a narrow column: "≥ 350 k", "1,488,550"."""
    bound = next((sign for name, sign in SIGNS.items() if getattr(value, name)), "")
    return bound + (text.count(value.value) if bound else text.whole(value.value))


def specification(model: Model) -> list[tuple[str, list[Fact]]]:
    """Headed groups of facts that the entry states; groups without any are left out."""
    groups = {
        "Identity": _identity(model),
        "Weights": _weights(model),
        "Architecture": _part(model, "architecture", ARCHITECTURE),
        "Preprocessing": _part(model, "preprocess", PREPROCESS),
        "Drawing and staining": (*_part(model, "generation", GENERATION), *_beside(model)),
        "Answering": _part(model, "writing", WRITING),
        "Training": (*_part(model, "training", TRAINING), *_compute(model)),
    }
    found = [(heading, list(facts)) for heading, facts in groups.items()]
    return [(heading, facts) for heading, facts in found if facts]


def _identity(model: Model) -> Iterator[Fact]:
    if model.organizations:
        yield Fact("Made by", text.listed(model.organizations), "organizations")
    if model.family:
        yield Fact("Family", model.family, "family")
    if model.released:
        yield Fact("Released", text.date(model.released), "released")
    if model.code:
        yield Fact("Code", _bare(model.code), "code", model.code)


def _weights(model: Model) -> Iterator[Fact]:
    weights = model.weights
    yield Fact("Access", ACCESS[weights.access], "weights.access")
    if weights.license:
        yield Fact("Licence", weights.license, "weights.license", weights.license_url or _spdx(weights.license))
    if weights.commercial_use:
        yield Fact("Commercial use", weights.commercial_use, "weights.commercial_use")
    if weights.condition:
        yield Fact("Condition", weights.condition, "weights.condition")
    if weights.repository:
        yield Fact("Repository", weights.repository, "weights.repository", f"https://huggingface.co/{weights.repository}")
    if weights.url:
        yield Fact("Host", _bare(weights.url), "weights.url", weights.url)
    if weights.revision:
        yield Fact("Revision", weights.revision, "weights.revision")
    for number, file in enumerate(weights.files):
        size = f", {text.size(file.bytes)}" if file.bytes else ""
        yield Fact("File", f"{file.name}{size}", f"weights.files.{number}", file.url)
        if file.sha256:
            yield Fact("SHA-256", file.sha256, f"weights.files.{number}.sha256")


def _part(model: Model, part: str, lines: dict[str, tuple[str, Callable[[Any], str]]]) -> Iterator[Fact]:
    """The stated fields of one part, in order."""
    record = getattr(model, part)
    for field, (label, write) in lines.items():
        value = getattr(record, field, None)
        if value is not None and value != ():
            yield Fact(label, write(value), f"{part}.{field}")


def _beside(model: Model) -> Iterator[Fact]:
    """Networks of other repositories that drawing or staining needs, and the channels that are stained."""
    drawing = model.generation
    parts = {
        "foundation": ("Through", model.foundation),
        "generation.decoder": ("Decoder", drawing.decoder if drawing else None),
        "generation.condition": ("Reads its condition with", drawing.condition if drawing else None),
    }
    for path, (label, part) in parts.items():
        if part and part.repository:
            yield Fact(label, f"{part.loader.factory} of {part.repository}", path, f"https://huggingface.co/{part.repository}")
    if model.channels:
        yield Fact("Channels", text.listed(model.channels), "channels")


def _compute(model: Model) -> Iterator[Fact]:
    compute = model.training.compute if model.training else None
    for field, label in COMPUTE.items():
        if value := getattr(compute, field, None):
            yield Fact(label, value if isinstance(value, str) else f"{value:,.10g}", f"training.compute.{field}")


def _spdx(licence: str) -> str | None:
    """The text of a licence, where the expression is a single identifier."""
    return None if " " in licence or licence.startswith("LicenseRef") else f"https://spdx.org/licenses/{licence}.html"


def _bare(url: str) -> str:
    return url.split("://", 1)[-1].rstrip("/")


def _lengths(values: Iterable[float]) -> str:
    return text.listed(f"{value:g}" for value in values)


def _times(values: Iterable[float]) -> str:
    return text.listed(f"{value:g}×" for value in values)


def _microns(values: Iterable[float]) -> str:
    return f"{_lengths(values)} µm per pixel"


def _triple(values: Iterable[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _shape(values: Iterable[int]) -> str:
    return " × ".join(map(str, values))


def _pixels(value: int) -> str:
    return f"{value} px"


ACCESS = {
    "open": "open: anyone downloads",
    "gated": "gated: a form on the host",
    "request": "on request",
    "none": "never released",
}
ARCHITECTURE: dict[str, tuple[str, Callable[[Any], str]]] = {
    "backbone": ("Backbone", str),
    "depth": ("Blocks", str),
    "width": ("Token width", str),
    "heads": ("Heads", str),
    "feed_forward": ("Feed-forward", str),
    "patch": ("Patch", _pixels),
    "registers": ("Registers", str),
    "input": ("Native input", _pixels),
    "notes": ("Notes", str),
}
PREPROCESS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "resize": ("Resize", _pixels),
    "crop": ("Centre crop", _pixels),
    "interpolation": ("Interpolation", str),
    "mean": ("Mean", _triple),
    "std": ("Standard deviation", _triple),
    "mpp": ("Meant for", _microns),
    "magnification": ("Magnification", _times),
}
WRITING: dict[str, tuple[str, Callable[[Any], str]]] = {
    "inputs": ("Reads", str),
    "prompt": ("Prompt", lambda words: " ".join(words.split())),
    "end": ("Ends with", str),
    "tokenizer": ("Tokenizer", str),
}
GENERATION: dict[str, tuple[str, Callable[[Any], str]]] = {
    "sampler": ("Sampler", str),
    "steps": ("Steps", str),
    "guidance": ("Guidance", "{:g}".format),
    "latents": ("Takes noise from", _shape),
    "inputs": ("Guided by", str),
}
TRAINING: dict[str, tuple[str, Callable[[Any], str]]] = {
    "algorithm": ("Algorithm", str),
    "initialisation": ("Starts from", str),
    "slides": ("Slides", quantity),
    "tiles": ("Tiles", quantity),
    "patients": ("Patients", quantity),
    "pairs": ("Image-text pairs", quantity),
    "stains": ("Stains", text.listed),
    "magnifications": ("Magnifications", _times),
    "mpp": ("Resolution", _microns),
}
COMPUTE = {
    "gpu": "Accelerator",
    "gpus": "Accelerators",
    "gpu_hours": "Accelerator hours",
    "steps": "Optimiser steps",
    "batch": "Images a step",
}
