"""MUSK: the large BEiT-3, in which each layer keeps one set of weights for images and one for texts, and a head for each."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

from pathdex.layers.longnet import FeedForward

IMAGE, TEXT = "A", "B"
PADDING = 1
"""The id with which the authors' XLM-R tokenizer fills up a text."""


def _ways(make: Any, *shape: Any) -> nn.ModuleDict:
    return nn.ModuleDict({IMAGE: make(*shape), TEXT: make(*shape)})


class VisionEmbedding(nn.Module):
    """Images to a class token and their patches; the token that stood for hidden patches in training is kept."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.proj = nn.Conv2d(3, width, kernel_size=patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """Tokens [B, 1 + patches, width]."""
        patches = self.proj(images).flatten(2).transpose(1, 2)
        return torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1)


class Attention(nn.Module):
    """Attention with a norm before its last projection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (_ways(nn.Linear, width, width) for _ in range(4))
        self.inner_attn_ln = _ways(nn.LayerNorm, width)

    def forward(self, tokens: Tensor, way: str, seen: Tensor | None) -> Tensor:
        """Tokens of the same shape; `seen` [B, 1, 1, N] is False where nobody looks."""
        projections = (self.q_proj, self.k_proj, self.v_proj)
        queries, keys, values = (each[way](tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in projections)
        mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=seen).transpose(1, 2).flatten(2)
        out: Tensor = self.out_proj[way](self.inner_attn_ln[way](mixed))
        return out


class Layer(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads)
        self.self_attn_layer_norm = _ways(nn.LayerNorm, width)
        self.ffn = _ways(FeedForward, width, hidden)
        self.final_layer_norm = _ways(nn.LayerNorm, width)

    def forward(self, tokens: Tensor, way: str, seen: Tensor | None) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.self_attn(self.self_attn_layer_norm[way](tokens), way, seen)
        out: Tensor = tokens + self.ffn[way](self.final_layer_norm[way](tokens))
        return out


class Encoder(nn.Module):
    """Tokens of one kind, `way`, through all layers."""

    def __init__(self, width: int, heads: int, hidden: int, depth: int, places: int, length: int) -> None:
        super().__init__()
        self.embed_positions = nn.ModuleDict({IMAGE: nn.Embedding(places, width), TEXT: nn.Embedding(length, width)})
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(depth))
        self.layer_norm = _ways(nn.LayerNorm, width)

    def forward(self, tokens: Tensor, way: str, words: Tensor | None = None) -> Tensor:
        """Normalised tokens [B, N, width]; `words` [B, N] is False where a text is only filled up."""
        # The first two places of a table are never used; fairseq, where the code comes from, counts from 2.
        places = torch.arange(2, tokens.shape[1] + 2, device=tokens.device)
        tokens = tokens + self.embed_positions[way](places)
        if words is not None:
            tokens = tokens * words[..., None]
        for layer in self.layers:
            tokens = layer(tokens, way, words[:, None, None] if words is not None else None)
        normed: Tensor = self.layer_norm[way](tokens)
        return normed


class Beit3(nn.Module):
    """The encoder with what makes tokens of images and of words."""

    def __init__(self, side: int, patch: int, words: int, length: int, width: int, heads: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.text_embed = nn.Embedding(words, width)
        self.vision_embed = VisionEmbedding(patch, width)
        self.encoder = Encoder(width, heads, hidden, depth, 3 + (side // patch) ** 2, length)


class Musk(nn.Module):
    """Images and texts in one space of the tokens' width."""

    def __init__(self, beit3: Beit3, side: int, width: int, multiscale: bool) -> None:
        super().__init__()
        self.side, self.multiscale = side, multiscale
        self.beit3 = beit3
        self.language_head = nn.Linear(width, width, bias=False)
        self.vision_head = nn.Linear(width, width, bias=False)
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def tokens(self, images: Tensor) -> Tensor:
        """Tokens [B, 1 + patches, width] of images [B, 3, side, side]."""
        tokens: Tensor = self.beit3.encoder(self.beit3.vision_embed(images), IMAGE)
        return tokens

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, the class token's projection, and as `pooler` both scales, [B, 2 * width].

        `projection` is not normalised. Two scales take five passes; without `multiscale` there is one, and no `pooler`.
        """
        tokens = self.tokens(images)
        found = {"tokens": tokens, "prefix": 1, "has_class": True, "projection": self.vision_head(tokens[:, 0])}
        return {**found, "pooler": torch.cat([tokens[:, 0], self.closer(images)], dim=-1)} if self.multiscale else found

    def closer(self, images: Tensor) -> Tensor:
        """The mean of the class tokens of an image's four quarters, each enlarged to the image's own size."""
        large = interpolate(images.float(), scale_factor=2, mode="bicubic").type_as(images)
        quarters = [quarter for half in large.chunk(2, dim=2) for quarter in half.chunk(2, dim=3)]
        return torch.stack(self.tokens(torch.cat(quarters))[:, 0].chunk(4)).mean(0)

    def encode_text(self, ids: Tensor) -> Tensor:
        """Vectors [B, width], not normalised, of ids [B, L] that begin with the start of the text and are filled up with 1."""
        tokens = self.beit3.encoder(self.beit3.text_embed(ids), TEXT, ids != PADDING)
        vectors: Tensor = self.language_head(tokens[:, 0])
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The weights for images, those for texts, and all with the scale of the contrast."""
        named = dict(self.named_parameters())
        own = {"image-encoder": ("vision", IMAGE), "text-encoder": ("text_embed", "language", TEXT)}
        found = {
            scope: [tensor for name, tensor in named.items() if any(_belongs(name, mark) for mark in marks)]
            for scope, marks in own.items()
        }
        return {**found, "full-model": list(named.values())}


def _belongs(name: str, mark: str) -> bool:
    return any(part == mark or (len(mark) > 1 and part.startswith(mark)) for part in name.split("."))


def build(
    side: int = 384,
    patch: int = 16,
    words: int = 64_010,
    length: int = 1024,
    width: int = 1024,
    heads: int = 16,
    hidden: int = 4096,
    depth: int = 24,
    multiscale: bool = True,
) -> Musk:
    """MUSK as it was released, unless told otherwise; `multiscale` adds the embedding of two scales."""
    return Musk(Beit3(side, patch, words, length, width, heads, hidden, depth), side, width, multiscale)
