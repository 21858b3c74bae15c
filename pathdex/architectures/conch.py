"""CONCH: a ViT-B/16 of timm read by learned queries, and a causal text tower, with the names of the authors' open_clip_custom."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.coca import QueryPooler, TextTower


class ImageTower(nn.Module):
    """Images of `side` pixels to tokens, to one vector for contrast, and to the vectors that a decoder of captions reads."""

    def __init__(self, side: int, width: int, depth: int, heads: int, joint: int, captions: int) -> None:
        super().__init__()
        from timm.models.vision_transformer import VisionTransformer

        shape: dict[str, Any] = {"embed_dim": width, "depth": depth, "num_heads": heads, "img_size": side}
        self.trunk = VisionTransformer(**shape, num_classes=0, dynamic_img_size=True, weight_init="skip")
        self.attn_pool_contrast = QueryPooler(joint, width, 8, 1)
        self.ln_contrast = nn.LayerNorm(joint)
        self.proj_contrast = nn.Parameter(torch.randn(joint, joint) * width**-0.5)
        self.attn_pool_caption = QueryPooler(width, width, 8, captions)
        self.ln_caption = nn.LayerNorm(width)

    def pooled(self, tokens: Tensor) -> Tensor:
        """The vector [B, joint] for contrast, before its projection."""
        vector: Tensor = self.ln_contrast(self.attn_pool_contrast(tokens)[:, 0])
        return vector


class Conch(nn.Module):
    """Two towers; the decoder of captions was not released."""

    def __init__(self, side: int, width: int, depth: int, heads: int, joint: int, captions: int, words: int, length: int) -> None:
        super().__init__()
        self.side = side
        self.text = TextTower(words, length, width, depth, heads, joint)
        self.visual = ImageTower(side, width, depth, heads, joint, captions)
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, the vector for contrast, and its projection, which is not normalised."""
        tokens = self.visual.trunk.forward_features(images)
        pooled = self.visual.pooled(tokens)
        projection = pooled @ self.visual.proj_contrast
        return {"tokens": tokens, "prefix": 1, "has_class": True, "attention": pooled, "projection": projection}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Vectors [B, joint], not normalised.

        The last of the ids [B, L] only keeps a place: the class token takes it. A padding id stands there in the authors' code.
        """
        vectors: Tensor = self.text(ids[:, :-1])
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Each tower, and both with the scale of the contrast."""
        towers = {"image-encoder": list(self.visual.parameters()), "text-encoder": list(self.text.parameters())}
        return {**towers, "full-model": list(self.parameters())}


def build(
    side: int = 448,
    width: int = 768,
    depth: int = 12,
    heads: int = 12,
    joint: int = 512,
    captions: int = 256,
    words: int = 32_007,
    length: int = 128,
) -> Conch:
    """CONCH as it was released, unless told otherwise; `captions` is the number of queries for captions."""
    return Conch(side, width, depth, heads, joint, captions, words, length)
