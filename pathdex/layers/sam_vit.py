"""The image encoder of SAM: a ViT that looks through windows, with tables of relative places, and a neck of convolutions."""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, layer_norm, pad, scaled_dot_product_attention

SHAPES = {
    "SAM-B": (768, 12, 12, (2, 5, 8, 11)),
    "SAM-L": (1024, 24, 16, (5, 11, 17, 23)),
    "SAM-H": (1280, 32, 16, (7, 15, 23, 31)),
}
"""Width, depth, heads, and the blocks that look at the whole image."""
WINDOW = 14


class ChannelNorm(nn.Module):
    """Layer norm over the channels of a map [B, C, H, W]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        channels_last = layer_norm(grid.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, eps=1e-6)
        return channels_last.permute(0, 3, 1, 2)


class Patches(nn.Module):
    """Images [B, 3, H, W] to a grid of tokens [B, rows, columns, width]."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """One token a patch."""
        grid: Tensor = self.proj(images)
        return grid.permute(0, 2, 3, 1)


class Attention(nn.Module):
    """Attention in a grid of tokens; what a query adds to a key depends on the rows and on the columns between them."""

    def __init__(self, width: int, heads: int, side: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, width // heads))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, rows, columns, width] to the same shape."""
        rows, columns = grid.shape[1:3]
        queries, keys, values = self.qkv(grid).unflatten(-1, (3, self.heads, -1)).permute(3, 0, 4, 1, 2, 5)
        down = torch.einsum("bnhwc,hkc->bnhwk", queries, _between(self.rel_pos_h, rows))
        along = torch.einsum("bnhwc,wkc->bnhwk", queries, _between(self.rel_pos_w, columns))
        bias = (down[..., :, None] + along[..., None, :]).flatten(4).flatten(2, 3)
        mixed = scaled_dot_product_attention(queries.flatten(2, 3), keys.flatten(2, 3), values.flatten(2, 3), attn_mask=bias)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(grid.shape))
        return out


def _between(table: Tensor, side: int) -> Tensor:
    """Of a table with a row for each distance, the rows between every two of `side` places: [side, side, width]."""
    distances = 2 * side - 1
    if len(table) != distances:
        table = interpolate(table.T[None], size=distances, mode="linear")[0].T
    places = torch.arange(side, device=table.device)
    return table[places[:, None] - places[None, :] + side - 1]


class FeedForward(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.lin2(gelu(self.lin1(tokens)))
        return out


class Block(nn.Module):
    """Attention within windows of `window` tokens, or in the whole grid of `side` tokens where `window` is 0."""

    def __init__(self, width: int, heads: int, window: int, side: int) -> None:
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads, window or side)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = FeedForward(width, 4 * width)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, rows, columns, width] to the same shape."""
        normed = self.norm1(grid)
        grid = grid + (_in_windows(self.attn, normed, self.window) if self.window else self.attn(normed))
        out: Tensor = grid + self.mlp(self.norm2(grid))
        return out


def _in_windows(attention: nn.Module, grid: Tensor, side: int) -> Tensor:
    """Attention in each window apart; the grid is filled up with zeros to whole windows, and cut back."""
    rows, columns = grid.shape[1:3]
    filled = pad(grid, (0, 0, 0, -columns % side, 0, -rows % side))
    across = filled.shape[2] // side
    split = filled.reshape(len(grid), -1, side, across, side, grid.shape[-1]).transpose(2, 3)
    mixed = attention(split.flatten(0, 2)).unflatten(0, split.shape[:3])
    whole: Tensor = mixed.transpose(2, 3).flatten(3, 4).flatten(1, 2)
    return whole[:, :rows, :columns]


class SamVit(nn.Module):
    """Reads images [B, 3, H, W] of at most `side` pixels, sides a multiple of 16."""

    def __init__(self, width: int, depth: int, heads: int, whole: tuple[int, ...], side: int = 1024, out: int = 256) -> None:
        super().__init__()
        cells = side // 16
        self.patch_embed = Patches(16, width)
        self.pos_embed = nn.Parameter(torch.zeros(1, cells, cells, width))
        self.blocks = nn.ModuleList(Block(width, heads, 0 if n in whole else WINDOW, cells) for n in range(depth))
        self.neck = nn.Sequential(
            nn.Conv2d(width, out, kernel_size=1, bias=False),
            ChannelNorm(out),
            nn.Conv2d(out, out, kernel_size=3, padding=1, bias=False),
            ChannelNorm(out),
        )

    def stages(self, images: Tensor) -> list[Tensor]:
        """What each block gives, [B, width, H / 16, W / 16]; the table of positions is cut, not stretched."""
        grid = self.patch_embed(images)
        grid = grid + self.pos_embed[:, : grid.shape[1], : grid.shape[2]]
        given = []
        for block in self.blocks:
            grid = block(grid)
            given.append(grid.permute(0, 3, 1, 2))
        return given

    def forward(self, images: Tensor) -> Tensor:
        """The neck's map [B, out, H / 16, W / 16]."""
        out: Tensor = self.neck(self.stages(images)[-1])
        return out
