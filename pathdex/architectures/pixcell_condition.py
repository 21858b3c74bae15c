"""What guides PixCell: the features of given tiles with their places, and tokens that stand for none."""

from typing import Any

import torch
from torch import Tensor, nn


class Nothing(nn.Module):
    """The tokens that stand for no tile."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.uncond_embedding = nn.Parameter(torch.zeros(tokens, width))


class Places(nn.Module):
    """What is added to the tokens for where their tiles lie."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.y_pos_embed = nn.Parameter(torch.zeros(1, tokens, width))


class PixcellCondition(nn.Module):
    """Reads features of UNI 2 [B, tokens, width], the tiles of a square row by row."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.caption_projection = Nothing(tokens, width)
        self.y_pos_embed = Places(tokens, width) if tokens > 1 else None

    def forward(self, features: Tensor) -> Tensor:
        """Tokens of the same shape; features [B, width] are one token each."""
        tokens = features[:, None] if features.ndim == 2 else features
        if tuple(tokens.shape[1:]) != tuple(self.caption_projection.uncond_embedding.shape):
            tiles, width = self.caption_projection.uncond_embedding.shape
            raise ValueError(f"features have shape {tuple(features.shape)}; give [B, {tiles}, {width}]")
        return tokens if self.y_pos_embed is None else tokens + self.y_pos_embed.y_pos_embed

    def nothing(self, count: int) -> Tensor:
        """Tokens for no tile, as many times."""
        tokens: Tensor = self(self.caption_projection.uncond_embedding.expand(count, -1, -1))
        return tokens

    def represent(self, features: Tensor) -> dict[str, Any]:
        """The tokens."""
        return {"tokens": self(features)}

    def example(self) -> tuple[Tensor]:
        """One set of features."""
        return (torch.zeros(1, *self.caption_projection.uncond_embedding.shape),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Few numbers, all of one kind."""
        return {"full-model": list(self.parameters())}


def build(tokens: int = 1, width: int = 1536) -> PixcellCondition:
    """One tile for images of 256 pixels; 16 for those of 1024."""
    return PixcellCondition(tokens, width)
