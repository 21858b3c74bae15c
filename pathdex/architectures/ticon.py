"""TICON: a transformer that gives tile features the context of their slide, one for the features of five tile encoders."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from pathdex.layers.distance import penalties
from pathdex.layers.slide_attention import ApartAttention

ENCODERS = {"conchv15": 768, "hoptimus1": 1536, "uni2h": 1536, "gigapath": 1536, "virchow2": 1280}
"""Tile encoders by the names that the released tensors carry, with the widths of their features."""
RATIO = 16 / 3


class Projection(nn.Module):
    """Two layers with a SiLU between them, then a norm."""

    def __init__(self, width: int, hidden: int, out: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, out)
        self.norm = nn.LayerNorm(out)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, N, width] to [B, N, out]."""
        projected: Tensor = self.norm(self.fc2(silu(self.fc1(features))))
        return projected


class FeedForward(nn.Module):
    """SwiGLU with its two input layers in one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = int(width * RATIO)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden // 2, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        gate, value = self.fc1(tokens).chunk(2, dim=-1)
        out: Tensor = self.fc2(silu(gate) * value)
        return out


class Residual(nn.Module):
    """A part after a norm, scaled, beside a way past it."""

    def __init__(self, width: int, part: nn.Module) -> None:
        super().__init__()
        self.norm, self.fn, self.gamma = nn.LayerNorm(width), part, nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor, *others: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = tokens + self.gamma * self.fn(self.norm(tokens), *others)
        return out


class Block(nn.Module):
    """Attention and feed-forward."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.residual1 = Residual(width, ApartAttention(width, heads, out="proj"))
        self.residual2 = Residual(width, FeedForward(width))

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.residual2(self.residual1(tokens, bias))
        return out


class Transformer(nn.Module):
    """Blocks, one after another."""

    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Tokens of the same shape."""
        for block in self.blocks:
            tokens = block(tokens, bias)
        return tokens


class Ticon(nn.Module):
    """The encoder; the decoder, which rebuilt masked tiles in training, is left out, as in the authors' own loader."""

    def __init__(self, width: int, depth: int, heads: int, reads: str) -> None:
        super().__init__()
        self.heads, self.reads = heads, reads
        self.encoder = Transformer(width, depth, heads)
        self.enc_norm = nn.LayerNorm(width)
        self.input_proj_dict = nn.ModuleDict(
            {f"input_proj_{name}": Projection(tile, width, width) for name, tile in ENCODERS.items()}
        )

    def represent(self, features: Tensor, coordinates: Tensor) -> dict[str, Any]:
        """From features [1, N, D] of the encoder that the recipe reads and the tiles' places [1, N, 2], counted in tiles.

        One token a tile. `pooler` is their mean, which the authors do not release as a slide's vector.
        """
        tokens = self.input_proj_dict[f"input_proj_{self.reads}"](features)
        tokens = self.enc_norm(self.encoder(tokens, penalties(coordinates.float(), self.heads).to(tokens.dtype)))
        return {"tokens": tokens, "pooler": tokens.mean(1)}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles in a square."""
        places = torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)
        return torch.zeros(1, 16, ENCODERS[self.reads]), places

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder, all five input projections included."""
        return {"slide-encoder": list(self.parameters())}


def build(width: int = 1536, depth: int = 6, heads: int = 24, reads: str = "hoptimus1") -> Ticon:
    """The released network; `reads` names the encoder whose features it is given."""
    return Ticon(width, depth, heads, reads)
