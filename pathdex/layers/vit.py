"""Parts of a vision transformer, named as in the tensors of DINO's code and of timm."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention, silu

Turn = Callable[[Tensor], Tensor]


class PatchEmbedding(nn.Module):
    """Images [B, channels, H, W] to tokens [B, N, width], one a patch, row by row."""

    def __init__(self, patch: int, width: int, channels: int = 3, stride: int | None = None) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, kernel_size=patch, stride=stride or patch)

    def forward(self, images: Tensor) -> Tensor:
        """Tokens of all places that the patch is laid on."""
        grid: Tensor = self.proj(images)
        return grid.flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Attention among the tokens [B, N, width]; `turn` rotates queries and keys [B, heads, N, width / heads] by their place."""

    def __init__(self, width: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, turn: Turn | None = None) -> Tensor:
        """Tokens of the same shape."""
        queries, keys, values = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        if turn:
            queries, keys = turn(queries), turn(keys)
        mixed: Tensor = self.proj(scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2))
        return mixed


class FeedForward(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.fc2(gelu(self.fc1(tokens)))
        return out


class GatedFeedForward(nn.Module):
    """SwiGLU with its two input layers apart, as in DINOv3."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(width, hidden)
        self.w2 = nn.Linear(width, hidden)
        self.w3 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.w3(silu(self.w1(tokens)) * self.w2(tokens))
        return out


class LayerScale(nn.Module):
    """A learned factor for each number of a token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), 1e-5))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        return tokens * self.gamma


class Block(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, heads: int, mlp: nn.Module, scaled: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads, bias)
        self.ls1 = LayerScale(width) if scaled else nn.Identity()
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = mlp
        self.ls2 = LayerScale(width) if scaled else nn.Identity()

    def forward(self, tokens: Tensor, turn: Turn | None = None) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens), turn))
        out: Tensor = tokens + self.ls2(self.mlp(self.norm2(tokens)))
        return out


def stretched(table: Tensor, rows: int, columns: int) -> Tensor:
    """A table of positions [1, 1 + side * side, D] stretched to a grid of another size, its first entry left as it is.

    DINO's first code stretches by a factor for which it adds a tenth of a patch to the grid's sides; weights that met it
    in training want the same.
    """
    side = round((table.shape[1] - 1) ** 0.5)
    if (rows, columns) == (side, side):
        return table
    grid = table[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    factors = [(rows + 0.1) / side, (columns + 0.1) / side]
    larger = interpolate(grid.float(), scale_factor=factors, mode="bicubic").to(table.dtype)
    return torch.cat([table[:, :1], larger.flatten(2).transpose(1, 2)], dim=1)


class Vit(nn.Module):
    """A plain vision transformer: a class token, patches, and a table of positions of `table` by `table` patches."""

    def __init__(self, width: int, depth: int, heads: int, patch: int, table: int, scaled: bool = False) -> None:
        super().__init__()
        self.patch = patch
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + table**2, width))
        self.patch_embed = PatchEmbedding(patch, width)
        self.blocks = nn.ModuleList(Block(width, heads, FeedForward(width, 4 * width), scaled=scaled) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W], sides a multiple of the patch, to normalised tokens [B, 1 + patches, width]."""
        rows, columns = images.shape[-2] // self.patch, images.shape[-1] // self.patch
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), self.patch_embed(images)], dim=1)
        tokens = tokens + stretched(self.pos_embed, rows, columns)
        for block in self.blocks:
            tokens = block(tokens)
        normed: Tensor = self.norm(tokens)
        return normed
