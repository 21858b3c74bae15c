"""FEATHER: gated attention over tile features, trained with the labels of 108 diagnoses."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import GatedAttention, pooled


class Feather(nn.Module):
    """One layer, then attention; the classifier is not released."""

    def __init__(self, tile: int, width: int, hidden: int) -> None:
        super().__init__()
        self.tile = tile
        self.patch_embed = nn.Sequential(nn.Linear(tile, width), nn.ReLU())
        self.global_attn = GatedAttention(width, hidden)

    def represent(self, features: Tensor) -> dict[str, Any]:
        """From tile features [1, N, tile]: the slide's vector [1, width] as `attention` and as `pooler`."""
        tiles = self.patch_embed(features)
        slide = pooled(self.global_attn(tiles), tiles)
        return {"tokens": tiles, "attention": slide, "pooler": slide}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 768, width: int = 512, hidden: int = 384) -> Feather:
    """The checkpoint for CONCH v1.5; UNI has tiles of 1024 numbers, UNI 2 of 1536."""
    return Feather(tile, width, hidden)
