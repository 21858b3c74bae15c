"""Blocks of the U-Nets of segmentation_models_pytorch, with their names."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


def convolution(width: int, out: int, norm: bool = True) -> nn.Sequential:
    """A 3x3 convolution, batch norm and ReLU; without the norm the convolution has a bias."""
    between = nn.BatchNorm2d(out) if norm else nn.Identity()
    return nn.Sequential(nn.Conv2d(width, out, kernel_size=3, padding=1, bias=not norm), between, nn.ReLU())


class Step(nn.Module):
    """A map made twice as large by repeating its places, what comes from the side, and two convolutions."""

    def __init__(self, width: int, beside: int, out: int, norm: bool = True) -> None:
        super().__init__()
        self.conv1 = convolution(width + beside, out, norm)
        self.conv2 = convolution(out, out, norm)

    def forward(self, grid: Tensor, *beside: Tensor) -> Tensor:
        """[B, width, H, W] and maps of twice the size to [B, out, 2 H, 2 W]."""
        larger = interpolate(grid, scale_factor=2.0, mode="nearest")
        out: Tensor = self.conv2(self.conv1(torch.cat([larger, *beside], dim=1)))
        return out
