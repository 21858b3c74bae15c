"""A model ready to encode: the filled module, what happens to an image before it, and its named embeddings."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pathdex.filling import filled, library, recipe
from pathdex.hindrance import Hindered
from pathdex.measuring.pooling import Unavailable, take
from pathdex.measuring.preparing import prepared
from pathdex.measuring.skeleton import skeleton
from pathdex.released import hostile, hub_cache
from pathdex.schema import Model
from pathdex.schema.model import Loader
from pathdex.weights import opening
from pathdex.weights.fetch import fetched
from pathdex.weights.hub import chosen, snapshot

Tensor = Any  # torch.Tensor
Module = Any  # torch.nn.Module
TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


@dataclass
class Encoder:
    """One model, filled and on its device; `variant` is the embedding that is given where none is asked for."""

    model: Model
    module: Module
    variant: str
    device: str = "cpu"
    precision: str = "fp32"

    @property
    def width(self) -> int:
        """Length of the default vector."""
        return self.model.embeddings[self.variant].width

    @property
    def side(self) -> int:
        """Side in pixels of the images that the module wants."""
        stated = self.model.preprocess.crop if self.model.preprocess else None
        native = self.model.architecture.input if self.model.architecture else None
        return int(stated or native or self._library.side(self.module) or 224)

    @property
    def _library(self) -> Any:
        return library(recipe(self.model))

    def preprocess(self, image: Any) -> Tensor:
        """A PIL image as float32 [3, side, side], as the entry states."""
        return prepared(image, self.model.preprocess, self.side)

    def encode_image(self, images: Tensor, variant: str | None = None) -> Tensor:
        """Images [B, 3, H, W], preprocessed, as vectors [B, width] in float32."""
        return self.encode(images, variants=[variant or self.variant])[variant or self.variant]

    def encode_slide(self, tiles: Tensor, *more: Tensor, variant: str | None = None) -> Tensor:
        """Embeddings of slides' tiles [B, N, width of the tile encoder], and coordinates [B, N, 2] where the model wants them,
        as vectors [B, width] in float32."""
        # Coordinates count pixels in the ten thousands, which half precision can't tell apart: as integers they are not cast.
        more = tuple(one.round().long() if one.is_floating_point() and one.shape[-1] == 2 else one for one in more)
        return self.encode(tiles, *more, variants=[variant or self.variant])[variant or self.variant]

    def encode_text(self, ids: Tensor) -> Tensor:
        """Token ids [B, L] as vectors [B, width] in float32; raises `Unavailable` where the model reads no text."""
        import torch

        if not hasattr(self._library, "encode_text"):
            raise Unavailable(f"{self.model.name} reads no text")
        with torch.inference_mode():
            return self._library.encode_text(self.module, ids.to(self.device)).float()

    def encode(self, *inputs: Tensor, variants: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Every variant asked for, or all, from one pass; each [B, width] in float32. Raises `Unavailable`."""
        import torch

        asked = list(self.model.embeddings if variants is None else variants)
        if unknown := [name for name in asked if name not in self.model.embeddings]:
            raise Unavailable(f"{self.model.name} has no embedding {unknown[0]!r}; it has {', '.join(self.model.embeddings)}")
        with torch.inference_mode():
            given = [one.to(self.device, self._dtype) if one.is_floating_point() else one.to(self.device) for one in inputs]
            features = self._library.features(self.module, *given)
            return {name: take(features, self.model.embeddings[name].pooling).float() for name in asked}

    @property
    def _dtype(self) -> Any:
        import torch

        return getattr(torch, TYPES[self.precision])

    def at(self, precision: str) -> "Encoder":
        """The same encoder in another precision, with a module of its own."""
        import torch

        if precision == self.precision:
            return self
        module = copy.deepcopy(self.module).to(getattr(torch, TYPES[precision]))
        return Encoder(self.model, module, self.variant, self.device, precision)


def encoder(
    model: Model,
    *,
    variant: str | None = None,
    device: str = "cpu",
    precision: str = "fp32",
    random: bool = False,
    cache: Path | None = None,
    quota: int | None = None,
) -> Encoder:
    """The model filled with its released weights, or with seeded random ones; raises `Hindered` and `ValueError`."""
    loader = recipe(model)
    default = next((name for name, embedding in model.embeddings.items() if embedding.default), None)
    if variant not in (None, *model.embeddings):
        raise ValueError(f"no embedding {variant!r}; the entry has {', '.join(model.embeddings) or 'none'}")
    module = _random(loader) if random else _released(model, loader, cache or hub_cache(), quota)
    import torch

    module.to(device, getattr(torch, TYPES[precision])).eval().requires_grad_(False)
    return Encoder(model, module, variant or default or "", device, precision)


def _released(model: Model, loader: Loader, cache: Path, quota: int | None) -> Module:
    found = snapshot(model.weights)
    paths = [fetched(found, file, cache, quota) for file in chosen(model.weights, loader.file, found)]
    indexes = {path: opening.index(path) for path in paths}
    if danger := hostile(indexes.values()):
        raise Hindered("mismatch", danger)
    module, _, wrong = filled(loader, indexes)
    if wrong:
        raise Hindered("mismatch", wrong)
    return module


def _random(loader: Loader) -> Module:
    """The module with seeded numbers: gains are 1, biases 0, the rest small and normal, so that all stays finite."""
    import torch

    with torch.no_grad(), skeleton():
        module = library(loader).build(loader)
    hollow = {name: one for name, one in module.named_parameters(remove_duplicate=False) if one.is_meta}
    drawn: dict[int, Any] = {}
    for name, one in hollow.items():
        drawn[id(one)] = drawn[id(one)] if id(one) in drawn else _numbers(name, tuple(one.shape))
    module.load_state_dict({name: drawn[id(one)] for name, one in hollow.items()}, strict=False, assign=True)
    return module


def _numbers(name: str, shape: tuple[int, ...]) -> Tensor:
    import torch

    if len(shape) <= 1:
        return torch.zeros(shape) if name.endswith("bias") else torch.ones(shape)
    seed = int.from_bytes(sha256(name.encode()).digest()[:8], "big") >> 1
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.02
