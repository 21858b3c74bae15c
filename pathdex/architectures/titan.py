"""TITAN: a transformer over the grid of a slide's tiles, pooled by learned queries, beside a text tower."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.coca import QueryPooler, TextTower
from pathdex.layers.distance import penalties
from pathdex.layers.slide_attention import PackedAttention

WORDS = 32_007
LENGTH = 128
POOLER_HEADS = 8


class FeedForward(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.fc2(nn.functional.gelu(self.fc1(tokens)))
        return out


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = PackedAttention(width, heads)
        self.mlp = FeedForward(width)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.attn(self.norm1(tokens), bias)
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out


class SlideEncoder(nn.Module):
    """A class token and one token a tile, which heed one another by distance; the class token stands apart from the grid."""

    def __init__(self, tile: int, width: int, depth: int, heads: int, queries: int) -> None:
        super().__init__()
        self.heads = heads
        self.patch_embed = nn.Sequential(nn.Linear(tile, width), nn.GELU())
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleDict({"modules_list": nn.ModuleList(Block(width, heads) for _ in range(depth))})
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.attn_pool = QueryPooler(width, width, POOLER_HEADS, queries)
        self.attn_pool_contrastive = QueryPooler(width, width, POOLER_HEADS, 1)
        self.proj = nn.Parameter(torch.zeros(width, width))

    def forward(self, features: Tensor, places: Tensor) -> Tensor:
        """Features [1, N, tile] and places in the grid [1, N, 2] to tokens [1, 1 + N, width]."""
        tokens = torch.cat([self.cls_token, self.patch_embed(features)], dim=1)
        bias = penalties(places.float(), self.heads, prefix=1).to(tokens.dtype)
        blocks: Any = self.blocks["modules_list"]
        for block in blocks:
            tokens = block(tokens, bias)
        out: Tensor = self.norm(tokens)
        return out


class Titan(nn.Module):
    """Slide and text in one space; the tile encoder, CONCH v1.5, is not part of it."""

    def __init__(self, width: int, depth: int, heads: int, queries: int, text_depth: int) -> None:
        super().__init__()
        self.tile = width
        self.vision_encoder = SlideEncoder(width, width, depth, heads, queries)
        self.text_encoder = TextTower(WORDS, LENGTH, width, text_depth, heads, width)

    def represent(self, features: Tensor, coordinates: Tensor, step: int = 1024) -> dict[str, Any]:
        """From features [1, N, width] and corners [1, N, 2] in pixels of level 0, where neighbours lie `step` pixels apart.

        A tile is 512 pixels at 20x, so the step is 1024 where level 0 is 40x. No two tiles share a place. `attention` and
        `pooler` are the slide's vector, `projection` the one that is compared with text, both [1, width] and not normalised.
        """
        places = torch.div(coordinates - coordinates.amin(1, keepdim=True), step, rounding_mode="floor")
        tokens = self.vision_encoder(features, places)
        slide = self.vision_encoder.attn_pool_contrastive(tokens)[:, 0]
        projected = slide @ self.vision_encoder.proj
        return {"tokens": tokens, "prefix": 1, "has_class": True, "attention": slide, "pooler": slide, "projection": projected}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Ids [B, L] of at most 127 words, padded with 0, to vectors [B, width] that are not normalised."""
        vectors: Tensor = self.text_encoder(ids)
        return vectors

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles in a square, with coordinates in pixels of a 40x slide."""
        corners = 1024 * torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)
        return torch.zeros(1, 16, self.tile), corners

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Both towers, and the whole."""
        slide, text = list(self.vision_encoder.parameters()), list(self.text_encoder.parameters())
        return {"slide-encoder": slide, "text-encoder": text, "full-model": slide + text}


def build(width: int = 768, depth: int = 6, heads: int = 12, queries: int = 128, text_depth: int = 12) -> Titan:
    """The released network, unless told otherwise."""
    return Titan(width, depth, heads, queries, text_depth)
