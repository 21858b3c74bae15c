"""PRISM: a Perceiver over Virchow's tile features, and a BioGPT whose upper half looks at what it found."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize

from pathdex.layers.perceiver import Perceiver
from pathdex.layers.slide_attention import ApartAttention

WORDS = 42_384
CLASS = 42_383
"""The unused word that the authors took as class token; it stands last."""
PADDING = 1
PLACES = 1024
RESERVED = 2
"""Rows of the table of positions before its first place."""


class Resampler(nn.Module):
    """The Perceiver, whose first latent is the slide's."""

    def __init__(self, tile: int, width: int, latents: int, rounds: int, depth: int) -> None:
        super().__init__()
        self.cls_norm, self.img_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.perceiver = Perceiver(1 + latents, width, tile, rounds, depth, heads=8)

    def forward(self, features: Tensor, present: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Features [B, N, tile] to the slide [B, width] and latents for the decoder [B, M, width]."""
        found = self.perceiver(features, present)
        return self.cls_norm(found[:, 0]), self.img_norm(found[:, 1:])


class Layer(nn.Module):
    """A layer of BioGPT; in the upper half of the network it also attends to the latents."""

    def __init__(self, width: int, heads: int, context: int | None) -> None:
        super().__init__()
        self.self_attn_layer_norm, self.self_attn = nn.LayerNorm(width), ApartAttention(width, heads)
        if context:
            self.x_attn_layer_norm, self.x_attn = nn.LayerNorm(width), ApartAttention(width, heads, context)
        self.final_layer_norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor, mask: Tensor, latents: Tensor | None = None) -> Tensor:
        """Tokens of the same shape; the mask [B, 1, L, L] tells which token sees which."""
        tokens = tokens + self.self_attn(self.self_attn_layer_norm(tokens), mask)
        if latents is not None:
            tokens = tokens + self.x_attn(self.x_attn_layer_norm(tokens), context=latents)
        out: Tensor = tokens + self.fc2(gelu(self.fc1(self.final_layer_norm(tokens))))
        return out


class BioGpt(nn.Module):
    """Words in order; the lower half of the layers sees text alone."""

    def __init__(self, width: int, depth: int, heads: int, context: int) -> None:
        super().__init__()
        self.scale = width**0.5
        self.embed_tokens = nn.Embedding(WORDS, width)
        self.embed_positions = nn.Embedding(RESERVED + PLACES, width)
        self.layers = nn.ModuleList(Layer(width, heads, context if one >= depth // 2 else None) for one in range(depth))
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor, latents: Tensor | None) -> Tensor:
        """Ids [B, L] to tokens [B, L, width]: after all layers and a norm, or without latents after the lower half."""
        present = ids != PADDING
        places = present.cumsum(1) * present - 1 + RESERVED
        tokens: Tensor = self.embed_tokens(ids) * self.scale + self.embed_positions(places)
        causal = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=ids.device).tril()
        mask = (present[:, None, :] & causal).unsqueeze(1)
        half = len(self.layers) // 2
        for layer in self.layers[:half]:
            tokens = layer(tokens, mask)
        if latents is None:
            return tokens
        for layer in self.layers[half:]:
            tokens = layer(tokens, mask, latents)
        normed: Tensor = self.layer_norm(tokens)
        return normed


class Decoder(nn.Module):
    """BioGPT and the layer to words, which is its table of words turned round."""

    def __init__(self, width: int, depth: int, heads: int, context: int) -> None:
        super().__init__()
        gpt, words = BioGpt(width, depth, heads, context), nn.Linear(width, WORDS, bias=False)
        words.weight = gpt.embed_tokens.weight
        self.model = nn.ModuleDict({"biogpt": gpt, "output_projection": words})

    def text(self, ids: Tensor) -> Tensor:
        """Ids [B, L] to vectors [B, width]: the class token, put after the last word, as the lower half leaves it."""
        last = torch.full((len(ids), 1), CLASS, dtype=ids.dtype, device=ids.device)
        tokens: Tensor = self.model["biogpt"](torch.cat([ids, last], dim=1), None)
        return tokens[:, -1]

    def forward(self, ids: Tensor, latents: Tensor) -> Tensor:
        """Scores of the next word [B, L, words] from ids [B, L] and latents [B, M, context]."""
        scores: Tensor = self.model["output_projection"](self.model["biogpt"](ids, latents))
        return scores


class Prism(nn.Module):
    """Slide and text, with a space in which they meet."""

    def __init__(
        self, tile: int, width: int, latents: int, rounds: int, depth: int, text: int, text_depth: int, common: int
    ) -> None:
        super().__init__()
        self.tile = tile
        self.image_resampler = Resampler(tile, width, latents, rounds, depth)
        self.text_decoder = Decoder(text, text_depth, 16, width)
        self.img_to_latents = nn.ModuleDict({"to_latents": nn.Linear(width, common, bias=False)})
        self.text_to_latents = nn.ModuleDict({"to_latents": nn.Linear(text, common, bias=False)})
        self.temperature = nn.Parameter(torch.zeros(()))

    def represent(self, features: Tensor, present: Tensor | None = None) -> dict[str, Any]:
        """From Virchow's class token joined to the mean of its patch tokens, [B, N, tile], with `present` [B, N] where padded.

        `attention` and `pooler` are the slide's vector, `projection` the one of unit length that is compared with text; the
        tokens are the latents that the decoder reads.
        """
        slide, latents = self.image_resampler(features, present)
        projected = normalize(self.img_to_latents["to_latents"](slide), dim=-1)
        return {"tokens": latents, "attention": slide, "pooler": slide, "projection": projected}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Ids [B, L], padded with 1 at the end, to vectors [B, common] of unit length."""
        return normalize(self.text_to_latents["to_latents"](self.text_decoder.text(ids)), dim=-1)

    def generate(self, latents: Tensor, ids: Tensor, steps: int = 100, end: int = 2) -> Tensor:
        """Ids [B, L] continued word by word, the likeliest each time, until all texts have ended or `steps` are done."""
        for _ in range(steps):
            ids = torch.cat([ids, self.text_decoder(ids, latents)[:, -1:].argmax(-1)], dim=1)
            if bool((ids[:, 1:] == end).any(1).all()):
                break
        return ids

    def write(self, ids: Tensor, *inputs: Tensor, length: int = 100, end: int | None = 2) -> Tensor:
        """The ids [B, L] that follow on ids [B, N] and on features of a slide's tiles, as `represent` takes them."""
        latents = self.image_resampler(*inputs)[1]
        return self.generate(latents, ids, length, -1 if end is None else end)[:, ids.shape[1] :]

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors that several parts share under every name that they have, where the file names them once."""
        names: dict[int, list[str]] = {}
        for name, parameter in self.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
        shared = {name: next((one for one in same if one in tensors), name) for same in names.values() for name in same}
        return tensors | {name: tensors[one] for name, one in shared.items() if one in tensors and name not in tensors}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The Perceiver, the decoder, and the whole."""
        return {
            "slide-encoder": list(self.image_resampler.parameters()),
            "decoder": list(self.text_decoder.parameters()),
            "full-model": list(self.parameters()),
        }


def build(
    tile: int = 2560,
    width: int = 1280,
    latents: int = 512,
    rounds: int = 8,
    depth: int = 6,
    text: int = 1024,
    text_depth: int = 24,
    common: int = 5120,
) -> Prism:
    """The released network, unless told otherwise."""
    return Prism(tile, width, latents, rounds, depth, text, text_depth, common)
