"""HIPT's second stage: a very small vision transformer over the grid of class tokens that the first stage makes of a region."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.vit import Block, FeedForward, stretched

TRAINED = 14
"""Side of the grid that the table of positions was made for."""


class HiptVit4k(nn.Module):
    """A class token and one token a tile."""

    def __init__(self, tile: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.tile, self.width = tile, width
        self.phi = nn.Sequential(nn.Linear(tile, width), nn.GELU())
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + TRAINED**2, width))
        self.blocks = nn.ModuleList(Block(width, heads, FeedForward(width, 4 * width)) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def represent(self, features: Tensor, coordinates: Tensor) -> dict[str, Any]:
        """From the class tokens [1, N, tile] of all N tiles of a region and their places in its grid [1, N, 2], from 0.

        The first coordinate counts along the width of the region, as the authors lay it. The class token comes first.
        """
        columns, rows = coordinates[0, :, 0], coordinates[0, :, 1]
        width, height = (4, 4) if coordinates.is_meta else (int(columns.max()) + 1, int(rows.max()) + 1)
        order = columns * height + rows
        grid = torch.zeros(1, width * height, self.width, dtype=features.dtype, device=features.device)
        grid = grid.index_copy(1, order.long(), self.phi(features))
        tokens = torch.cat([self.cls_token, grid], dim=1) + stretched(self.pos_embed, width, height)
        for block in self.blocks:
            tokens = block(tokens)
        return {"tokens": self.norm(tokens), "prefix": 1, "has_class": True}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles, four a side."""
        places = torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)
        return torch.zeros(1, 16, self.tile), places

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One encoder of regions."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 384, width: int = 192, depth: int = 6, heads: int = 6) -> HiptVit4k:
    """The released network, unless told otherwise."""
    return HiptVit4k(tile, width, depth, heads)
