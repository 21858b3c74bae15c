"""Blocks of the U-Net of latent diffusion, with the tensor names of its first authors' code."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention


class Residual(nn.Module):
    """Two convolutions after norms; the time of the step is added between them."""

    def __init__(self, width: int, time: int, out: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(nn.GroupNorm(32, width), nn.SiLU(), nn.Conv2d(width, out, kernel_size=3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, out))
        # The place that dropout has in training stays free, so that the convolution has the number 3.
        last = nn.Conv2d(out, out, kernel_size=3, padding=1)
        self.out_layers = nn.Sequential(nn.GroupNorm(32, out), nn.SiLU(), nn.Identity(), last)
        self.skip_connection = nn.Identity() if width == out else nn.Conv2d(width, out, kernel_size=1)

    def forward(self, grid: Tensor, time: Tensor) -> Tensor:
        """[B, width, H, W] and [B, time] to [B, out, H, W]."""
        inner = self.in_layers(grid) + self.emb_layers(time)[..., None, None]
        out: Tensor = self.skip_connection(grid) + self.out_layers(inner)
        return out


class Attention(nn.Module):
    """Attention of places to each other, or to a condition."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context, width, bias=False)
        self.to_v = nn.Linear(context, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width))

    def forward(self, places: Tensor, context: Tensor) -> Tensor:
        """[B, N, width]; `context` is [B, M, its width]."""
        pairs = ((self.to_q, places), (self.to_k, context), (self.to_v, context))
        each = [layer(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer, tokens in pairs]
        out: Tensor = self.to_out(scaled_dot_product_attention(*each).transpose(1, 2).flatten(2))
        return out


class Gate(nn.Module):
    """A linear layer, half of which gates the other half through a GELU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * hidden)

    def forward(self, places: Tensor) -> Tensor:
        """[..., width] to [..., hidden]."""
        value, gate = self.proj(places).chunk(2, dim=-1)
        out: Tensor = value * gelu(gate)
        return out


class FeedForward(nn.Module):
    """A gate and a layer back."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(Gate(width, hidden), nn.Identity(), nn.Linear(hidden, width))

    def forward(self, places: Tensor) -> Tensor:
        """Places of the same shape."""
        out: Tensor = self.net(places)
        return out


class Block(nn.Module):
    """Places look at each other, then at the condition."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.attn1 = Attention(width, heads, width)
        self.ff = FeedForward(width, 4 * width)
        self.attn2 = Attention(width, heads, context)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, places: Tensor, context: Tensor) -> Tensor:
        """Places of the same shape."""
        normed = self.norm1(places)
        places = places + self.attn1(normed, normed)
        places = places + self.attn2(self.norm2(places), context)
        out: Tensor = places + self.ff(self.norm3(places))
        return out


class Transformer(nn.Module):
    """One block between two convolutions that read single places."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, width, eps=1e-6)
        self.proj_in = nn.Conv2d(width, width, kernel_size=1)
        self.transformer_blocks = nn.ModuleList([Block(width, heads, context)])
        self.proj_out = nn.Conv2d(width, width, kernel_size=1)

    def forward(self, grid: Tensor, context: Tensor) -> Tensor:
        """A map of the same shape."""
        inner = self.proj_in(self.norm(grid))
        places = inner.flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            places = block(places, context)
        out: Tensor = grid + self.proj_out(places.transpose(1, 2).reshape(inner.shape))
        return out


class Smaller(nn.Module):
    """A map of half the size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(width, width, kernel_size=3, stride=2, padding=1)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, width, H / 2, W / 2]."""
        out: Tensor = self.op(grid)
        return out


class Larger(nn.Module):
    """A map of twice the size, each place repeated before a convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel_size=3, padding=1)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, width, 2 H, 2 W]."""
        out: Tensor = self.conv(interpolate(grid, scale_factor=2.0, mode="nearest"))
        return out


class Stage(nn.Sequential):
    """Layers in a row, each given what it wants of the time and of the condition."""

    def through(self, grid: Tensor, time: Tensor, context: Tensor) -> Tensor:
        """A map that all layers have worked on."""
        for layer in self:
            if isinstance(layer, Residual):
                grid = layer(grid, time)
            else:
                grid = layer(grid, context) if isinstance(layer, Transformer) else layer(grid)
        return grid


def layers_of(width: int, time: int, out: int, level: int, heads: int, context: int) -> list[nn.Module]:
    """A residual block, and attention on all levels but the first."""
    return [Residual(width, time, out), *([Transformer(out, heads, context)] if level else [])]


def way_down(
    channels: int, width: int, factors: Sequence[int], depth: int, heads: int, context: int
) -> tuple[list[Stage], list[int]]:
    """The stages on the way down, and how wide the map is after each."""
    down, widths, now = [Stage(nn.Conv2d(channels, width, kernel_size=3, padding=1))], [width], width
    for level, factor in enumerate(factors):
        for _ in range(depth):
            down.append(Stage(*layers_of(now, 4 * width, factor * width, level, heads, context)))
            now = factor * width
            widths.append(now)
        if level + 1 < len(factors):
            down.append(Stage(Smaller(now)))
            widths.append(now)
    return down, widths


def middle(width: int, time: int, heads: int, context: int) -> Stage:
    """What lies between the way down and the way up."""
    return Stage(Residual(width, time, width), Transformer(width, heads, context), Residual(width, time, width))


def codes(steps: Tensor, width: int) -> Tensor:
    """Steps [B] as cosines and sines of ever longer waves, [B, width]."""
    speeds = torch.exp(-math.log(10000) * torch.arange(width // 2, device=steps.device) / (width // 2))
    angles = steps[:, None].float() * speeds
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
