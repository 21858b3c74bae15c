"""HistoPlexer: a U-Net that paints protein channels from an H&E image whose pixels are four times as fine."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, relu


class Normed(nn.Module):
    """Batch norm and a leaky ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(width)

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        return leaky_relu(self.bn(grid), 0.2)


class Convolved(nn.Module):
    """A 3x3 convolution that mirrors the edges: to half the size with stride 2, or of a map first made twice as large."""

    def __init__(self, width: int, out: int, stride: int = 1, last: bool = False) -> None:
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(width, out, kernel_size=3, stride=stride, padding=1, padding_mode="reflect")
        self.bn1 = None if last else Normed(out)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H / 2, W / 2] or [B, out, 2 H, 2 W]."""
        if self.stride == 1:
            grid = interpolate(grid, scale_factor=2.0, mode="nearest")
        drawn: Tensor = self.conv1(grid)
        return relu(drawn) if self.bn1 is None else self.bn1(drawn)


class HistoPlexer(nn.Module):
    """Reads tiles [B, 3, H, W], values from 0 to 1, sides a multiple of 256; gives maps a quarter as wide and high."""

    def __init__(self, channels: int, width: int, depth: int, side: int) -> None:
        super().__init__()
        self.side = side
        down = [3, width // 4, width // 2, *(width * min(2**level, 8) for level in range(depth - 1))]
        up = [*down[:2:-1], channels]
        # Every second step sees the image again, made smaller.
        again = [3 if level and level % 2 == 0 else 0 for level in range(len(down) - 1)]
        self.encoder = nn.ModuleList(
            Convolved(one + more, two, stride=2) for one, more, two in zip(down[:-1], again, down[1:], strict=True)
        )
        self.center_block = nn.ModuleList([Convolved(down[-1], down[-1], stride=2), Convolved(down[-1], down[-1])])
        steps = [Convolved(2 * up[level], up[level + 1]) for level in range(depth - 2)]
        self.decoder = nn.ModuleList([*steps, Convolved(2 * up[depth - 2], channels, last=True)])
        self.early = [depth % 2 + 2 * number for number in range((depth - 2) // 2)]
        self.to_imc = nn.ModuleList(Convolved(2 * up[level], channels, last=True) for level in self.early)

    def columns(self, images: Tensor) -> list[Tensor]:
        """The encoder's maps, the largest first."""
        maps: list[Tensor] = []
        for level, step in enumerate(self.encoder):
            grid = maps[-1] if maps else images
            if level and level % 2 == 0:
                smaller = interpolate(images, size=grid.shape[-2:], mode="bilinear", antialias=True)
                grid = torch.cat([grid, smaller], dim=1)
            maps.append(step(grid))
        return maps

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """`proteins` [B, channels, H / 4, W / 4], not negative, and two coarser drafts of the same.

        `proteins_0` is a sixteenth as wide and high as the last, `proteins_1` a quarter.
        """
        maps = self.columns(images)
        grid, found = maps[-1], {}
        for step in self.center_block:
            grid = step(grid)
        for level, step in enumerate(self.decoder):
            grid = torch.cat([maps[-1 - level], grid], dim=1)
            if level in self.early:
                number = self.early.index(level)
                found[f"proteins_{number}"] = self.to_imc[number](grid)
            grid = step(grid)
        return {"proteins": grid, **found}

    def stain(self, images: Tensor) -> Tensor:
        """Intensities [B, channels, H / 4, W / 4] on the scale of the mass cytometry that it learned from, not negative."""
        return self.segment(images)["proteins"]

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The smallest map before the centre as tokens."""
        return {"tokens": self.columns(images)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, all after it as decoder, and the whole."""
        decoder = [one for part in (self.center_block, self.decoder, self.to_imc) for one in part.parameters()]
        return {"image-encoder": list(self.encoder.parameters()), "decoder": decoder, "full-model": list(self.parameters())}


def build(channels: int = 11, width: int = 32, depth: int = 6, side: int = 256) -> HistoPlexer:
    """The released network, for eleven proteins."""
    return HistoPlexer(channels, width, depth, side)
