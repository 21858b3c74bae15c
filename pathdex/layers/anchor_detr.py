"""Anchor DETR: a transformer that finds boxes from learned places, with attention along the rows and the columns of a map."""

import math

import torch
from torch import Tensor, nn

from pathdex.layers.sam_decoder import Layers

LEAST = 1e-5


class RowsAndColumns(nn.Module):
    """Attention to a map that looks along its columns and along its rows apart, and so needs no weight for each pair."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.zeros(5 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(5 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, across: Tensor, down: Tensor, grid: Tensor, places: tuple[Tensor, Tensor]) -> Tensor:
        """Queries with their places across and down, each [B, N, width], and a map [B, H, W, width], to [B, N, width].

        Places of the map are [W, width] across and [H, width] down.
        """
        given = (across, down, grid + places[0], grid + places[1][:, None], grid)
        parts = zip(given, self.in_proj_weight.chunk(5), self.in_proj_bias.chunk(5), strict=True)
        across, down, columns, rows, values = (nn.functional.linear(one, *layer) for one, *layer in parts)
        by_column = self._weights(across, columns.mean(1))
        by_row = self._weights(down, rows.mean(2))
        mixed = torch.einsum("bnqh,bhwnc->bnqwc", by_row, self._apart(values))
        out: Tensor = self.out_proj(torch.einsum("bnqw,bnqwc->bqnc", by_column, mixed).flatten(2))
        return out

    def _weights(self, queries: Tensor, keys: Tensor) -> Tensor:
        """[B, heads, N, keys], which add to one over the keys."""
        one, two = (self._apart(tokens).transpose(1, 2) for tokens in (queries, keys))
        return torch.softmax(one @ two.transpose(-1, -2) / math.sqrt(one.shape[-1]), dim=-1)

    def _apart(self, tokens: Tensor) -> Tensor:
        """[..., width] as [..., heads, width / heads]."""
        return tokens.reshape(*tokens.shape[:-1], self.heads, -1)


class FeedForward(nn.Module):
    """Two layers added to what came in, then the norm."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, hidden)
        self.linear2 = nn.Linear(hidden, width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.norm2(tokens + self.linear2(self.linear1(tokens).relu()))
        return out


class Encoder(nn.Module):
    """Each place of a map looks at the others."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = RowsAndColumns(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.ffn = FeedForward(width, hidden)

    def forward(self, grid: Tensor, places: tuple[Tensor, Tensor]) -> Tensor:
        """[B, H, W, width] to the same shape."""
        across, down = grid + places[0], grid + places[1][:, None]
        mixed = self.self_attn(across.flatten(1, 2), down.flatten(1, 2), grid, places)
        out: Tensor = self.ffn(self.norm1(grid + mixed.unflatten(1, grid.shape[1:3])))
        return out


class Decoder(nn.Module):
    """Boxes look at each other, then at the map."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.cross_attn = RowsAndColumns(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.self_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.ffn = FeedForward(width, hidden)

    def forward(self, tokens: Tensor, own: tuple[Tensor, Tensor, Tensor], grid: Tensor, places: tuple[Tensor, Tensor]) -> Tensor:
        """Tokens [B, N, width]; `own` are the codes of their places together, across and down."""
        both, across, down = own
        mixed = self.self_attn(tokens + both, tokens + both, tokens, need_weights=False)[0]
        tokens = self.norm2(tokens + mixed)
        out: Tensor = self.ffn(self.norm1(tokens + self.cross_attn(tokens + across, tokens + down, grid, places)))
        return out


def _adapter(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))


def waves(places: Tensor, width: int) -> Tensor:
    """Places from 0 to 1, [...], as sines and cosines [..., width] in turn."""
    numbers = torch.arange(width, device=places.device, dtype=places.dtype)
    angles = 2 * math.pi * places[..., None] / 10_000 ** (2 * (numbers // 2) / width)
    return torch.stack([angles[..., 0::2].sin(), angles[..., 1::2].cos()], dim=-1).flatten(-2)


class Transformer(nn.Module):
    """A map of an image to boxes, one from each learned place; the two heads are the same after each step."""

    def __init__(self, width: int, heads: int, hidden: int, depth: int, number: int, classes: int) -> None:
        super().__init__()
        self.encoder_layers = nn.ModuleList(Encoder(width, heads, hidden) for _ in range(depth))
        self.decoder_layers = nn.ModuleList(Decoder(width, heads, hidden) for _ in range(depth))
        self.pattern = nn.Embedding(1, width)
        self.position = nn.Embedding(number, 2)
        self.adapt_pos2d, self.adapt_pos1d = _adapter(width), _adapter(width)
        self.class_embed = nn.ModuleList([nn.Linear(width, classes)] * depth)
        self.bbox_embed = nn.ModuleList([Layers(width, width, width, 4)] * depth)

    def forward(self, grid: Tensor) -> tuple[Tensor, Tensor]:
        """[B, H, W, width] to scores [B, N, classes] before the sigmoid, and boxes [B, N, 4]: centre and size, 0 to 1."""
        width = grid.shape[-1]
        sides = [torch.arange(side, device=grid.device, dtype=grid.dtype) + 0.5 for side in grid.shape[2:0:-1]]
        across, down = (self.adapt_pos1d(waves(side / len(side), width)) for side in sides)
        for encoder in self.encoder_layers:
            grid = encoder(grid, (across, down))
        learned = self.position.weight
        both = torch.cat([waves(learned[:, axis], width // 2) for axis in (1, 0)], dim=-1)
        own = (self.adapt_pos2d(both), *(self.adapt_pos1d(waves(learned[:, axis], width)) for axis in (0, 1)))
        tokens = self.pattern.weight.expand(len(grid), len(learned), -1)
        for decoder in self.decoder_layers:
            tokens = decoder(tokens, own, grid, (across, down))
        moved = self.bbox_embed[-1](tokens)
        start = (learned.clamp(LEAST, 1) / (1 - learned).clamp(LEAST, 1)).log()
        boxes = torch.cat([moved[..., :2] + start, moved[..., 2:]], dim=-1).sigmoid()
        return self.class_embed[-1](tokens), boxes
