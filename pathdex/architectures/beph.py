"""BEPH: the ViT of BEiT v2 with the tensor names of OpenMMLab, and one bias of places that all its blocks share."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear, scaled_dot_product_attention

from pathdex.layers.windows import relative_places_with_class


class PatchEmbedding(nn.Module):
    """Images [B, 3, H, W] to tokens [B, N, width], one a patch, row by row."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, width, kernel_size=patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """Tokens of all patches."""
        grid: Tensor = self.projection(images)
        return grid.flatten(2).transpose(1, 2)


class SharedBias(nn.Module):
    """What attention adds for the way from one token to another, the class token among them."""

    relative_position_index: Tensor

    def __init__(self, side: int, heads: int) -> None:
        super().__init__()
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * side - 1) ** 2 + 3, heads))
        self.register_buffer("relative_position_index", relative_places_with_class(side))

    def forward(self) -> Tensor:
        """[heads, N, N]."""
        return self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)


class Attention(nn.Module):
    """Attention whose queries and values have a bias while the keys have none."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Tokens [B, N, width]; `bias` is [heads, N, N]."""
        offsets = torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        each = linear(tokens, self.qkv.weight, offsets).reshape(*tokens.shape[:2], 3, self.heads, -1)
        queries, keys, values = each.permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=bias[None].to(queries.dtype))
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


class FeedForward(nn.Module):
    """Two layers, of which OpenMMLab puts the first into a list of its own with its activation."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Sequential(nn.Linear(width, hidden), nn.GELU()), nn.Linear(hidden, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.layers(tokens)
        return out


class Layer(nn.Module):
    """Attention and feed-forward, each scaled by learned factors."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.ln2 = nn.LayerNorm(width, eps=1e-6)
        self.ffn = FeedForward(width, 4 * width)
        self.gamma_1 = nn.Parameter(torch.full((width,), 0.1))
        self.gamma_2 = nn.Parameter(torch.full((width,), 0.1))

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.gamma_1 * self.attn(self.ln1(tokens), bias)
        out: Tensor = tokens + self.gamma_2 * self.ffn(self.ln2(tokens))
        return out


class Beph(nn.Module):
    """Reads tiles [B, 3, side, side]. There is no table of positions and no last norm with weights."""

    def __init__(self, width: int, depth: int, heads: int, patch: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.patch_embed = PatchEmbedding(patch, width)
        self.rel_pos_bias = SharedBias(side // patch, heads)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(depth))

    def forward(self, images: Tensor) -> Tensor:
        """Tokens [B, 1 + patches, width] as the last layer leaves them."""
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), self.patch_embed(images)], dim=1)
        bias = self.rel_pos_bias()
        for layer in self.layers:
            tokens = layer(tokens, bias)
        return tokens

    def represent(self, images: Tensor) -> dict[str, Any]:
        """As pooler the mean of the patches, brought to mean 0 and deviation 1: the norm that no weights came for."""
        tokens = self(images)
        mean = tokens[:, 1:].mean(1)
        return {"tokens": tokens, "prefix": 1, "has_class": True, "pooler": layer_norm(mean, mean.shape[-1:], eps=1e-6)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(width: int = 768, depth: int = 12, heads: int = 12, patch: int = 16, side: int = 224) -> Beph:
    """The released ViT-B/16."""
    return Beph(width, depth, heads, patch, side)
