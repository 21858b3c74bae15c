"""What CoCa adds to two towers: a pooler of learned queries, and a causal text tower that ends in a class token."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad


class QueryPooler(nn.Module):
    """Learned queries of `width` that read tokens [B, N, context] by attention."""

    def __init__(self, width: int, context: int, heads: int, queries: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(queries, width))
        self.attn = nn.MultiheadAttention(width, heads, kdim=context, vdim=context, batch_first=True)
        self.ln_q = nn.LayerNorm(width)
        self.ln_k = nn.LayerNorm(context)

    def forward(self, tokens: Tensor) -> Tensor:
        """One vector a query, [B, queries, width]."""
        read, queries = self.ln_k(tokens), self.ln_q(self.query).expand(len(tokens), -1, -1)
        pooled: Tensor = self.attn(queries, read, read, need_weights=False)[0]
        return pooled


class TextBlock(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it, named as in CLIP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        hidden = 4 * width
        layers = {"c_fc": nn.Linear(width, hidden), "gelu": nn.GELU(), "c_proj": nn.Linear(hidden, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tokens of the same shape; `mask` [B * heads, N, N] is True where a token must not look."""
        normed = self.ln_1(tokens)
        tokens = tokens + self.attn(normed, normed, normed, need_weights=False, attn_mask=mask)[0]
        out: Tensor = tokens + self.mlp(self.ln_2(tokens))
        return out


class TextTower(nn.Module):
    """Words [B, L] to one vector, read off a class token that stands behind them."""

    def __init__(self, words: int, length: int, width: int, depth: int, heads: int, joint: int, padding: int = 0) -> None:
        super().__init__()
        self.heads, self.padding = heads, padding
        self.text_projection = nn.Parameter(torch.randn(width, joint) * width**-0.5)
        self.cls_emb = nn.Parameter(torch.zeros(width))
        self.token_embedding = nn.Embedding(words, width)
        self.positional_embedding = nn.Parameter(torch.zeros(length, width))
        self.transformer = nn.ModuleDict({"resblocks": nn.ModuleList(TextBlock(width, heads) for _ in range(depth))})
        self.ln_final = nn.LayerNorm(width)

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors [B, joint] of word ids [B, L], L one below the table of positions at most."""
        tokens = torch.cat([self.token_embedding(ids), self.cls_emb.expand(len(ids), 1, -1)], dim=1)
        tokens = tokens + self.positional_embedding[: tokens.shape[1]]
        mask = hidden_places(ids != self.padding).repeat_interleave(self.heads, dim=0)
        blocks: Any = self.transformer["resblocks"]
        for block in blocks:
            tokens = block(tokens, mask)
        joint: Tensor = self.ln_final(tokens[:, -1]) @ self.text_projection
        return joint


def hidden_places(words: Tensor) -> Tensor:
    """Where a token must not look, [B, L + 1, L + 1], for `words` [B, L] that are True where there is one.

    Tokens look back only. The class token, the last, looks at place i + 1 where there is a word at place i, and at the first
    place: the mask is one place off, in training as well, so the weights want it so.
    """
    length = words.shape[1] + 1
    later = torch.ones(length, length, dtype=torch.bool, device=words.device).triu(1).repeat(len(words), 1, 1)
    seen = pad(words, (1, 0), value=True)
    return torch.cat([later[:, :-1], ~seen[:, None]], dim=1)
