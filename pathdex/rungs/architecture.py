"""The recipe built on torch's meta device: shapes without data, nothing downloaded."""

import csv
import hashlib
import io
from typing import Any

from pathdex.filling import library, recipe
from pathdex.measuring.pooling import Features, Unavailable, take
from pathdex.measuring.seen import Seen, Way
from pathdex.schema import Model
from pathdex.schema.measured import Measured, StateDict


def measure(model: Model, _: Way) -> Seen:
    """Parameters by scope, widths, operations, and the listing of names and shapes; raises what the recipe raises."""
    import torch

    loader = library(recipe(model))
    with torch.device("meta"), torch.no_grad():
        module = loader.build(model.loader).requires_grad_(False)
        tensors = listing(module)
        measured = Measured(
            parameters={scope: counted(parameters) for scope, parameters in loader.parts(module).items()},
            state_dict=StateDict(tensors=tensors.count("\n") - 1, sha256=hashlib.sha256(tensors.encode()).hexdigest()),
            **(_forward(model, loader, module) if model.embeddings else {}),
        )
    return Seen(measured, beside={"tensors.csv": tensors})


def counted(parameters: list[Any]) -> int:
    """Number of elements; a tensor shared by two layers counts once."""
    return sum({id(parameter): parameter.numel() for parameter in parameters}.values())


def listing(module: Any) -> str:
    """Name, type and shape of every parameter and stored buffer as CSV, sorted by name; a scalar's shape is empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("name", "dtype", "shape"))
    for name, tensor in sorted(module.state_dict().items()):
        table.writerow((name, str(tensor.dtype).removeprefix("torch."), "x".join(map(str, tensor.shape))))
    return text.getvalue()


def example(model: Model, loader: Any, module: Any) -> tuple[Any, ...]:
    """One input of native size, on the default device: the module's own, or an image."""
    import torch

    own = loader.example(module) if hasattr(loader, "example") else None
    if own is not None:
        return tuple(own)
    side = native_side(model, loader, module)
    return (torch.empty(1, 3, side, side),)


def native_side(model: Model, loader: Any, module: Any) -> int:
    """Side of the input in pixels: what the entry says, else the recipe's, else the module's own."""
    stated = model.architecture.input if model.architecture else None
    keyword = model.loader.kwargs.get("img_size") if model.loader else None
    found = stated or (keyword if isinstance(keyword, int) else None) or loader.side(module)
    if not found:
        raise ValueError("the module has no native input size; state architecture.input")
    return int(found)


def _forward(model: Model, loader: Any, module: Any) -> dict[str, Any]:
    """What one image of native size shows: operations, and the width of each embedding."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    inputs = example(model, loader, module)
    # Attention is written out as two matrix products, so that the count does not hang on the kernel that torch would choose.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        features = loader.features(module, *inputs)
    return {"input": tuple(inputs[0].shape), "flops": counter.get_total_flops(), **_widths(model, features)}


def _widths(model: Model, features: Features) -> dict[str, Any]:
    widths: dict[str, int] = {}
    unavailable: dict[str, str] = {}
    for name, embedding in model.embeddings.items():
        try:
            widths[name] = int(take(features, embedding.pooling).shape[-1])
        except Unavailable as error:
            unavailable[name] = str(error)
    return {"embeddings": widths, "unavailable": unavailable}
