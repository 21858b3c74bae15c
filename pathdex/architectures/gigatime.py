"""GigaTIME: a nested U-Net that turns an H&E tile into a map for each protein."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, relu

WIDTHS = (32, 64, 128, 256, 512)


class Pair(nn.Module):
    """Two 3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        return relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(grid))))))


class GigaTime(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 16.

    The node `conv<level>_<step>` reads all earlier nodes of its level and the node before it one level down.
    """

    def __init__(self, channels: int, widths: tuple[int, ...], side: int) -> None:
        super().__init__()
        self.side, self.levels = side, len(widths)
        for level, width in enumerate(widths):
            before = widths[level - 1] if level else 3
            setattr(self, f"conv{level}_0", Pair(before, width))
            for step in range(1, self.levels - level):
                setattr(self, f"conv{level}_{step}", Pair(step * width + widths[level + 1], width))
        self.final = nn.Conv2d(widths[0], channels, kernel_size=1)

    def columns(self, images: Tensor) -> list[Tensor]:
        """The encoder's maps, the largest first."""
        maps = [self.get_submodule("conv0_0")(images)]
        for level in range(1, self.levels):
            maps.append(self.get_submodule(f"conv{level}_0")(max_pool2d(maps[-1], 2)))
        return maps

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """`proteins` [B, channels, H, W], scores before the sigmoid."""
        nodes = [[grid] for grid in self.columns(images)]
        for step in range(1, self.levels):
            for level in range(self.levels - step):
                below = interpolate(nodes[level + 1][step - 1], scale_factor=2, mode="bilinear", align_corners=True)
                node = self.get_submodule(f"conv{level}_{step}")
                nodes[level].append(node(torch.cat([*nodes[level], below], dim=1)))
        return {"proteins": self.final(nodes[0][-1])}

    def stain(self, images: Tensor) -> Tensor:
        """How probable it is that each pixel is positive, [B, channels, H, W]."""
        return self.segment(images)["proteins"].sigmoid()

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The smallest map as tokens, one for 16 by 16 pixels."""
        return {"tokens": self.columns(images)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The first node of each level is the image encoder, all others the decoder."""
        encoder = [one for name, one in self.named_parameters() if name.partition(".")[0].endswith("_0")]
        decoder = [one for name, one in self.named_parameters() if not name.partition(".")[0].endswith("_0")]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


def build(channels: int = 23, widths: tuple[int, ...] = WIDTHS, side: int = 512) -> GigaTime:
    """The released network: 21 proteins and two channels of background."""
    return GigaTime(channels, tuple(widths), side)
