"""COBRA: Mamba-2 layers and gated attention that weigh a slide's tiles, whichever of several encoders made their features."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import GatedAttention, mean_score, pooled
from pathdex.layers.mamba2 import Mamba2


class Embedding(nn.Module):
    """Features of one encoder to the common width."""

    def __init__(self, tile: int, width: int) -> None:
        super().__init__()
        norm, first, last = nn.LayerNorm(tile), nn.Linear(tile, width), nn.Linear(width, width)
        self.head = nn.Sequential(norm, first, nn.Identity(), nn.SiLU(), last)  # the third place is dropout's in training

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, N, tile] to tokens [B, N, width]."""
        tokens: Tensor = self.head(features)
        return tokens


class Mixer(nn.Module):
    """Mamba-2 layers, each after a norm and beside a way past it; `norm` is in the released file, but nothing goes through it."""

    def __init__(self, width: int, depth: int, state: int) -> None:
        super().__init__()
        self._fc1 = nn.Sequential(nn.Linear(width, width), nn.GELU())
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(nn.Sequential(nn.LayerNorm(width), Mamba2(width, state)) for _ in range(depth))
        self.classifier = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape, each aware of those before it."""
        tokens = self._fc1(tokens)
        for layer in self.layers:
            tokens = tokens + layer(tokens)
        out: Tensor = self.classifier(tokens)
        return out


class Cobra(nn.Module):
    """Weighs tiles; the slide's vector is the weighted mean of their features as they came in."""

    def __init__(self, tiles: Sequence[int], width: int, depth: int, heads: int, hidden: int, state: int) -> None:
        super().__init__()
        self.embed = nn.ModuleDict({str(tile): Embedding(tile, width) for tile in tiles})
        self.norm = nn.LayerNorm(width)
        self.mamba_enc = Mixer(width, depth, state)
        self.attn = nn.ModuleList(GatedAttention(width // heads, hidden) for _ in range(heads))

    def represent(self, features: Tensor) -> dict[str, Any]:
        """From tile features [1, N, D], D one of the known widths: the slide's vector [1, D] as `attention` and as `pooler`."""
        tokens = self.norm(self.mamba_enc(self.embed[str(features.shape[-1])](features)))
        slide = pooled(mean_score(self.attn, tokens), features)
        return {"tokens": tokens, "attention": slide, "pooler": slide}

    def example(self) -> tuple[Tensor]:
        """Sixteen class tokens of Virchow2, or of the first encoder where that one is not known."""
        known = [int(width) for width in self.embed]
        return (torch.zeros(1, 16, 1280 if 1280 in known else known[0]),)

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Of a training checkpoint the momentum encoder without its projection; a bare file stays as it is."""
        before = "momentum_enc."
        kept = {name.split(before)[-1]: tensor for name, tensor in tensors.items() if before in name}
        return {name: tensor for name, tensor in (kept or tensors).items() if not name.startswith("proj.")}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def build(
    tiles: Sequence[int] = (768, 1024, 1280, 1536),
    width: int = 768,
    depth: int = 2,
    heads: int = 8,
    hidden: int = 96,
    state: int = 128,
) -> Cobra:
    """The first COBRA, unless told otherwise."""
    return Cobra(tiles, width, depth, heads, hidden, state)
