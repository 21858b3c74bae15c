"""A recipe as Python that a reader can run."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pathdex.schema import Model
from pathdex.schema.model import Loader

CLASSES = ("timm.layers.", "torch.nn.")


class Snippet(NamedTuple):
    """Lines of Python, and what the reader must know about them."""

    code: str
    note: str


def snippet(model: Model) -> Snippet | None:
    """Code that builds the model and, where the file is known, fills it; None when no library here can build it."""
    loader = model.loader
    if loader is None or loader.library not in ("timm", "transformers"):
        return None
    lines = _timm(model, loader) if loader.library == "timm" else _transformers(model, loader)
    note = "" if _filled(model) else "The entry names no file of weights, so this builds the network without them."
    return Snippet("\n".join([*lines, "model.eval()"]), note)


def _filled(model: Model) -> bool:
    """Whether the entry says where the weights are."""
    library = model.loader.library if model.loader else ""
    return bool(model.weights.repository and (model.weights.files or library == "transformers"))


def _timm(model: Model, loader: Loader) -> Iterator[str]:
    fill = list(_fill(model, loader)) if _filled(model) else []
    classes = {_module(value) for value in loader.kwargs.values() if isinstance(value, str) and _is_class(value)}
    yield "import timm"
    yield from (f"import {module}" for module in sorted({*classes, *(["torch"] if "weights_only" in "".join(fill) else [])}))
    if fill:
        yield "from huggingface_hub import hf_hub_download"
    if "load_file" in "".join(fill):
        yield "from safetensors.torch import load_file"
    if "checkpoint_filter_fn" in "".join(fill):
        yield "from timm.models.vision_transformer import checkpoint_filter_fn"
    yield from ("", "model = timm.create_model(", f"    {_quoted(loader.factory)},", *_arguments(loader.kwargs), ")", *fill)


def _transformers(model: Model, loader: Loader) -> Iterator[str]:
    """From the Hub with the class's own keywords, where the weights are there; else from a configuration."""
    factory = loader.factory
    own = {name: value for name, value in loader.kwargs.items() if name == "add_pooling_layer"}
    yield from (f"from transformers import {factory}", "")
    if _filled(model):
        revision = [f"    revision={_quoted(model.weights.revision)},"] if model.weights.revision else []
        yield from (
            f"model = {factory}.from_pretrained(",
            f"    {_quoted(model.weights.repository)},",
            *revision,
            *_arguments(own),
            ")",
        )
    else:
        fields = _nested({name: value for name, value in loader.kwargs.items() if name not in own})
        yield from (f"config = {factory}.config_class(", *_arguments(fields), ")")
        yield f"model = {factory}({', '.join(['config', *(f'{name}={value!r}' for name, value in own.items())])})"


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a part, written `vision_config.depth`, gathered in a dictionary for the part."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        part, dot, field = name.partition(".")
        if dot:
            found.setdefault(part, {})[field] = value
        else:
            found[name] = value
    return found


def _arguments(values: Mapping[str, Any]) -> Iterator[str]:
    """One line a keyword; a name that is none is passed in a dictionary."""
    plain = {name: value for name, value in values.items() if name.isidentifier()}
    yield from (f"    {name}={_literal(value)}," for name, value in plain.items())
    if len(plain) < len(values):
        yield f"    **{ ({name: value for name, value in values.items() if name not in plain})!r},"


def _literal(value: Any) -> str:
    """The value as Python; dotted names of classes stand bare."""
    return str(value) if isinstance(value, str) and _is_class(value) else _quoted(value)


def _quoted(value: Any) -> str:
    """The value as Python, text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _module(value: str) -> str:
    return "torch" if value.startswith("torch.") else value.rpartition(".")[0]


def _is_class(value: str) -> bool:
    return value.startswith(CLASSES) and all(part.isidentifier() for part in value.split("."))


def _fill(model: Model, loader: Loader) -> Iterator[str]:
    """Lines that fetch the first file of weights and load it, every key accounted for."""
    weights = model.weights
    name, revision = weights.files[0].name, f", revision={_quoted(weights.revision)}" if weights.revision else ""
    yield f"path = hf_hub_download({_quoted(weights.repository)}, {_quoted(name)}{revision})"
    if name.endswith(".safetensors"):
        yield "weights = load_file(path)"
    else:
        yield 'weights = torch.load(path, map_location="cpu", weights_only=True)'
    if loader.prefix:
        yield f"prefix = {_quoted(loader.prefix)}"
        yield "weights = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}"
    if loader.layout:
        yield "weights = checkpoint_filter_fn(weights, model)  # timm's names for the tensors of DINOv2's code"
    yield "model.load_state_dict(weights, strict=True)"
