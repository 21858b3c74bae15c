"""The vision transformer of DINO's first code, which stretches its table of positions where a tile is larger."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.vit import Block, FeedForward, PatchEmbedding, stretched


class DinoVit(nn.Module):
    """A class token and the patches of a tile, with a table of positions made for tiles of `side` pixels."""

    def __init__(self, width: int, depth: int, heads: int, patch: int, side: int) -> None:
        super().__init__()
        self.side, self.patch = side, patch
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (side // patch) ** 2, width))
        self.patch_embed = PatchEmbedding(patch, width)
        self.blocks = nn.ModuleList(Block(width, heads, FeedForward(width, 4 * width)) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W], sides a multiple of the patch, to normalised tokens [B, 1 + patches, width]."""
        rows, columns = images.shape[-2] // self.patch, images.shape[-1] // self.patch
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), self.patch_embed(images)], dim=1)
        tokens = tokens + stretched(self.pos_embed, rows, columns)
        for block in self.blocks:
            tokens = block(tokens)
        normed: Tensor = self.norm(tokens)
        return normed

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The tokens, the class token first."""
        return {"tokens": self(images), "prefix": 1, "has_class": True}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(width: int = 384, depth: int = 12, heads: int = 6, patch: int = 16, side: int = 224) -> DinoVit:
    """The ViT-S/16 of HIPT's first stage, unless told otherwise."""
    return DinoVit(width, depth, heads, patch, side)
