"""MADELEINE: a slide's tiles pooled by gated attention with four heads, which training aligned between stains."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import HeadedPooling

TOKEN = 128


class Madeleine(nn.Module):
    """The slide's encoder, and the layer for tiles that training alone uses."""

    def __init__(self, tile: int, width: int, heads: int) -> None:
        super().__init__()
        self.tile = tile
        self.token_projector = nn.Linear(heads * width, TOKEN)
        self.wsi_embedders = HeadedPooling(tile, width, width, heads)
        self.projector = nn.Linear(heads * width, width)

    def represent(self, features: Tensor) -> dict[str, Any]:
        """From CONCH features [1, N, tile] of 10x tiles: the slide's vector [1, width] as `attention` and as `pooler`."""
        tiles, vector = self.wsi_embedders(features)
        slide = self.projector(vector)
        return {"tokens": tiles, "attention": slide, "pooler": slide}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Names without the `module.` that training on several cards leaves; the authors' loader takes it off too."""
        return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 512, width: int = 512, heads: int = 4) -> Madeleine:
    """The released network, unless told otherwise."""
    return Madeleine(tile, width, heads)
