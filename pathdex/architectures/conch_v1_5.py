"""The image tower of CONCH v1.5: a ViT-L/16 whose table of positions is stretched, read by one learned query."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

from pathdex.layers.vit import Vit


class Pooler(nn.Module):
    """Learned queries of `joint` numbers that read tokens [B, N, width] through eight heads, without biases."""

    def __init__(self, joint: int, width: int, queries: int = 1, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Parameter(torch.randn(queries, joint))
        self.ln_k = nn.LayerNorm(width)
        self.ln_q = nn.LayerNorm(joint)
        self.to_q = nn.Linear(joint, joint, bias=False)
        self.to_kv = nn.Linear(width, 2 * joint, bias=False)
        self.to_out = nn.Linear(joint, joint, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """One vector a query, [B, queries, joint]."""
        queries = self.to_q(self.ln_q(self.query)).unflatten(-1, (self.heads, -1)).transpose(0, 1)
        keys, values = self.to_kv(self.ln_k(tokens)).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(queries.expand(len(tokens), -1, -1, -1), keys, values)
        pooled: Tensor = self.to_out(mixed.transpose(1, 2).flatten(2))
        return pooled


class ConchTower(nn.Module):
    """Images to one vector each."""

    def __init__(self, side: int, table: int, width: int, depth: int, heads: int, patch: int, joint: int) -> None:
        super().__init__()
        self.side = side
        self.trunk = Vit(width, depth, heads, patch, table, scaled=True)
        self.attn_pool_contrast = Pooler(joint, width)
        self.ln_contrast = nn.LayerNorm(joint)

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, and what the query reads from them, normed."""
        tokens = self.trunk(images)
        pooled = self.ln_contrast(self.attn_pool_contrast(tokens)[:, 0])
        return {"tokens": tokens, "prefix": 1, "has_class": True, "attention": pooled}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Stored tensors with the table of positions brought to this module's size, which is how the authors load it."""
        stored, own = tensors.get("trunk.pos_embed"), self.trunk.pos_embed
        if stored is None or stored.ndim != own.ndim or stored.shape == own.shape:
            return tensors
        old, new = (round((table.shape[1] - 1) ** 0.5) for table in (stored, own))
        grid = stored[:, 1:].reshape(1, old, old, -1).permute(0, 3, 1, 2).float()
        grid = interpolate(grid, size=(new, new), mode="bilinear").flatten(2).transpose(1, 2).to(stored.dtype)
        return {**tensors, "trunk.pos_embed": torch.cat([stored[:, :1], grid], dim=1)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(
    side: int = 448, table: int = 14, width: int = 1024, depth: int = 24, heads: int = 16, patch: int = 16, joint: int = 768
) -> ConchTower:
    """CONCH v1.5 as it was released, unless told otherwise; `table` is the side of the table of positions in patches."""
    return ConchTower(side, table, width, depth, heads, patch, joint)
