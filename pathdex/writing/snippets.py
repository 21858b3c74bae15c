"""How a model is loaded, as Python that a reader can run; the tests run every kind of it."""

from collections.abc import Iterator
from typing import NamedTuple

from pathdex.schema import Evidence, Model
from pathdex.writing import native
from pathdex.writing.comparison import rung
from pathdex.writing.python import quoted

BUILT = (*native.LIBRARIES, "pathdex")
"""Libraries whose recipes pathdex builds."""
EMPTY = "The entry names no file of weights, so this builds the network without them."
IMAGES = ('tile = Image.open("tile.png")', "images = torch.stack([encoder.preprocess(tile)])")
OFFLINE = ("import os", "", 'os.environ["HF_HUB_OFFLINE"] = "1"  # before anything else is imported', "")
CARRY = (
    "First copy the cache of the Hub's client from the one machine to the other: `~/.cache/huggingface`, or where `HF_HOME` is."
)
FORM = "The host wants an accepted form, and a token of Hugging Face in `HF_TOKEN` or from `hf auth login`."


class Snippet(NamedTuple):
    """Lines of Python, and what the reader must know about them."""

    code: str
    note: str


class Way(NamedTuple):
    """One way to load a model: how it is called, its code, and what the reader must know about it."""

    kind: str
    title: str
    code: str
    note: str = ""


def snippet(model: Model) -> Snippet | None:
    """Code of the library itself that builds the model and, where the file is known, fills it; None where there is none."""
    lines = native.native(model)
    return Snippet("\n".join(lines), "" if native.filled(model) else EMPTY) if lines else None


def ways(name: str, model: Model, evidence: Evidence | None = None) -> list[Way]:
    """Every way: pathdex, the library itself, offline in two steps or from files; none where nothing here builds the network."""
    loader, weights = model.loader, model.weights
    if loader is None or loader.library not in BUILT:
        return []
    form = FORM if weights.access == "gated" else ""
    found = []
    if _reached(model, evidence):
        said = " ".join(filter(None, [_takes(model), form]))
        found.append(Way("pathdex", "With pathdex", "\n".join(_pathdex(name, model, evidence)), said))
    if own := snippet(model):
        found.append(Way(loader.library, f"With {loader.library} alone", own.code, own.note))
    if weights.access != "none" and weights.repository:
        found.append(Way("fetch", "Where there is a network", "\n".join(_fetch(model)), form))
        found.append(Way("offline", "Where there is none", "\n".join([*OFFLINE, *_pathdex(name, model, evidence)]), CARRY))
    elif weights.access != "none" and weights.url and not _reached(model, evidence):
        said = f"First bring the weights from their host into the folder `{name}`."
        found.append(Way("folder", "From files in a folder", "\n".join(_folder(name, model, evidence)), said))
    return found


def _reached(model: Model, evidence: Evidence | None) -> bool:
    """Whether pathdex can fetch the weights: from the Hub, or from another host whose files the job has read."""
    weights, header = model.weights, evidence.rungs.header if evidence else None
    return weights.access != "none" and bool(weights.repository or (weights.url and header and header.status == "passed"))


def _pathdex(name: str, model: Model, evidence: Evidence | None) -> Iterator[str]:
    uses = list(_use(model, evidence))
    yield from _imports(uses)
    yield from ("import pathdex", "", f"encoder = pathdex.load({quoted(name)})", *uses)


def _imports(uses: list[str]) -> list[str]:
    return ["import torch", "from PIL import Image", ""] if any("torch." in line for line in uses) else []


def _use(model: Model, evidence: Evidence | None) -> Iterator[str]:
    """Lines that take every embedding, of an image or of what the network reads instead."""
    default = next((f"{name}, {found.width} wide" for name, found in model.embeddings.items() if found.default), "")
    if model.writing is not None:
        yield f"inputs = []  # what it reads beside words: {' '.join(model.writing.inputs.split())}"
        yield 'words = encoder.answer("What is seen?", *inputs)'
    elif _draws_freely(model):
        yield "images = encoder.generate(count=1, seed=0)  # [1, 3, H, W] from 0 to 1, drawn without a condition"
    elif model.channels:
        yield from IMAGES
        yield f"stains = encoder.stain(images)  # [1, {len(model.channels)}, height, width]"
    elif not default:
        yield "network = encoder.module  # a module of torch"
    elif _reads_images(evidence):
        yield from IMAGES
        yield f"vectors = encoder.encode_image(images)  # {default}"
    else:
        yield "inputs = encoder.module.example()  # in their place: your tiles' embeddings, and coordinates where it takes them"
        yield f"vectors = encoder.encode(*inputs)  # by name; the default is {default}"


def _draws_freely(model: Model) -> bool:
    """Whether it has something to stand for no condition: what it is guided away from."""
    how = model.generation
    return how is not None and bool(how.guidance and how.condition) and how.control is None and not model.embeddings


def _takes(model: Model) -> str:
    """What a model is given that draws."""
    return f"`encoder.generate` takes a condition. {model.generation.inputs}" if model.generation else ""


def _reads_images(evidence: Evidence | None) -> bool:
    """Whether the network reads images, as far as its last build shows; most do."""
    seen = rung(evidence)
    shape = seen.measured.input if seen and seen.measured else None
    return shape is None or len(shape) == len(("batch", "channels", "height", "width"))


def _fetch(model: Model) -> Iterator[str]:
    weights = model.weights
    pinned = [f"revision={quoted(weights.revision)}"] if weights.revision else []
    files = native.files(model)
    call = "hf_hub_download" if files else "snapshot_download"
    yield from (f"from huggingface_hub import {call}", "")
    for given in [[quoted(file)] for file in files] or [[]]:
        yield f"{call}({', '.join([quoted(weights.repository), *given, *pinned])})"


def _folder(name: str, model: Model, evidence: Evidence | None) -> Iterator[str]:
    """With pathdex and files in a folder; where the entry names none, the file with the usual name or the only one."""
    uses = list(_use(model, evidence))
    yield from _imports(uses)
    yield from (
        "import pathdex",
        "",
        f"encoder = pathdex.load({quoted(name)}, weights={quoted(name)})  # the folder, or its file",
    )
    yield from uses
