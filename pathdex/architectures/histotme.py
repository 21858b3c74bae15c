"""HistoTME: attention over a slide's tiles, then one number for each signature of the tumour's surroundings."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import pooled


class HistoTME(nn.Module):
    """Reads features of a frozen encoder [B, N, width]; `classifier_multi` has a head for each signature."""

    def __init__(self, width: int, signatures: int) -> None:
        super().__init__()
        self.width = width
        hidden = (width + 1) // 2
        self.attention = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        self.classifier_multi = nn.ModuleList(nn.Sequential(nn.Linear(width, 1)) for _ in range(signatures))

    def represent(self, tiles: Tensor) -> dict[str, Any]:
        """The tiles as tokens, their weighted mean as `attention` [B, width], the signatures as `projection` [B, signatures]."""
        slide = pooled(self.attention(tiles), tiles)
        return {"tokens": tiles, "attention": slide, "projection": torch.cat([head(slide) for head in self.classifier_multi], -1)}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.width),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The attention as slide encoder, the heads as decoder, and the whole."""
        encoder, decoder = list(self.attention.parameters()), list(self.classifier_multi.parameters())
        return {"slide-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def build(width: int = 2560, signatures: int = 11) -> HistoTME:
    """The network of the signatures that fight the tumour, over features of Virchow."""
    return HistoTME(width, signatures)
