"""A Swin transformer behind a convolutional stem, its tensors named as in old timm, where merging ends a stage."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from pathdex.layers.vit import FeedForward
from pathdex.layers.windows import joined, relative_places, shifted_mask, split


class Stem(nn.Module):
    """Images [B, 3, H, W] to a grid of tokens [B, H / 4, W / 4, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for entering, leaving in ((3, width // 8), (width // 8, width // 4)):
            layers += [nn.Conv2d(entering, leaving, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(leaving), nn.ReLU()]
        self.proj = nn.Sequential(*layers, nn.Conv2d(width // 4, width, 1))
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised tokens."""
        grid: Tensor = self.norm(self.proj(images).permute(0, 2, 3, 1))
        return grid


class WindowAttention(nn.Module):
    """Attention inside windows [B, windows, window^2, width], with a learned bias for each way from token to token."""

    relative_position_index: Tensor

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", relative_places(window))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Windows of the same shape; `mask` [windows, N, N] is added to the bias."""
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None]
        bias = bias if mask is None else bias + mask[:, None]
        queries, keys, values = self.qkv(windows).unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        mixed = scaled_dot_product_attention(queries, keys, values, attn_mask=bias.to(queries.dtype))
        out: Tensor = self.proj(mixed.transpose(2, 3).flatten(3))
        return out


class SwinBlock(nn.Module):
    """Attention in windows, which `shift` moves against the grid, and feed-forward."""

    attn_mask: Tensor | None

    def __init__(self, width: int, heads: int, side: int, window: int, shift: int) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads, window)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = FeedForward(width, 4 * width)
        self.register_buffer("attn_mask", shifted_mask(side, window, shift) if shift else None)

    def forward(self, grid: Tensor) -> Tensor:
        """A grid [B, H, W, width] of the same shape."""
        rolled = self.norm1(grid).roll((-self.shift, -self.shift), (1, 2))
        mixed = joined(self.attn(split(rolled, self.window), self.attn_mask), self.window, grid.shape[1])
        grid = grid + mixed.roll((self.shift, self.shift), (1, 2))
        out: Tensor = grid + self.mlp(self.norm2(grid))
        return out


class Merging(nn.Module):
    """Joins each square of four tokens: [B, H, W, D] to [B, H / 2, W / 2, 2 * D]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)
        self.norm = nn.LayerNorm(4 * width)

    def forward(self, grid: Tensor) -> Tensor:
        """The smaller grid."""
        corners = [grid[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        out: Tensor = self.reduction(self.norm(torch.cat(corners, dim=-1)))
        return out


class Stage(nn.Module):
    """Blocks with and without a shift in turn; where the window is no smaller than the grid there is none."""

    def __init__(self, width: int, depth: int, heads: int, side: int, window: int, merging: bool) -> None:
        super().__init__()
        window, shift = min(window, side), window // 2 if side > window else 0
        self.blocks = nn.Sequential(*(SwinBlock(width, heads, side, window, shift * (number % 2)) for number in range(depth)))
        self.downsample = Merging(width) if merging else nn.Identity()

    def forward(self, grid: Tensor) -> Tensor:
        """What the next stage reads."""
        out: Tensor = self.downsample(self.blocks(grid))
        return out


class ConvStemSwin(nn.Module):
    """Reads tiles [B, 3, side, side]."""

    def __init__(self, width: int, depths: tuple[int, ...], heads: tuple[int, ...], window: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.patch_embed = Stem(width)
        last = len(depths) - 1
        self.layers = nn.Sequential(
            *(
                Stage(width << number, depth, heads[number], side // 4 >> number, window, merging=number < last)
                for number, depth in enumerate(depths)
            )
        )
        self.norm = nn.LayerNorm(width << last)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised tokens of the last stage [B, N, D]."""
        tokens: Tensor = self.norm(self.layers(self.patch_embed(images)).flatten(1, 2))
        return tokens
