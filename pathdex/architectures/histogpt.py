"""HistoGPT: a Perceiver brings a patient's tiles to 640 latents, which each layer of BioGPT looks at before it looks at words."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from pathdex.layers.slide_attention import ApartAttention, attend

RESERVED = 2
"""Rows of the table of positions before its first place."""


def _feed_forward(width: int) -> nn.Sequential:
    """A norm and two layers, as Flamingo numbers them."""
    wide = nn.Linear(width, 4 * width, bias=False)
    return nn.Sequential(nn.LayerNorm(width), wide, nn.GELU(), nn.Linear(4 * width, width, bias=False))


class LatentAttention(nn.Module):
    """Latents that heed the tiles and each other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_media, self.norm_latents = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, tiles: Tensor, latents: Tensor) -> Tensor:
        """Tiles [B, N, width] and latents [B, M, width] to [B, M, width]."""
        latents = self.norm_latents(latents)
        keys, values = self.to_kv(torch.cat([self.norm_media(tiles), latents], dim=1)).chunk(2, dim=-1)
        out: Tensor = self.to_out(attend(self.to_q(latents), keys, values, self.heads))
        return out


class Resampler(nn.Module):
    """The Perceiver."""

    def __init__(self, tile: int, width: int, heads: int, depth: int, latents: int) -> None:
        super().__init__()
        self.linear = nn.Linear(tile, width, bias=False)
        self.media_pos = nn.Parameter(torch.zeros(1, 1, width))
        self.latents = nn.Parameter(torch.zeros(latents, width))
        self.layers = nn.ModuleList(nn.ModuleList([LatentAttention(width, heads), _feed_forward(width)]) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, N, tile] to latents [B, M, width]."""
        tiles = self.linear(features) + self.media_pos[0]
        latents = self.latents.expand(len(tiles), -1, -1)
        layers: Any = self.layers
        for attention, feed_forward in layers:
            latents = latents + attention(tiles, latents)
            latents = latents + feed_forward(latents)
        out: Tensor = self.norm(latents)
        return out


class Look(nn.Module):
    """Words that heed the latents."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(width, 2 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, words: Tensor, latents: Tensor) -> Tensor:
        """Words [B, L, width] of the same shape."""
        keys, values = self.to_kv(latents).chunk(2, dim=-1)
        out: Tensor = self.to_out(attend(self.to_q(self.norm(words)), keys, values, self.heads))
        return out


class GatedLook(nn.Module):
    """A look at the latents and a feed-forward part, each let through by a gate that training opens."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn, self.ff = Look(width, heads), _feed_forward(width)
        self.attn_gate, self.ff_gate = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))

    def forward(self, words: Tensor, latents: Tensor) -> Tensor:
        """Words of the same shape."""
        words = words + self.attn(words, latents) * self.attn_gate.tanh()
        out: Tensor = words + self.ff(words) * self.ff_gate.tanh()
        return out


class Layer(nn.Module):
    """A layer of BioGPT."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attn_layer_norm, self.self_attn = nn.LayerNorm(width), ApartAttention(width, heads)
        self.final_layer_norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Words of the same shape; the mask [L, L] tells which word sees which."""
        words = words + self.self_attn(self.self_attn_layer_norm(words), mask)
        out: Tensor = words + self.fc2(gelu(self.fc1(self.final_layer_norm(words))))
        return out


class Body(nn.Module):
    """All but the layer to words."""

    def __init__(self, tile: int, latent: int, latents: int, width: int, depth: int, heads: int, words: int, places: int) -> None:
        super().__init__()
        self.scale = width**0.5
        self.perceiver_resampler = Resampler(tile, latent, 16, 6, latents)
        self.perceiver_exitgate = nn.Linear(latent, width, bias=False)
        self.embed_tokens = nn.Embedding(words, width)
        self.embed_positions = nn.Embedding(RESERVED + places, width)
        self.layers = nn.ModuleList(nn.ModuleList([GatedLook(width, heads), Layer(width, heads)]) for _ in range(depth))
        self.layer_norm = nn.LayerNorm(width)

    def see(self, features: Tensor) -> Tensor:
        """Features [B, N, tile] to what each layer looks at, [B, M, width]."""
        latents: Tensor = self.perceiver_exitgate(self.perceiver_resampler(features))
        return latents

    def forward(self, ids: Tensor, latents: Tensor | None) -> Tensor:
        """Ids [B, L] to words [B, L, width]; without latents the layers look at none."""
        length = ids.shape[1]
        places = torch.arange(RESERVED, RESERVED + length, device=ids.device)
        words = self.embed_tokens(ids) * self.scale + self.embed_positions(places)
        mask = torch.ones(length, length, dtype=torch.bool, device=ids.device).tril()
        layers: Any = self.layers
        for look, layer in layers:
            words = layer(words if latents is None else look(words, latents), mask)
        out: Tensor = self.layer_norm(words)
        return out


class HistoGpt(nn.Module):
    """The body and the layer to words, which is a layer of its own in the file."""

    def __init__(self, tile: int, latent: int, latents: int, width: int, depth: int, heads: int, words: int, places: int) -> None:
        super().__init__()
        self.tile = tile
        self.histogpt = Body(tile, latent, latents, width, depth, heads, words, places)
        self.output_projection = nn.Linear(width, words, bias=False)

    def write(self, ids: Tensor, *inputs: Tensor, length: int = 256, end: int | None = 2) -> Tensor:
        """The ids [B, L] that follow on ids [B, N], from features [B, M, tile] of CTransPath where they are given.

        The likeliest each time, until all texts have ended or `length` are there.
        """
        first, latents = ids.shape[1], self.histogpt.see(*inputs) if inputs else None
        for _ in range(length):
            ids = torch.cat([ids, self.output_projection(self.histogpt(ids, latents)[:, -1:]).argmax(-1)], dim=1)
            if end is not None and bool((ids[:, first:] == end).any(1).all()):
                break
        return ids[:, first:]

    def represent(self, features: Tensor) -> dict[str, Tensor]:
        """From features [B, N, tile] of CTransPath: the latents, and as `pooler` their mean."""
        latents = self.histogpt.see(features)
        return {"tokens": latents, "pooler": latents.mean(1)}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The Perceiver with its way out, and the whole."""
        slide = [*self.histogpt.perceiver_resampler.parameters(), *self.histogpt.perceiver_exitgate.parameters()]
        return {"slide-encoder": slide, "full-model": list(self.parameters())}


def build(
    tile: int = 768,
    latent: int = 1536,
    latents: int = 640,
    width: int = 1024,
    depth: int = 24,
    heads: int = 16,
    words: int = 42_384,
    places: int = 1024,
) -> HistoGpt:
    """The smaller of the released networks, unless told otherwise."""
    return HistoGpt(tile, latent, latents, width, depth, heads, words, places)
