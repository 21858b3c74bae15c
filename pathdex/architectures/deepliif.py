"""DeepLIIF: four networks turn immunohistochemistry into other stains, five tell positive cells from each of them."""

from typing import Any

import torch
from torch import Tensor, nn

STAINS = ("G1", "G2", "G3", "G4")
CELLS = ("G51", "G52", "G53", "G54", "G55")
SHARES = (0.25, 0.15, 0.25, 0.1, 0.25)
"""How much each of the five counts in the map of cells: of the image itself, then of the four stains."""


class Added(nn.Module):
    """Two convolutions beside a way that leaves them out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first, last = (nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False) for _ in range(2))
        # The place that dropout has in training stays free, so that the second convolution has the number 4.
        layers = [first, nn.BatchNorm2d(width), nn.ReLU(), nn.Identity(), last, nn.BatchNorm2d(width)]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        out: Tensor = grid + self.conv_block(grid)
        return out


class Translator(nn.Module):
    """Two steps down, blocks at one size, two steps up; [B, 3, H, W] to as much between -1 and 1."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ZeroPad2d(3), nn.Conv2d(3, width, kernel_size=7, bias=False)]
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
        for now in (width, 2 * width):
            down = nn.Conv2d(now, 2 * now, kernel_size=3, stride=2, padding=1, bias=False)
            layers += [down, nn.BatchNorm2d(2 * now), nn.ReLU()]
        layers += [Added(4 * width) for _ in range(blocks)]
        for now in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(now, now // 2, kernel_size=3, stride=2, padding=1, output_padding=1, bias=False)
            layers += [up, nn.BatchNorm2d(now // 2), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ZeroPad2d(3), nn.Conv2d(width, 3, kernel_size=7), nn.Tanh())

    def forward(self, images: Tensor) -> Tensor:
        """Images in another stain."""
        out: Tensor = self.model(images)
        return out


class Skip(nn.Module):
    """A step down, all that lies below, and a step up, beside a way that leaves them out."""

    def __init__(self, outer: int, inner: int, below: nn.Module | None) -> None:
        super().__init__()
        down = nn.Conv2d(outer, inner, kernel_size=4, stride=2, padding=1, bias=False)
        wide = 2 * inner if below else inner
        up = nn.ConvTranspose2d(wide, outer, kernel_size=4, stride=2, padding=1, bias=False)
        lower = [nn.BatchNorm2d(inner), below] if below else []
        self.model = nn.Sequential(nn.LeakyReLU(0.2), down, *lower, nn.ReLU(), up, nn.BatchNorm2d(outer))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, outer, H, W] to [B, 2 outer, H, W]."""
        return torch.cat([grid, self.model(grid)], dim=1)


class Outermost(nn.Module):
    """The first step down and the last step up of a U-Net."""

    def __init__(self, width: int, steps: int) -> None:
        super().__init__()
        below = Skip(8 * width, 8 * width, None)
        for _ in range(steps - 5):
            below = Skip(8 * width, 8 * width, below)
        for factor in (4, 2, 1):
            below = Skip(factor * width, 2 * factor * width, below)
        down = nn.Conv2d(3, width, kernel_size=4, stride=2, padding=1, bias=False)
        up = nn.ConvTranspose2d(2 * width, 3, kernel_size=4, stride=2, padding=1)
        self.model = nn.Sequential(down, below, nn.ReLU(), up, nn.Tanh())

    def forward(self, images: Tensor) -> Tensor:
        """[B, 3, H, W] to as much between -1 and 1."""
        out: Tensor = self.model(images)
        return out


class Telling(nn.Module):
    """A U-Net that tells positive cells."""

    def __init__(self, width: int, steps: int) -> None:
        super().__init__()
        self.model = Outermost(width, steps)

    def forward(self, images: Tensor) -> Tensor:
        """[B, 3, H, W] to as much between -1 and 1."""
        out: Tensor = self.model(images)
        return out


class DeepLiif(nn.Module):
    """Reads images [B, 3, 512, 512] from -1 to 1, whatever their magnification, of which tiles of 512 pixels are at 40x."""

    def __init__(self, width: int, blocks: int, steps: int) -> None:
        super().__init__()
        self.side = 2**steps
        for name in STAINS:
            setattr(self, name, Translator(width, blocks))
        for name in CELLS:
            setattr(self, name, Telling(width, steps))
        for one in self.modules():
            # The authors measure mean and variance on each image anew; the stored ones are not used.
            if isinstance(one, nn.BatchNorm2d):
                one.track_running_stats = False

    def eval(self) -> "DeepLiif":
        """In evaluation mode, in which norms still take each batch's own mean and variance."""
        super().eval()
        for one in self.modules():
            if isinstance(one, nn.BatchNorm2d):
                one.train()
        return self

    def stains(self, images: Tensor) -> list[Tensor]:
        """Haematoxylin, DAPI, Lap2 and the marker, each [B, 3, H, W] between -1 and 1."""
        return [self.get_submodule(name)(images) for name in STAINS]

    def stain(self, images: Tensor) -> Tensor:
        """Five pictures in colour [B, 15, H, W] from 0 to 1: haematoxylin, DAPI, Lap2, the marker, and the map of cells.

        In the map of cells red is positive, blue negative and green an edge.
        """
        drawn = self.stains(images)
        told = [self.get_submodule(name)(one) for name, one in zip(CELLS, (images, *drawn), strict=True)]
        cells = torch.stack([share * one for share, one in zip(SHARES, told, strict=True)]).sum(0)
        return (torch.cat([*drawn, cells], dim=1) + 1) / 2

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The four stains as tokens, one a pixel."""
        return {"tokens": torch.cat(self.stains(images), dim=1).flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Networks that draw, and nothing else."""
        return {"full-model": list(self.parameters())}


def build(width: int = 64, blocks: int = 9, steps: int = 9) -> DeepLiif:
    """The released networks."""
    return DeepLiif(width, blocks, steps)
