"""A Perceiver: latents that read a long sequence by cross-attention and talk it over among themselves."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from pathdex.layers.slide_attention import attend


class GatedLinear(nn.Module):
    """The first half of a token times the GELU of its second half."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [B, N, 2 * D] to [B, N, D]."""
        value, gate = tokens.chunk(2, dim=-1)
        return value * gelu(gate)


class FeedForward(nn.Module):
    """A norm, then a gated layer and one after it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.net = nn.Sequential(nn.Linear(width, 2 * width), GatedLinear(), nn.Linear(width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.net(self.norm(tokens))
        return out


class CrossAttention(nn.Module):
    """Latents [B, M, width] that attend to a context [B, N, D], which comes without a norm, with one head."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.x_norm = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(context, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, latents: Tensor, context: Tensor, seen: Tensor | None) -> Tensor:
        """What the latents find, [B, M, width]; `seen` [B, 1, 1, N] tells which of the context is there."""
        keys, values = self.to_kv(context).chunk(2, dim=-1)
        found: Tensor = self.to_out(attend(self.to_q(self.x_norm(latents)), keys, values, 1, seen))
        return found


class SelfAttention(nn.Module):
    """Attention among the latents, without biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mha = nn.MultiheadAttention(width, heads, bias=False, batch_first=True)

    def forward(self, latents: Tensor) -> Tensor:
        """Latents of the same shape."""
        normed = self.norm(latents)
        out: Tensor = self.mha(normed, normed, normed, need_weights=False)[0]
        return out


class Perceiver(nn.Module):
    """Rounds of cross-attention and a transformer; all rounds share one transformer, all but the first one cross-attention."""

    def __init__(self, latents: int, width: int, context: int, rounds: int, depth: int, heads: int) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(latents, width))
        reading = [nn.ModuleDict({"xattn": CrossAttention(width, context), "ff": FeedForward(width)}) for _ in range(2)]
        talking = nn.ModuleList(
            nn.ModuleDict({"mhsa": SelfAttention(width, heads), "ff": FeedForward(width)}) for _ in range(depth)
        )
        self.layers = nn.ModuleList(nn.ModuleDict({"xattn": reading[min(one, 1)], "tf": talking}) for one in range(rounds))

    def forward(self, context: Tensor, present: Tensor | None = None) -> Tensor:
        """A context [B, N, D], of which `present` [B, N] tells what is no padding, to latents [B, M, width]."""
        tokens = self.latents.expand(len(context), -1, -1)
        seen = None if present is None else present.bool()[:, None, None]
        layers: Any = self.layers
        for layer in layers:
            tokens = tokens + layer["xattn"]["xattn"](tokens, context, seen)
            tokens = tokens + layer["xattn"]["ff"](tokens)
            for block in layer["tf"]:
                tokens = tokens + block["mhsa"](tokens)
                tokens = tokens + block["ff"](tokens)
        return tokens
