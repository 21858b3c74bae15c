"""The U-shaped decoder of CellViT: necks that bring the encoder's maps to size, and branches that draw one kind of map each."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


class Convolution(nn.Module):
    """A 3x3 convolution, batch norm and ReLU."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(width, out, kernel_size=3, padding=1), nn.BatchNorm2d(out), nn.ReLU())

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        made: Tensor = self.block(grid)
        return made


class Doubling(nn.Module):
    """A map made twice as large, then a 3x3 convolution, batch norm and ReLU."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            larger(width, out), nn.Conv2d(out, out, kernel_size=3, padding=1), nn.BatchNorm2d(out), nn.ReLU()
        )

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, 2 H, 2 W]."""
        made: Tensor = self.block(grid)
        return made


def larger(width: int, out: int) -> nn.ConvTranspose2d:
    """[B, width, H, W] to [B, out, 2 H, 2 W], each place becoming four."""
    return nn.ConvTranspose2d(width, out, kernel_size=2, stride=2)


def necks(width: int, bottleneck: int, skips: tuple[int, int]) -> list[nn.Sequential]:
    """Four ways: of the image itself, and of three maps of the encoder made 8, 4 and 2 times as large."""
    return [
        nn.Sequential(Convolution(3, 32), Convolution(32, 64)),
        nn.Sequential(Doubling(width, skips[0]), Doubling(skips[0], skips[1]), Doubling(skips[1], 128)),
        nn.Sequential(Doubling(width, skips[0]), Doubling(skips[0], 256)),
        nn.Sequential(Doubling(width, bottleneck)),
    ]


class Branch(nn.Module):
    """From the encoder's last map up to the image's size, one neck's map joining at each step."""

    def __init__(self, width: int, bottleneck: int, classes: int) -> None:
        super().__init__()
        self.bottleneck_upsampler = larger(width, bottleneck)
        self.decoder3_upsampler = nn.Sequential(
            Convolution(2 * bottleneck, bottleneck),
            Convolution(bottleneck, bottleneck),
            Convolution(bottleneck, bottleneck),
            larger(bottleneck, 256),
        )
        self.decoder2_upsampler = nn.Sequential(Convolution(512, 256), Convolution(256, 256), larger(256, 128))
        self.decoder1_upsampler = nn.Sequential(Convolution(256, 128), Convolution(128, 128), larger(128, 64))
        self.decoder0_header = nn.Sequential(Convolution(128, 64), Convolution(64, 64), nn.Conv2d(64, classes, kernel_size=1))

    def forward(self, last: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """[B, classes, H, W]; `skips` are the necks' maps, that of the image first, to whose size the others are brought."""
        grid = self.bottleneck_upsampler(last)
        for neck, step in ((3, self.decoder3_upsampler), (2, self.decoder2_upsampler), (1, self.decoder1_upsampler)):
            grid = step(torch.cat([skips[neck], grid], dim=1))
        if grid.shape[-2:] != skips[0].shape[-2:]:
            grid = interpolate(grid, size=skips[0].shape[-2:], mode="bilinear")
        drawn: Tensor = self.decoder0_header(torch.cat([skips[0], grid], dim=1))
        return drawn
