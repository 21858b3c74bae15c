"""ELF: gated attention that weighs a slide's tiles over the features of five tile encoders.

A transformer and layers for each width stand in the released file, yet the authors' code never sends anything through them.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from pathdex.layers.gated_attention import GatedAttention, mean_score

WIDTH = 768
TILES = (768, 1024, 1280, 1536)


class Embedding(nn.Module):
    """Layers for the features of one encoder, which pass nothing on."""

    def __init__(self, tile: int) -> None:
        super().__init__()
        first, last = nn.Linear(tile, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.head = nn.Sequential(nn.LayerNorm(tile), first, nn.Identity(), nn.SiLU(), last)


class Elf(nn.Module):
    """A norm, then heads that each see the channels dealt to them."""

    def __init__(self, tile: int, depth: int, heads: int) -> None:
        super().__init__()
        self.tile = tile
        self.norm = nn.LayerNorm(WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 8, 4 * WIDTH, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.embed = nn.ModuleDict({str(width): Embedding(width) for width in TILES})
        self.proj = nn.ModuleDict({str(width): nn.ModuleDict({"head": nn.Linear(width, WIDTH)}) for width in TILES})
        self.attn = nn.ModuleList(GatedAttention(WIDTH // heads, WIDTH // heads) for _ in range(heads))

    def represent(self, features: Tensor) -> dict[str, Any]:
        """From the tile features [1, N, D] of one encoder, stretched to 768 channels by linear interpolation.

        `pooler` is the weighted mean of the normed channels, [1, 768], `attention` that of the features as they came in, [1, D].
        The authors keep both, for each encoder in turn.
        """
        tiles = self.norm(interpolate(features, size=WIDTH, mode="linear", align_corners=True))
        weights = torch.softmax(mean_score(self.attn, tiles), dim=1)
        return {"tokens": tiles, "attention": (weights * features).sum(1), "pooler": (weights * tiles).sum(1)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Of a training checkpoint the momentum encoder, which the authors take."""
        before = "momentum_enc."
        return {name.split(before)[-1]: tensor for name, tensor in tensors.items() if before in name} or tensors

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder, with what it does not use."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 1536, depth: int = 6, heads: int = 8) -> Elf:
    """The released network; `tile` is the width of the features that its example has."""
    return Elf(tile, depth, heads)
