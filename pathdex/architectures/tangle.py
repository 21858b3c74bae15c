"""TANGLE's slide encoders; the network for gene expression, which training set beside them, is left out."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import GatedAttention, HeadedPooling, layers, pooled


class Single(nn.Module):
    """One head: two layers that keep the width of the tiles, then gated attention."""

    def __init__(self, tile: int, hidden: int) -> None:
        super().__init__()
        self.pre_attn = layers(tile, tile, tile)
        self.attn = GatedAttention(tile, hidden)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, N, tile] to tiles of the same shape and the slide's vector [B, tile]."""
        tiles = self.pre_attn(features)
        return tiles, pooled(self.attn(tiles), tiles)


class Several(HeadedPooling):
    """Several heads, joined by a last layer."""

    def __init__(self, tile: int, hidden: int, heads: int) -> None:
        super().__init__(tile, hidden, hidden, heads)
        self.proj_multihead = nn.Linear(heads * hidden, hidden)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, N, tile] to tiles [B, N, heads * hidden] and the slide's vector [B, hidden]."""
        tiles, vector = super().forward(features)
        return tiles, self.proj_multihead(vector)


class Tangle(nn.Module):
    """The part of the authors' network that sees the slide."""

    def __init__(self, tile: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.tile = tile
        self.wsi_embedder = Single(tile, hidden) if heads == 1 else Several(tile, hidden, heads)

    def represent(self, features: Tensor) -> dict[str, Any]:
        """From tile features [1, N, tile]: the slide's vector as `attention` and as `pooler`."""
        tiles, slide = self.wsi_embedder(features)
        return {"tokens": tiles, "attention": slide, "pooler": slide}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The slide's tensors alone, without the `module.` that training on several cards leaves."""
        plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
        return {name: tensor for name, tensor in plain.items() if name.startswith("wsi_embedder.")}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 1024, hidden: int = 512, heads: int = 2) -> Tangle:
    """TANGLEv2, unless told otherwise."""
    return Tangle(tile, hidden, heads)
