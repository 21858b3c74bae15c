"""A recipe as the library's own code: what builds the network and fills it, without pathdex."""

from collections.abc import Callable, Iterator
from typing import Any

from pathdex.schema import Model
from pathdex.schema.model import Loader
from pathdex.writing.python import arguments, modules, nested, quoted

LIBRARIES = ("timm", "transformers", "open_clip", "diffusers")
"""Libraries whose own code a reader can run; of open_clip only networks that it knows by name."""
FLAT = """def flat(nested, above=""):
    for name, value in nested.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value"""


def native(model: Model) -> list[str]:
    """Lines of code; none where no library builds the network by code of its own."""
    loader = model.loader
    if loader is None or loader.library not in LIBRARIES or _needs_the_hub(loader) or loader.layout == "llava":
        return []
    return [*WRITERS[loader.library](model, loader), "model.eval()"]


def filled(model: Model) -> bool:
    """Whether the entry says where the weights are, so that the code fills the network."""
    library = model.loader.library if model.loader else ""
    if library == "diffusers":
        return bool(model.weights.repository and file(model))
    return bool(model.weights.repository and (library == "transformers" or file(model)))


def files(model: Model) -> list[str]:
    """Paths in the repository of the files that fill the network, as far as the entry names them; safetensors before pickles."""
    if model.loader and model.loader.file:
        given = model.loader.file
        stated = [given] if isinstance(given, str) else list(given)
        return [] if any(name.endswith("/") for name in stated) else stated
    named = [file.name for file in model.weights.files]
    return [name for name in named if name.endswith(".safetensors")] or named


def file(model: Model) -> str:
    """The first of them, or ""."""
    return next(iter(files(model)), "")


def _needs_the_hub(loader: Loader) -> bool:
    """Whether open_clip would ask the Hub how a tower is shaped."""
    return loader.library == "open_clip" and any(name not in ("quick_gelu",) for name in loader.kwargs)


def _timm(model: Model, loader: Loader) -> Iterator[str]:
    fill = list(_fill(model, loader)) if filled(model) else []
    yield from _imports(fill, {"timm", *modules(loader.kwargs)})
    yield from ("", "model = timm.create_model(", f"    {quoted(loader.factory)},", *arguments(loader.kwargs), ")", *fill)


def _imports(fill: list[str], wanted: set[str], *more: str) -> Iterator[str]:
    """What lines that fill a network need, beside what else is wanted."""
    said = "\n".join(fill)
    plain = {*wanted, *(name for name in ("re", "torch", "fnmatch") if f"{name}." in said)}
    yield from (f"import {module}" for module in sorted(plain & {"re", "fnmatch"}))
    yield from (f"import {module}" for module in sorted(plain - {"re", "fnmatch"}))
    if fill:
        yield "from huggingface_hub import hf_hub_download"
    if "load_file" in said:
        yield "from safetensors.torch import load_file"
    if "checkpoint_filter_fn" in said:
        yield "from timm.models.vision_transformer import checkpoint_filter_fn"
    yield from more


def _fill(model: Model, loader: Loader) -> Iterator[str]:
    """Lines that fetch the file of weights and load it, every key accounted for."""
    yield _fetch(model)
    if file(model).endswith(".safetensors"):
        yield "weights = load_file(path)"
    else:
        yield 'weights = torch.load(path, map_location="cpu", weights_only=True)'
    if loader.prefix:
        if not file(model).endswith(".safetensors"):
            yield from ("", "", FLAT, "", "", "weights = dict(flat(weights))")
        yield f"prefix = {quoted(loader.prefix)}"
        yield "weights = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}"
    for pattern in loader.unused:
        yield f"weights = {{key: value for key, value in weights.items() if not fnmatch.fnmatchcase(key, {quoted(pattern)})}}"
    if loader.layout:
        yield 'weights = {re.sub(r"^blocks\\.\\d+\\.(?=\\d+\\.)", "blocks.", key): value for key, value in weights.items()}'
        yield "weights = checkpoint_filter_fn(weights, model)  # timm's names for the tensors of DINOv2's code"
    yield "model.load_state_dict(weights, strict=True)"


def _fetch(model: Model) -> str:
    return f"path = hf_hub_download({quoted(model.weights.repository)}, {quoted(file(model))}{_revision(model)})"


def _revision(model: Model) -> str:
    return f", revision={quoted(model.weights.revision)}" if model.weights.revision else ""


def _transformers(model: Model, loader: Loader) -> Iterator[str]:
    """From the Hub with the class's own keywords, where the weights are there; else from a configuration."""
    factory = loader.factory
    own = {name: value for name, value in loader.kwargs.items() if name == "add_pooling_layer"}
    fill = list(_fill(model, loader)) if _is_checkpoint(model, loader) else []
    yield from (*_imports(fill, set(), f"from transformers import {factory}"), "")
    if filled(model) and not fill:
        yield from _pretrained(model, factory, own)
    else:
        fields = nested({name: value for name, value in loader.kwargs.items() if name not in own})
        yield from (f"config = {factory}.config_class(", *arguments(fields), ")")
        yield f"model = {factory}({', '.join(['config', *(f'{name}={value!r}' for name, value in own.items())])})"
        yield from fill


def _is_checkpoint(model: Model, loader: Loader) -> bool:
    """Whether the weights lie in a file of training, which the library's own way of loading does not read."""
    return bool(
        model.weights.repository and file(model) and (loader.prefix or not file(model).endswith((".safetensors", ".bin")))
    )


def _pretrained(model: Model, factory: str, more: dict[str, Any]) -> Iterator[str]:
    pinned = {"revision": model.weights.revision} if model.weights.revision else {}
    lines = arguments({**pinned, **more})
    yield from (f"model = {factory}.from_pretrained(", f"    {quoted(model.weights.repository)},", *lines, ")")


def _open_clip(model: Model, loader: Loader) -> Iterator[str]:
    """By the name that open_clip gives the network; it loads a checkpoint of its own training strictly."""
    more = {"pretrained": "path"} if filled(model) else {}
    given = [f"{name}={value}" for name, value in more.items()]
    if loader.kwargs.get("quick_gelu"):
        given.append("force_quick_gelu=True")
    yield "import open_clip"
    yield from ["from huggingface_hub import hf_hub_download"] if more else []
    yield from ("", *([_fetch(model)] if more else []))
    yield f"model = open_clip.create_model({', '.join([quoted(loader.factory), *given])})"


def _diffusers(model: Model, loader: Loader) -> Iterator[str]:
    """One network of a pipeline, out of its folder of the repository."""
    yield from (f"from diffusers import {loader.factory}", "")
    if filled(model):
        folder = file(model).rpartition("/")[0]
        yield from _pretrained(model, loader.factory, {"subfolder": folder} if folder else {})
    else:
        yield from (f"model = {loader.factory}(", *arguments(loader.kwargs), ")")


WRITERS: dict[str, Callable[[Model, Loader], Iterator[str]]] = {
    "timm": _timm,
    "transformers": _transformers,
    "open_clip": _open_clip,
    "diffusers": _diffusers,
}
