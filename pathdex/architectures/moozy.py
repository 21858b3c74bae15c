"""MOOZY: a transformer over a slide's tiles, which heed one another by distance, and a second one over a patient's slides."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from pathdex.layers.distance import penalties, slopes
from pathdex.layers.slide_attention import attend


class Scale(nn.Module):
    """A learned factor for each number of a token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), 1e-5))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        return tokens * self.gamma


class Slopes(nn.Module):
    """The slopes of the heads, which the released file holds once a block."""

    slopes: Tensor

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.register_buffer("slopes", -torch.tensor(slopes(heads)).unsqueeze(1))


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it; blocks of slides scale what they add."""

    def __init__(self, width: int, heads: int, places: Slopes | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.ls_attn: nn.Module = nn.Identity() if places else Scale(width)
        self.ls_mlp: nn.Module = nn.Identity() if places else Scale(width)
        if places:
            self.pos_bias = places

    def forward(self, tokens: Tensor, bias: Tensor | None = None) -> Tensor:
        """Tokens [B, N, width] of the same shape; the bias [B, heads, N, N] is added to the scores."""
        normed = self.norm1(tokens)
        mixed = attend(self.q_proj(normed), self.k_proj(normed), self.v_proj(normed), self.heads, bias)
        tokens = tokens + self.ls_attn(self.out_proj(mixed))
        out: Tensor = tokens + self.ls_mlp(self.fc2(gelu(self.fc1(self.norm2(tokens)))))
        return out


class SlideEncoder(nn.Module):
    """A class token, registers, and one token a tile; the mask token served training alone."""

    def __init__(self, tile: int, width: int, depth: int, heads: int, registers: int) -> None:
        super().__init__()
        self.heads, self.registers = heads, registers
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, registers, width))
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.input_proj = nn.Sequential(nn.Linear(tile, width), nn.GELU())
        self.pos_bias = Slopes(heads)
        self.blocks = nn.ModuleList(Block(width, heads, self.pos_bias) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor, places: Tensor) -> Tensor:
        """Features [1, N, tile] and places [1, N, 2], in tiles, to tokens [1, 1 + registers + N, width]."""
        tokens = torch.cat([self.cls_token, self.register_tokens, self.input_proj(features)], dim=1)
        bias = penalties(places, self.heads, prefix=1 + self.registers).to(tokens.dtype)
        for block in self.blocks:
            tokens = block(tokens, bias)
        out: Tensor = self.norm(tokens)
        return out


class CaseTransformer(nn.Module):
    """Joins the class tokens of a patient's slides."""

    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.case_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, slides: Tensor) -> Tensor:
        """Slides [1, S, width] to the case [1, width]."""
        tokens = torch.cat([self.case_token, slides], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        case: Tensor = self.norm(tokens)[:, 0]
        return case


class Moozy(nn.Module):
    """Both transformers, under the names by which the released file holds them."""

    def __init__(self, tile: int, width: int, depth: int, heads: int, registers: int, case_depth: int) -> None:
        super().__init__()
        self.tile = tile
        self.teacher_slide_encoder = SlideEncoder(tile, width, depth, heads, registers)
        self.case_transformer = CaseTransformer(width, case_depth, heads)

    def represent(self, features: Tensor, coordinates: Tensor, patch: float = 224.0) -> dict[str, Any]:
        """From tile features [1, N, tile] and the tiles' corners [1, N, 2] in pixels of level 0, where a tile is `patch` wide.

        Tokens come with the slide's class token first, then the registers; `pooler` is the case of this one slide.
        """
        tokens = self.teacher_slide_encoder(features, coordinates.float() / patch)
        prefix = 1 + self.teacher_slide_encoder.registers
        return {"tokens": tokens, "prefix": prefix, "has_class": True, "pooler": self.case_transformer(tokens[:, :1])}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles in a square, with coordinates in pixels."""
        corners = 224 * torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)
        return torch.zeros(1, 16, self.tile), corners

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The slide's encoder; the authors' total also holds the tile encoder, which is not here, and so is not compared."""
        return {"slide-encoder": list(self.teacher_slide_encoder.parameters())}


def build(tile: int = 384, width: int = 768, depth: int = 6, heads: int = 12, registers: int = 4, case_depth: int = 3) -> Moozy:
    """The released network, unless told otherwise; the tile encoder, Lunit's ViT-S/8, is not part of it."""
    return Moozy(tile, width, depth, heads, registers, case_depth)
