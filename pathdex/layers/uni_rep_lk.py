"""UniRepLKNet as it is trained: blocks of large convolutions beside which smaller, dilated ones run."""

import torch
from torch import Tensor, nn

from pathdex.layers.sam_vit import ChannelNorm

LARGE, SMALL = 13, 3
BESIDE = ((5, 1), (7, 2), (3, 3), (3, 4), (3, 5))
"""Side and dilation of the convolutions beside a large one."""


def _by_channel(width: int, side: int, dilation: int = 1) -> nn.Conv2d:
    """A convolution of each channel by itself, to a map of the same size."""
    return nn.Conv2d(width, width, side, padding=dilation * (side // 2), dilation=dilation, groups=width, bias=False)


class Reparameterised(nn.Module):
    """The sum of a large convolution and of dilated ones, each after its own batch norm; it could be one convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lk_origin = _by_channel(width, LARGE)
        self.origin_bn = nn.BatchNorm2d(width)
        for side, dilation in BESIDE:
            self.add_module(f"dil_conv_k{side}_{dilation}", _by_channel(width, side, dilation))
            self.add_module(f"dil_bn_k{side}_{dilation}", nn.BatchNorm2d(width))

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        total: Tensor = self.origin_bn(self.lk_origin(grid))
        for side, dilation in BESIDE:
            convolution, norm = (self.get_submodule(f"dil_{kind}_k{side}_{dilation}") for kind in ("conv", "bn"))
            total = total + norm(convolution(grid))
        return total


class Gate(nn.Module):
    """Weighs the channels by what their means say of one another."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(width, width // 4, kernel_size=1)
        self.up = nn.Conv2d(width // 4, width, kernel_size=1)

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        weights: Tensor = self.up(self.down(grid.mean((2, 3), keepdim=True)).relu()).sigmoid()
        return grid * weights


class Response(nn.Module):
    """Each channel of [B, H, W, C] weighed by its length over all places, as a share of the mean length."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, width))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, width))

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        lengths: Tensor = torch.linalg.vector_norm(grid, dim=(1, 2), keepdim=True)
        return (self.gamma * (lengths / (lengths.mean(dim=-1, keepdim=True) + 1e-6)) + 1) * grid + self.beta


class Turned(nn.Module):
    """The axes of a map in another order."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, grid: Tensor) -> Tensor:
        """The same numbers."""
        return grid.permute(self.order)


class Block(nn.Module):
    """A convolution by channel, a gate and two layers, added to what came in."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.dwconv: nn.Module = Reparameterised(width) if side == LARGE else _by_channel(width, side)
        self.norm = nn.BatchNorm2d(width)
        self.se = Gate(width)
        self.pwconv1 = nn.Sequential(Turned(0, 2, 3, 1), nn.Linear(width, 4 * width))
        self.act = nn.Sequential(nn.GELU(), Response(4 * width))
        self.pwconv2 = nn.Sequential(nn.Linear(4 * width, width, bias=False), Turned(0, 3, 1, 2), nn.BatchNorm2d(width))
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        made: Tensor = self.pwconv2(self.act(self.pwconv1(self.se(self.norm(self.dwconv(grid))))))
        return grid + self.gamma[:, None, None] * made


def _halved(width: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(width, out, kernel_size=3, stride=2, padding=1), ChannelNorm(out)]


def _sides(stage: int, depth: int) -> list[int]:
    """Sides of a stage's convolutions: small in the first; in a long third stage two small ones follow each large one."""
    if stage == 0:
        return [SMALL] * depth
    return [SMALL if depth > 18 and number % 3 else LARGE for number in range(depth)]


class UniRepLk(nn.Module):
    """Reads images [B, 3, H, W], sides a multiple of 32."""

    def __init__(self, width: int, depths: tuple[int, int, int, int], classes: int) -> None:
        super().__init__()
        self.widths = tuple(width * 2**stage for stage in range(4))
        first = nn.Sequential(*_halved(3, width // 2), nn.GELU(), *_halved(width // 2, width))
        later = [nn.Sequential(*_halved(one, 2 * one)) for one in self.widths[:-1]]
        self.downsample_layers = nn.ModuleList([first, *later])
        self.stages = nn.ModuleList(
            nn.Sequential(*[Block(one, side) for side in _sides(stage, depth)])
            for stage, (one, depth) in enumerate(zip(self.widths, depths, strict=True))
        )
        self.norm = nn.LayerNorm(self.widths[-1], eps=1e-6)
        self.conv = nn.Conv2d(3, width // 4, kernel_size=3, padding=1)
        self.norm0, self.norm1, self.norm2, self.norm3 = (ChannelNorm(one) for one in self.widths)
        self.head = nn.Linear(self.widths[-1], classes)

    def forward(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Maps as large as the images, a half, a quarter and so on to a thirty-second, and a vector [B, last width]."""
        first = self.downsample_layers[0]
        maps, grid = [self.conv(images), first.get_submodule("0")(images)], images
        for smaller, stage, norm in zip(
            self.downsample_layers, self.stages, (self.norm0, self.norm1, self.norm2, self.norm3), strict=True
        ):
            grid = stage(smaller(grid))
            maps.append(norm(grid))
        return maps, self.norm(grid.mean((2, 3)))
