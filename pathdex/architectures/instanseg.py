"""InstanSeg: a small residual U-Net that gives each place coordinates, from which a perceptron tells one nucleus's places."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

WIDTHS = (32, 64, 128, 256)
SPREAD = 8
"""Coordinates differ from a place's own by half of this at most."""
SCALE = 64 / 256
"""Units of the coordinates in one pixel."""
DEPTH = 15
"""Seeds come as the distance to the border in pixels, -15 / 2 to 15 / 2."""


def _convolution(width: int, out: int, side: int, active: bool = True) -> nn.Sequential:
    last = nn.ReLU() if active else nn.Identity()
    return nn.Sequential(nn.Conv2d(width, out, side, padding=side // 2), nn.BatchNorm2d(out), last)


class Down(nn.Module):
    """Two residual steps, after a map that is not the image was made half as large."""

    def __init__(self, width: int, out: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.conv0 = _convolution(width, out, 1)
        self.conv1 = _convolution(width, out, 3)
        self.conv2, self.conv3, self.conv4 = (_convolution(out, out, 3) for _ in range(3))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H / 2, W / 2], or the same size."""
        grid = grid if self.first else max_pool2d(grid, 2)
        half: Tensor = self.conv0(grid) + self.conv2(self.conv1(grid))
        whole: Tensor = half + self.conv4(self.conv3(half))
        return whole


class Up(nn.Module):
    """Two residual steps of a map made twice as large; one from the side joins in the first."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.conv0 = _convolution(width, out, 1)
        self.conv_skip = _convolution(out, out, 1)
        self.conv1 = _convolution(width, out, 3)
        self.conv2, self.conv3, self.conv4 = (_convolution(out, out, 3) for _ in range(3))

    def forward(self, grid: Tensor, beside: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, 2 H, 2 W]."""
        larger = interpolate(grid, scale_factor=2.0, mode="nearest")
        half: Tensor = self.conv0(larger) + self.conv2(self.conv1(larger) + self.conv_skip(beside))
        whole: Tensor = half + self.conv4(self.conv3(half))
        return whole


class Decoder(nn.Module):
    """From the smallest map to the images' size, and a last layer for each kind of number."""

    def __init__(self, widths: tuple[int, ...], kinds: tuple[int, ...]) -> None:
        super().__init__()
        self.decoder = nn.ModuleList(Up(one, two) for one, two in pairwise(widths))
        self.final_block = nn.ModuleList(_convolution(widths[-1], number, 1, active=False) for number in kinds)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """[B, all numbers, H, W]; the largest map comes first."""
        grid = maps[-1]
        for step, beside in zip(self.decoder, maps[-2::-1], strict=True):
            grid = step(grid, beside)
        return torch.cat([last(grid) for last in self.final_block], dim=1)


class Unet(nn.Module):
    """The encoder and one decoder, with the perceptron that the authors hang below."""

    def __init__(self, widths: tuple[int, ...], kinds: tuple[int, ...], judge: nn.Module) -> None:
        super().__init__()
        steps = pairwise((3, *widths))
        self.encoder = nn.ModuleList(Down(one, two, first=not number) for number, (one, two) in enumerate(steps))
        self.decoders = nn.ModuleList([Decoder(widths[::-1], kinds)])
        self.pixel_classifier = judge

    def stages(self, images: Tensor) -> list[Tensor]:
        """Maps as large as the images, a half, a quarter and an eighth."""
        maps = [images]
        for step in self.encoder:
            maps.append(step(maps[-1]))
        return maps[1:]


class Judge(nn.Module):
    """Whether a place belongs to a nucleus, of how far its coordinates are from the seed's and of its spread."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(width, inner), nn.Linear(inner, inner), nn.Linear(inner, 1)

    def forward(self, numbers: Tensor) -> Tensor:
        """[..., width] to scores [..., 1] before the sigmoid."""
        scores: Tensor = self.fc3(self.fc2(self.fc1(numbers).relu()).relu())
        return scores


class InstanSeg(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 8, each channel stretched between two of its percentiles."""

    def __init__(self, widths: tuple[int, ...], coordinates: int, spreads: int, inner: int, side: int) -> None:
        super().__init__()
        self.side, self.kinds = side, (coordinates, spreads, 1)
        self.pixel_classifier = Judge(coordinates + spreads, inner)
        self.fcn = Unet(widths, self.kinds, self.pixel_classifier)

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Maps of the images' size, from which nuclei are put together.

        `coordinates` [B, 2, H, W], across and down, are where a place's nucleus has its seed; `spread` [B, 2, H, W] goes to the
        perceptron with them; `seeds` [B, 1, H, W] is about 0.5 on a border, more within.
        """
        coordinates, spread, seeds = self.fcn.decoders[0](self.fcn.stages(images)).split(self.kinds, dim=1)
        moved = SPREAD * (coordinates.sigmoid() - 0.5)
        return {"coordinates": moved + _places(moved), "spread": spread, "seeds": seeds / DEPTH + 0.5}

    def belongs(self, maps: dict[str, Tensor], row: int, column: int) -> Tensor:
        """How likely each place belongs to the nucleus whose seed is there, [B, H, W], from 0 to 1; `maps` are `segment`'s.

        The authors ask this within a window around each peak of the seeds, and join what overlaps.
        """
        away = maps["coordinates"] - maps["coordinates"][..., row : row + 1, column : column + 1]
        numbers = torch.cat([away, maps["spread"]], dim=1).permute(0, 2, 3, 1)
        scores: Tensor = self.pixel_classifier(numbers)
        return scores.sigmoid()[..., 0]

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The smallest map as tokens, one for 8 by 8 pixels."""
        return {"tokens": self.fcn.stages(images)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, the decoder with the perceptron, and the whole."""
        decoder = [*self.fcn.decoders.parameters(), *self.pixel_classifier.parameters()]
        return {"image-encoder": list(self.fcn.encoder.parameters()), "decoder": decoder, "full-model": list(self.parameters())}


def _places(like: Tensor) -> Tensor:
    """Coordinates of the places themselves, [1, 2, H, W]; the last place has the full length."""
    rows, columns = like.shape[-2:]
    down = torch.linspace(0, rows * SCALE, rows, device=like.device, dtype=like.dtype)
    across = torch.linspace(0, columns * SCALE, columns, device=like.device, dtype=like.dtype)
    return torch.stack(torch.meshgrid(across, down, indexing="xy"))[None]


def build(widths: tuple[int, ...] = WIDTHS, coordinates: int = 2, spreads: int = 2, inner: int = 5, side: int = 256) -> InstanSeg:
    """Widths of the maps from the largest to the smallest; `inner` is the width of the perceptron."""
    return InstanSeg(tuple(widths), coordinates, spreads, inner, side)
