"""A model ready to encode: the filled module, what happens to an image before it, and its named embeddings."""

import copy
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pathdex import answering, generating
from pathdex.filling import library, recipe
from pathdex.measuring.casting import cast
from pathdex.measuring.pooling import Unavailable, take
from pathdex.measuring.preparing import prepared
from pathdex.obtaining import Origin
from pathdex.schema import Model
from pathdex.streaming import filled_up, streamed

Tensor = Any  # torch.Tensor
Module = Any  # torch.nn.Module
COMPILED = "max-autotune-no-cudagraphs"
"""How torch compiles what many tiles go through: kernels are chosen by trying them."""
TYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


@dataclass
class Encoder:
    """One model, filled and on its device; `variant` is the embedding that is given where none is asked for."""

    model: Model
    module: Module
    variant: str
    device: str = "cpu"
    precision: str = "fp32"
    origin: Origin = field(default_factory=Origin)
    """Where the numbers came from, and those of networks beside it will."""

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
        """A PIL image as float32 [3, side, side], as the entry states; warns where it states nothing."""
        if self.model.preprocess is None:
            warnings.warn(f"{self.model.name}: no preprocessing is known; images are resized and scaled to 0..1", stacklevel=2)
        return prepared(image, self.model.preprocess, self.side)

    def encode_image(self, images: Tensor, variant: str | None = None) -> Tensor:
        """Images [B, 3, H, W], preprocessed, as vectors [B, width] in float32. Raises `Unavailable` of a slide encoder."""
        self._sees()
        return self.encode(images, variants=[variant or self.variant])[variant or self.variant]

    def encode_tiles(self, batches: Iterable[Any], variant: str | None = None, compiled: bool = False) -> Iterator[Tensor]:
        """Batches of bytes [B, side, side, 3], tensors or arrays, as vectors [B, width] in float32 on the CPU, in order.

        Nothing is resized; bytes are scaled and normalised on the device, as the entry states, and nothing there waits for what
        comes in or goes out. Compiled, the first batch takes minutes, and none after it may be larger.
        Raises `ValueError` for tiles of another form, and `Unavailable`.
        """
        import torch

        self._sees()
        run = self._from_bytes(*self._known([variant or self.variant]))
        tiles = (_bytes(one, self.side) for one in batches)
        if not compiled:
            yield from streamed(run, tiles, self.device)
            return
        lengths: deque[int] = deque()

        def noted() -> Iterator[Tensor]:
            for batch, length in filled_up(tiles):
                lengths.append(length)
                yield batch

        for found in streamed(torch.compile(run, mode=COMPILED, dynamic=False), noted(), self.device):
            yield found[: lengths.popleft()]

    def _from_bytes(self, variant: str) -> Callable[[Tensor], Tensor]:
        """A function of tiles on the device, uint8 [B, side, side, 3], that can be compiled whole."""
        import torch

        network, features, dtype = self.module, self._library.features, self._dtype
        pooling, stated = self.model.embeddings[variant].pooling, self.model.preprocess
        normal = (stated.mean, stated.std) if stated and stated.mean and stated.std else ((0.0,) * 3, (1.0,) * 3)
        mean, std = (torch.tensor(one, device=self.device).view(3, 1, 1) for one in normal)

        def run(tiles: Tensor) -> Tensor:
            images = (tiles.permute(0, 3, 1, 2).float() / 255 - mean) / std
            return take(features(network, images.to(dtype)), pooling).float()

        return run

    def encode_slide(self, tiles: Tensor, *more: Tensor, variant: str | None = None) -> Tensor:
        """Embeddings of slides' tiles [B, N, width of the tile encoder], and coordinates [B, N, 2] where the model wants them,
        as vectors [B, width] in float32."""
        import torch

        if tiles.ndim == 3 and len(tiles) > 1:  # not every network tells slides apart, and none gains from several at once
            parts = [[one[number : number + 1] for one in (tiles, *more)] for number in range(len(tiles))]
            return torch.cat([self.encode_slide(*part, variant=variant) for part in parts])
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

    def generate(
        self,
        *condition: Tensor,
        count: int | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float | None = None,
        length: int = 256,
    ) -> Tensor:
        """Images [B, 3, H, W] from 0 to 1 in float32, drawn by diffusion for B conditions. Of a language model: `answer`.

        What a condition is, `model.generation.inputs` says; without one, `count` images are drawn freely. The same seed gives the
        same images. Steps and guidance are the authors' where none are given; guidance 1 is none. The networks beside the
        denoiser are fetched at the first call. Raises `Unavailable` for a model that draws nothing, and `Hindered`.
        """
        if self.model.writing is not None:
            return self.answer(*condition, length=length)
        return self._painter.draw(*condition, count=count, seed=seed, steps=steps, guidance=guidance)

    def answer(self, prompt: str | Tensor, *inputs: Tensor, length: int = 256) -> str | Tensor:
        """What a language model writes: the likeliest word each time, `length` at most.

        Words are put into the prompt of the authors, unless they have a place for {image} of their own, and answered in words;
        the tokenizer is fetched at the first call. Ids [B, N], of which SEEN of `pathdex.layers.language` stands where what is
        seen has its place, are answered by ids [B, L]. What the inputs are, `model.writing.inputs` says.
        Raises `Unavailable` for a model that writes nothing, and `Hindered`.
        """
        import torch

        given = prompt if isinstance(prompt, str) else prompt.to(self.device)
        with torch.inference_mode():
            return self._speaker.answer(given, *self._placed(*inputs), length=length)

    @cached_property
    def _speaker(self) -> answering.Speaker:
        return answering.Speaker(self.model, self.module, self.origin.cache, self.device)

    @cached_property
    def _painter(self) -> generating.Painter:
        return generating.painter(self.model, self.module, self.origin, self.device, self._dtype)

    def stain(self, images: Tensor, *more: Tensor) -> Tensor:
        """H&E images [B, 3, H, W], preprocessed, as virtual stains [B, channels, height, width] in float32.

        `model.channels` names them. Their unit, their size, and what some models want beside the images, the docstring of the
        network's own `stain` says. A frozen network of others that `model.foundation` names is fetched at the first call.
        Raises `Unavailable` for a model that stains nothing, and `Hindered`.
        """
        import torch

        if not hasattr(self._library, "stained"):
            raise Unavailable(f"{self.model.name} stains no images")
        with torch.inference_mode():
            frozen = {"foundation": self._foundation} if self.model.foundation else {}
            return self._library.stained(self.module, *self._placed(images, *more), **frozen).float()

    @cached_property
    def _foundation(self) -> Module:
        return generating.beside(self.model, self.model.foundation, self.origin, self.device, self._dtype)

    def encode(self, *inputs: Tensor, variants: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Every variant asked for, or all, from one pass; each [B, width] in float32. Raises `Unavailable`."""
        import torch

        asked = self._known(self.model.embeddings if variants is None else variants)
        with torch.inference_mode():
            features = self._library.features(self.module, *self._placed(*inputs))
            return {name: take(features, self.model.embeddings[name].pooling).float() for name in asked}

    def _sees(self) -> None:
        """Raise `Unavailable` where the model reads no images."""
        if self.model.kind == "slide-encoder":
            raise Unavailable(f"{self.model.name} reads no images, but what another encoder made of tiles; call encode_slide")

    def _known(self, variants: Iterable[str]) -> list[str]:
        """The names, each of which is an embedding of the model; raises `Unavailable`."""
        asked = list(variants)
        if unknown := [name for name in asked if name not in self.model.embeddings]:
            raise Unavailable(f"{self.model.name} has no embedding {unknown[0]!r}; it has {', '.join(self.model.embeddings)}")
        return asked

    def _placed(self, *inputs: Tensor) -> list[Tensor]:
        """The inputs on the device, and those that are no integers in the precision."""
        return [one.to(self.device, self._dtype) if one.is_floating_point() else one.to(self.device) for one in inputs]

    @property
    def _dtype(self) -> Any:
        import torch

        return getattr(torch, TYPES[self.precision])

    def at(self, precision: str) -> "Encoder":
        """The same encoder in another precision, with a module of its own."""
        import torch

        if precision == self.precision:
            return self
        module = cast(copy.deepcopy(self.module), self.device, getattr(torch, TYPES[precision]))
        return Encoder(self.model, module, self.variant, self.device, precision, self.origin)


def encoder(
    model: Model,
    *,
    variant: str | None = None,
    device: str = "cpu",
    precision: str = "fp32",
    random: bool = False,
    cache: Path | None = None,
    quota: int | None = None,
    origin: Origin | None = None,
    weights: Path | None = None,
) -> Encoder:
    """The model filled with its released weights, or with seeded random ones, or from an origin that says which.

    The file or folder `weights` stands for the released files. Raises `Hindered` and `ValueError`.
    """
    loader = recipe(model)
    if precision not in TYPES:
        raise ValueError(f"no precision {precision!r}; there are {', '.join(TYPES)}")
    default = next((name for name, embedding in model.embeddings.items() if embedding.default), None)
    if variant not in (None, *model.embeddings):
        raise ValueError(f"no embedding {variant!r}; the entry has {', '.join(model.embeddings) or 'none'}")
    origin = origin or Origin(random, cache, quota)
    if weights is not None:
        loader = origin.take(model.weights, loader, weights)
    module = origin.module(model.weights, loader)
    import torch

    cast(module, device, getattr(torch, TYPES[precision])).eval().requires_grad_(False)
    return Encoder(model, module, variant or default or "", device, precision, origin)


def _bytes(tiles: Any, side: int) -> Tensor:
    """A batch of tiles as a tensor, uint8 [B, side, side, 3]; raises `ValueError` for any other."""
    import torch

    found = torch.as_tensor(tiles)
    if found.dtype != torch.uint8 or found.shape[1:] != (side, side, 3):
        kind, shape = str(found.dtype).removeprefix("torch."), "x".join(map(str, found.shape))
        raise ValueError(f"tiles of {kind} {shape}; the model wants uint8 Bx{side}x{side}x3")
    return found
