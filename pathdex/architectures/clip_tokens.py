"""The text tower of CLIP with all its tokens, read as latent diffusion does for texts that are longer than CLIP's."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

START, END = 49406, 49407


class Looking(nn.Module):
    """Tokens look at those before them."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Tokens of the same shape; `seen` [B, 1, L, L] says who may look at whom."""
        layers = (self.q_proj, self.k_proj, self.v_proj)
        query, key, value = (layer(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in layers)
        looked = scaled_dot_product_attention(query, key, value, attn_mask=seen)
        out: Tensor = self.out_proj(looked.transpose(1, 2).flatten(2))
        return out


class Wide(nn.Module):
    """Two layers with CLIP's quick form of the GELU between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        inner = self.fc1(tokens)
        out: Tensor = self.fc2(inner * torch.sigmoid(1.702 * inner))
        return out


class Block(nn.Module):
    """Attention and two layers, each after a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attn, self.layer_norm1 = Looking(width, heads), nn.LayerNorm(width)
        self.mlp, self.layer_norm2 = Wide(width), nn.LayerNorm(width)

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.self_attn(self.layer_norm1(tokens), seen)
        out: Tensor = tokens + self.mlp(self.layer_norm2(tokens))
        return out


class Tower(nn.Module):
    """Embeddings of words and places, blocks, and a norm."""

    def __init__(self, words: int, width: int, depth: int, heads: int, length: int) -> None:
        super().__init__()
        tables = {"token_embedding": nn.Embedding(words, width), "position_embedding": nn.Embedding(length, width)}
        self.embeddings = nn.ModuleDict(tables)
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(Block(width, heads) for _ in range(depth))})
        self.final_layer_norm = nn.LayerNorm(width)


class ClipTokens(nn.Module):
    """Reads token ids [B, L] of CLIP's tokenizer, padded to a multiple of `length`, at most twice that."""

    def __init__(self, words: int, width: int, depth: int, heads: int, length: int, times: int) -> None:
        super().__init__()
        self.length, self.times = length, times
        self.text_model = Tower(words, width, depth, heads, length)

    def forward(self, ids: Tensor) -> Tensor:
        """States [B, L, width]; places count anew after each `length` tokens, and what follows the first end is not looked at."""
        if ids.shape[1] % self.length:
            raise ValueError(f"ids have shape {tuple(ids.shape)}; pad them to {self.times * self.length}")
        tables = self.text_model.embeddings
        places = torch.arange(ids.shape[1], device=ids.device) % self.length
        tokens = tables["token_embedding"](ids) + tables["position_embedding"](places)
        ended = (ids == END).cumsum(1) - (ids == END).int()
        told = (ended == 0)[:, None, None]
        seen = told & torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=ids.device).tril()
        blocks = self.text_model.encoder["layers"]
        assert isinstance(blocks, nn.ModuleList)
        for block in blocks:
            tokens = block(tokens, seen)
        out: Tensor = self.text_model.final_layer_norm(tokens)
        return out

    def nothing(self, count: int) -> Tensor:
        """States of the empty text, as many times."""
        ids = torch.full((count, self.times * self.length), END, device=self.text_model.final_layer_norm.weight.device)
        ids[:, 0] = START
        states: Tensor = self(ids)
        return states

    def represent(self, ids: Tensor) -> dict[str, Any]:
        """The states."""
        return {"tokens": self(ids)}

    def example(self) -> tuple[Tensor]:
        """One empty text."""
        ids = torch.full((1, self.times * self.length), END)
        ids[:, 0] = START
        return (ids,)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One network, which reads."""
        return {"text-encoder": list(self.parameters())}


def build(words: int = 49408, width: int = 512, depth: int = 12, heads: int = 8, length: int = 77, times: int = 2) -> ClipTokens:
    """The text tower of CLIP ViT-B/32 and PLIP, for texts of up to two lengths."""
    return ClipTokens(words, width, depth, heads, length, times)
