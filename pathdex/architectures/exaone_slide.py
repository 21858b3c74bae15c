"""EXAONE Path 2.5's slide encoder: a transformer whose blocks see the whole slide and single pieces of tissue in turn."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from pathdex.layers.vit import GatedFeedForward

TILE = 256
"""Side of a tile in the pixels that coordinates count."""
BASE = 10_000.0


class Turns(nn.Module):
    """Rotations of queries and keys by the tile's place; the released file holds the periods."""

    periods: Tensor

    def __init__(self, head: int) -> None:
        super().__init__()
        self.register_buffer("periods", BASE ** (torch.arange(head // 4) / (head // 4)))

    def forward(self, coordinates: Tensor) -> tuple[Tensor, Tensor]:
        """Sine and cosine [B, 1, N, head] of coordinates [B, N, 2] in pixels, taken at the tile's centre."""
        centres = (coordinates.float() + TILE // 2) / TILE
        angles = (2 * torch.pi * centres.unsqueeze(-1) / self.periods.float()).flatten(2).tile(1, 1, 2).unsqueeze(1)
        return angles.sin(), angles.cos()


class Attention(nn.Module):
    """Attention that may turn queries and keys of the tiles, which stand last."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, turns: tuple[Tensor, Tensor] | None, seen: Tensor | None) -> Tensor:
        """Tokens of the same shape; `seen` [B, 1, N, N] tells which token heeds which."""
        queries, keys, values = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if turns:
            queries, keys = turned(queries, *turns), turned(keys, *turns)
        mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


def turned(tokens: Tensor, sine: Tensor, cosine: Tensor) -> Tensor:
    """Tokens [B, heads, prefix + N, head] with the last N rotated; the first half of a head pairs with its second."""
    first = tokens.shape[-2] - sine.shape[-2]
    tiles = tokens[:, :, first:]
    left, right = tiles.chunk(2, dim=-1)
    rotated = tiles * cosine + torch.cat([-right, left], dim=-1) * sine
    return torch.cat([tokens[:, :, :first], rotated.to(tokens.dtype)], dim=2)


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = GatedFeedForward(width, 128 * -(-(8 * width // 3) // 128))

    def forward(self, tokens: Tensor, turns: tuple[Tensor, Tensor] | None = None, seen: Tensor | None = None) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.attn(self.norm1(tokens), turns, seen)
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out


class ExaoneSlide(nn.Module):
    """A class token, registers, and one token a tile."""

    def __init__(self, tile: int, width: int, depth: int, heads: int, registers: int) -> None:
        super().__init__()
        self.tile, self.prefix = tile, 1 + registers
        self.patch_embed = nn.ModuleDict({"proj": nn.Linear(tile, width), "norm": nn.LayerNorm(width)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.storage_tokens = nn.Parameter(torch.zeros(1, registers, width))
        self.rope_embed = Turns(width // heads)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def represent(self, features: Tensor, coordinates: Tensor, pieces: Tensor | None = None) -> dict[str, Any]:
        """From features [1, N, tile], corners [1, N, 2] in pixels, 256 to a tile, and the number of the tissue piece [1, N].

        `projection` is the slide's vector as the authors' code gives it: the mean of the features as they came in, then that of
        the tokens, [1, tile + width]; it is under this name because it is wider than a token. The first and every second block
        sees all; the others turn by place, and a tile sees its own piece of tissue only.
        """
        tokens = self.patch_embed["norm"](self.patch_embed["proj"](features))
        tokens = torch.cat(
            [self.cls_token.expand(len(tokens), -1, -1), self.storage_tokens.expand(len(tokens), -1, -1), tokens], dim=1
        )
        turns, seen = self.rope_embed(coordinates), self._seen(pieces)
        for number, block in enumerate(self.blocks):
            tokens = block(tokens, turns, seen) if number % 2 else block(tokens)
        tokens = self.norm(tokens)
        slide = torch.cat([features.mean(1), tokens[:, self.prefix :].mean(1)], dim=-1)
        return {"tokens": tokens, "prefix": self.prefix, "has_class": True, "projection": slide}

    def _seen(self, pieces: Tensor | None) -> Tensor | None:
        """Which token heeds which, [B, 1, N, N]: those of one piece; the class token and the registers are one of their own."""
        if pieces is None:
            return None
        numbers = nn.functional.pad(pieces, (self.prefix, 0), value=-1)
        return (numbers.unsqueeze(2) == numbers.unsqueeze(1)).unsqueeze(1)

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Names without the wrappers around the transformer."""
        return {name.split("transformer.", 1)[-1]: tensor for name, tensor in tensors.items()}

    def example(self) -> tuple[Tensor, Tensor, Tensor]:
        """Sixteen tiles in a square, with coordinates in pixels, of one piece of tissue."""
        corners = TILE * torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)
        return torch.zeros(1, 16, self.tile), corners, torch.zeros(1, 16, dtype=torch.long)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 768, width: int = 768, depth: int = 6, heads: int = 12, registers: int = 7) -> ExaoneSlide:
    """The released network, unless told otherwise."""
    return ExaoneSlide(tile, width, depth, heads, registers)
