"""Prov-GigaPath's slide encoder: a LongNet over tile features, which looks their places up in a fixed table of sines."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.longnet import LongNet

RATIOS = (1, 2, 4, 8, 16)
TILE = 256
"""Side of a tile in the pixels that coordinates count."""
GRID = 1000
"""Rows and columns of the table of places."""


class GigapathSlide(nn.Module):
    """A class token and one token a tile."""

    def __init__(self, tile: int, width: int, depth: int, heads: int, side: int) -> None:
        super().__init__()
        self.tile = tile
        self.patch_embed = nn.ModuleDict({"proj": nn.Linear(tile, width)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.encoder = LongNet(width, 4 * width, depth, heads, segments(side), RATIOS)
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def represent(self, features: Tensor, coordinates: Tensor) -> dict[str, Any]:
        """From tile features [1, N, tile] and the tiles' corners [1, N, 2] in pixels, a tile being 256 of them wide.

        Tokens come with the class token first; `pooler` is what the authors' global pooling gives, the norm of the tiles' mean.
        """
        tokens = self.patch_embed["proj"](features) + places(coordinates, self.cls_token.shape[-1]).to(features.dtype)
        tokens = self.encoder(torch.cat([self.cls_token.expand(len(tokens), -1, -1), tokens], dim=1))
        return {"tokens": self.norm(tokens), "prefix": 1, "has_class": True, "pooler": self.norm(tokens[:, 1:].mean(1))}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles in a square, with coordinates in pixels."""
        corners = TILE * torch.cartesian_prod(torch.arange(4), torch.arange(4))
        return torch.zeros(1, 16, self.tile), corners.unsqueeze(0)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def segments(side: int) -> tuple[int, ...]:
    """Five lengths that double evenly from 1024 tiles to all that a slide of `side` pixels can have."""
    last = ((side // TILE) ** 2).bit_length() - 1
    return tuple(int(2 ** (10 + step * (last - 10) / 4)) for step in range(5))


def places(coordinates: Tensor, width: int) -> Tensor:
    """Sines and cosines [B, N, width] of the tile's column, then of its row, from coordinates [B, N, 2] in pixels.

    The second coordinate counts columns. Beyond column 999 the table goes on in the next row, as the authors' does.
    """
    row, column = torch.floor(coordinates.double() / TILE).unbind(-1)
    row, column = row + torch.floor(column / GRID), column % GRID
    rates = 10000.0 ** -(torch.arange(width // 4, dtype=torch.float64, device=coordinates.device) / (width / 4))
    column, row = column.unsqueeze(-1) * rates, row.unsqueeze(-1) * rates
    return torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], dim=-1).float()


def build(tile: int = 1536, width: int = 768, depth: int = 12, heads: int = 16, side: int = 262_144) -> GigapathSlide:
    """The released network, unless told otherwise; `side` is that of the largest slide in pixels."""
    return GigapathSlide(tile, width, depth, heads, side)
