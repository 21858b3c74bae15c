"""Attention among the tokens of a slide, where a bias says what the tiles' places do to the scores."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


def attend(queries: Tensor, keys: Tensor, values: Tensor, heads: int, bias: Tensor | None = None) -> Tensor:
    """Attention of [B, M, D] to [B, N, D]; the bias is added to the scores [B, heads, M, N], or says what is seen if boolean."""
    query, key, value = (torch.unflatten(one, -1, (heads, -1)).transpose(1, 2) for one in (queries, keys, values))
    return scaled_dot_product_attention(query, key, value, attn_mask=bias).transpose(1, 2).flatten(2)


class PackedAttention(nn.Module):
    """Attention whose queries, keys and values come from one layer, named as in timm."""

    def __init__(self, width: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, bias: Tensor | None = None) -> Tensor:
        """Tokens [B, N, width] of the same shape."""
        queries, keys, values = self.qkv(tokens).chunk(3, dim=-1)
        out: Tensor = self.proj(attend(queries, keys, values, self.heads, bias))
        return out


class ApartAttention(nn.Module):
    """Attention with a layer each for queries, keys and values; `out` is what the last layer is called."""

    def __init__(self, width: int, heads: int, context: int | None = None, out: str = "out_proj") -> None:
        super().__init__()
        self.heads, self.out = heads, out
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(context or width, width)
        self.v_proj = nn.Linear(context or width, width)
        self.add_module(out, nn.Linear(width, width))

    def forward(self, tokens: Tensor, bias: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        """Tokens [B, N, width] of the same shape, which heed the context [B, M, context] or each other."""
        heeded = tokens if context is None else context
        mixed = attend(self.q_proj(tokens), self.k_proj(heeded), self.v_proj(heeded), self.heads, bias)
        out: Tensor = self.get_submodule(self.out)(mixed)
        return out
