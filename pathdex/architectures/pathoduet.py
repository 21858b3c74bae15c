"""PathoDuet's ViT-B: a pretext token stands before the class token, and the norm comes after the mean of the patches."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.vit import Block, FeedForward, PatchEmbedding


class PathoDuet(nn.Module):
    """Reads tiles [B, 3, 224, 224] with values from 0 to 1, not normalised."""

    def __init__(self, width: int, depth: int, heads: int, patch: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.pretext_token = nn.Parameter(torch.zeros(1, 1, width))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 2 + (side // patch) ** 2, width))
        self.patch_embed = PatchEmbedding(patch, width)
        self.blocks = nn.ModuleList(Block(width, heads, FeedForward(width, 4 * width)) for _ in range(depth))
        self.fc_norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor) -> Tensor:
        """Tokens [B, 2 + patches, width] as the last block leaves them: pretext, class, patches."""
        first = torch.cat([self.pretext_token, self.cls_token], dim=1).expand(len(images), -1, -1)
        tokens: Tensor = torch.cat([first, self.patch_embed(images)], dim=1) + self.pos_embed
        for block in self.blocks:
            tokens = block(tokens)
        return tokens

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The norm of the mean of the patches as pooler; the class token, the second, is not offered."""
        tokens = self(images)
        return {"tokens": tokens, "prefix": 2, "pooler": self.fc_norm(tokens[:, 2:].mean(1))}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(width: int = 768, depth: int = 12, heads: int = 12, patch: int = 16, side: int = 224) -> PathoDuet:
    """The ViT-B/16 that all three models are."""
    return PathoDuet(width, depth, heads, patch, side)
