"""Gated attention, which weighs the tiles of a slide, with the names that CLAM's code and those after it gave its parts."""

from itertools import pairwise

import torch
from torch import Tensor, nn


class GatedAttention(nn.Module):
    """A score for each tile: tanh times sigmoid of two linear layers, then a third."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.attention_a = nn.Sequential(nn.Linear(width, hidden), nn.Tanh())
        self.attention_b = nn.Sequential(nn.Linear(width, hidden), nn.Sigmoid())
        self.attention_c = nn.Linear(hidden, 1)

    def forward(self, tiles: Tensor) -> Tensor:
        """Tiles [B, N, width] to scores [B, N, 1] before any softmax."""
        scores: Tensor = self.attention_c(self.attention_a(tiles) * self.attention_b(tiles))
        return scores


class HeadedPooling(nn.Module):
    """Tiles to one vector a head, as in MADELEINE and TANGLEv2: layers common to all, then channels dealt out to the heads."""

    def __init__(self, tile: int, width: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.pre_attn = layers(tile, width, width, heads * width)
        self.attn = nn.ModuleList(GatedAttention(width, hidden) for _ in range(heads))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, N, tile] to tiles and pooled channels, [B, N, heads * width] and [B, heads * width] in the same order."""
        tiles = self.pre_attn(features)
        shares = dealt(tiles, len(self.attn))
        vectors = [pooled(gate(share), share) for gate, share in zip(self.attn, shares, strict=True)]
        return tiles, torch.stack(vectors, dim=-1).flatten(1)


def layers(*widths: int) -> nn.Sequential:
    """Linear, norm and GELU for each step from one width to the next; the fourth place is dropout's in training."""
    made: list[nn.Module] = []
    for old, new in pairwise(widths):
        made += [nn.Linear(old, new), nn.LayerNorm(new), nn.GELU(), nn.Identity()]
    return nn.Sequential(*made)


def pooled(scores: Tensor, tiles: Tensor) -> Tensor:
    """The mean of the tiles [B, N, D] weighted by the softmax of scores [B, N, 1] over N, as [B, D]."""
    return (torch.softmax(scores, dim=1) * tiles).sum(1)


def dealt(tiles: Tensor, heads: int) -> Tensor:
    """Tiles [B, N, heads * D] as [heads, B, N, D]: channel k belongs to head k modulo `heads`."""
    return torch.unflatten(tiles, -1, (-1, heads)).movedim(-1, 0)


def mean_score(gates: nn.ModuleList, tiles: Tensor) -> Tensor:
    """The mean of all heads' scores for each tile, [B, N, 1], each head seeing the channels dealt to it, as in COBRA and ELF."""
    return torch.stack([gate(share) for gate, share in zip(gates, dealt(tiles, len(gates)), strict=True)]).mean(0)
