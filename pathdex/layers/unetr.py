"""The decoder of torch-em's UNETR without skips: from one map of an image encoder up to the image's size."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

WIDTHS = (512, 256, 128, 64)


class Pair(nn.Module):
    """Two 3x3 convolutions with a ReLU after each; before each every map is brought to mean 0 and variance 1."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.InstanceNorm2d(width),
            nn.Conv2d(width, out, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.InstanceNorm2d(out),
            nn.Conv2d(out, out, kernel_size=3, padding=1),
            nn.ReLU(),
        )

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        made: Tensor = self.block(grid)
        return made


class Doubled(nn.Module):
    """Each place becomes four."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.block = nn.ConvTranspose2d(width, out, kernel_size=2, stride=2)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, 2 H, 2 W]."""
        made: Tensor = self.block(grid)
        return made


class Single(nn.Module):
    """A 3x3 convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Conv2d(width, width, kernel_size=3, padding=1)

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        made: Tensor = self.block(grid)
        return made


class Step(nn.Module):
    """A map made twice as large, then a 3x3 convolution, batch norm and ReLU."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.block = nn.Sequential(Doubled(width, out), Single(out), nn.BatchNorm2d(out), nn.ReLU())

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, 2 H, 2 W]."""
        made: Tensor = self.block(grid)
        return made


class Decoder(nn.Module):
    """Three times: twice as large, then two convolutions together with a map of the same size from the side."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Pair(one, two) for one, two in pairwise(WIDTHS))
        self.samplers = nn.ModuleList(Doubled(one, two) for one, two in pairwise(WIDTHS))

    def forward(self, grid: Tensor, beside: list[Tensor]) -> Tensor:
        """[B, 512, H, W] to [B, 64, 8 H, 8 W]; of a map beside it only the middle half of the channels is read."""
        for block, sampler, other in zip(self.blocks, self.samplers, beside, strict=True):
            larger = sampler(grid)
            first = (other.shape[1] - larger.shape[1]) // 2
            grid = block(torch.cat([larger, other[:, first : first + larger.shape[1]]], dim=1))
        return grid


def steps(width: int, maps: int) -> dict[str, nn.Module]:
    """The decoder's parts by name, for an encoder's map [B, width, H, W]."""
    first, second, third, last = WIDTHS
    return {
        "decoder": Decoder(),
        "deconv1": Step(width, first),
        "deconv2": Step(first, second),
        "deconv3": Step(second, third),
        "deconv4": Step(third, last),
        "base": Pair(width, first),
        "out_conv": nn.Conv2d(last, maps, kernel_size=1),
        "deconv_out": Doubled(last, last),
        "decoder_head": Pair(2 * last, last),
    }


def drawn(parts: Mapping[str, nn.Module], grid: Tensor) -> Tensor:
    """Scores [B, maps, 16 H, 16 W] before the sigmoid."""
    beside, larger = [], grid
    for name in ("deconv1", "deconv2", "deconv3", "deconv4"):
        larger = parts[name](larger)
        beside.append(larger)
    whole = parts["deconv_out"](parts["decoder"](parts["base"](grid), beside[:3]))
    scores: Tensor = parts["out_conv"](parts["decoder_head"](torch.cat([whole, beside[3]], dim=1)))
    return scores
