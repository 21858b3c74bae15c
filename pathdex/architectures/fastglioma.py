"""FastGlioma's slide encoder: a small transformer over the tiles of a fresh, unstained image, with learned waves as places."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.slide_attention import PackedAttention
from pathdex.layers.vit import FeedForward

WAVES = 48
HIDDEN = 36


class Places(nn.Module):
    """Places as learned waves, then two layers; the class token and the registers have places of their own."""

    def __init__(self, width: int, prefix: int) -> None:
        super().__init__()
        self.cls_pos_emb = nn.Parameter(torch.zeros(1, prefix, width))
        self._ff_embed = nn.Linear(2, WAVES, bias=False)
        first, last = nn.Linear(2 * WAVES, HIDDEN), nn.Linear(HIDDEN, width)
        self._mlp = nn.Sequential(nn.LayerNorm(2 * WAVES), first, nn.GELU(), nn.LayerNorm(HIDDEN), last)

    def forward(self, coordinates: Tensor) -> Tensor:
        """Coordinates [B, N, 2] to what is added to the tokens, [B, prefix + N, width]."""
        phases = self._ff_embed(coordinates.to(self._ff_embed.weight.dtype))
        waves = torch.cat([phases.cos(), phases.sin()], dim=-1) * (2 * WAVES) ** -0.5
        return torch.cat([self.cls_pos_emb.expand(len(waves), -1, -1), self._mlp(waves)], dim=1)


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = PackedAttention(width, heads, bias=False)
        self.mlp = FeedForward(width, 4 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.attn(self.norm1(tokens))
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out


class FastGlioma(nn.Module):
    """A class token, registers, and one token a tile."""

    def __init__(self, width: int, depth: int, heads: int, prefix: int) -> None:
        super().__init__()
        self.width, self.prefix = width, prefix
        self.cls_token = nn.Parameter(torch.zeros(1, prefix, width))
        self.pos_embed = Places(width, prefix)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def represent(self, features: Tensor, coordinates: Tensor) -> dict[str, Any]:
        """From features [1, N, width] of the ResNet-34 beside it and places [1, N, 2], counted in tiles: tokens, class first."""
        tokens = torch.cat([self.cls_token.expand(len(features), -1, -1), features], dim=1) + self.pos_embed(coordinates)
        for block in self.blocks:
            tokens = block(tokens)
        return {"tokens": self.norm(tokens), "prefix": self.prefix, "has_class": True}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles in a square."""
        places = torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)
        return torch.zeros(1, 16, self.width), places

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def build(width: int = 512, depth: int = 2, heads: int = 4, prefix: int = 8) -> FastGlioma:
    """The slide's part of the released networks, of which there are two with different tile encoders."""
    return FastGlioma(width, depth, heads, prefix)
