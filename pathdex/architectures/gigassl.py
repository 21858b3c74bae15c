"""Giga-SSL: the last stage of a ResNet-18 as sparse convolutions over the places of a few tiles, averaged over many handfuls."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, conv2d, normalize

HANDFUL = 5
"""Tiles that are looked at together, as in training."""


class SparseConvolution(nn.Module):
    """A convolution, its weight laid out [places of the filter, 1, in, out] as in SparseConvNet."""

    def __init__(self, width: int, out: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.weight = nn.Parameter(torch.zeros(side**2, 1, width, out))

    def forward(self, grid: Tensor, stride: int = 1) -> Tensor:
        """A grid [B, in, H, W], zero where no tile lies; with a stride it shrinks, without one it keeps its size."""
        weight = torch.unflatten(self.weight[:, 0], 0, (self.side, self.side)).permute(3, 2, 0, 1)
        return conv2d(grid, weight, stride=stride, padding=self.side // 2 if stride == 1 else 0)


class SparseNorm(nn.Module):
    """Batch norm with the statistics of training, on places that are taken."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.register_buffer("running_mean", torch.zeros(width))
        self.register_buffer("running_var", torch.ones(width))

    def forward(self, grid: Tensor, taken: Tensor) -> Tensor:
        """A grid of the same shape; `taken` [B, 1, H, W] is one where something lies."""
        return batch_norm(grid, self.running_mean, self.running_var, self.weight, self.bias) * taken


class Block(nn.Module):
    """Two convolutions beside a way past them, on which a shrinking block averages over nine places, taken or not."""

    def __init__(self, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv1, self.norm1 = SparseConvolution(width, out, 3), SparseNorm(out)
        self.conv2, self.norm2 = SparseConvolution(out, out, 3), SparseNorm(out)
        if stride > 1:
            self.convd, self.normd = SparseConvolution(width, out, 1), SparseNorm(out)

    def forward(self, grid: Tensor, taken: Tensor) -> tuple[Tensor, Tensor]:
        """The grid and where something lies in it: after shrinking, wherever the filter touched a taken place."""
        past, left = grid, taken
        if self.stride > 1:
            left = nn.functional.max_pool2d(taken, 3, self.stride)
            past = self.normd(self.convd(nn.functional.avg_pool2d(grid, 3, self.stride)), left)
        inner = torch.relu(self.norm1(self.conv1(grid, self.stride), left))
        return torch.relu(self.norm2(self.conv2(inner), left) + past), left


class GigaSsl(nn.Module):
    """The two blocks, under the names by which the released files hold them."""

    def __init__(self, tile: int, width: int) -> None:
        super().__init__()
        self.tile = tile
        stage = nn.Sequential(Block(tile, width, 2), Block(width, width, 1))
        self.net = nn.ModuleDict({"mil_model": nn.ModuleDict({"sparse_pooling": nn.Sequential(stage)})})

    def represent(self, features: Tensor, coordinates: Tensor) -> dict[str, Any]:
        """From features [1, N, tile] and places [1, N, 2] in cells of the authors' map, pixels divided by the file's `downmap`.

        `pooler` is the mean over the handfuls, of length 1, [1, width]; the tokens are the handfuls. Tiles should come in any
        order but that of the slide, for the authors draw them at random.
        """
        groups = zip(torch.split(features[0], HANDFUL), torch.split(coordinates[0], HANDFUL), strict=True)
        handfuls = torch.stack([self._handful(tiles, places) for tiles, places in groups])
        return {"tokens": handfuls.unsqueeze(0), "pooler": normalize(handfuls.mean(0, keepdim=True), dim=-1)}

    def _handful(self, tiles: Tensor, places: Tensor) -> Tensor:
        """Tiles [M, tile] at places [M, 2] to the mean [width] over the places that are taken in the end."""
        grid, taken = laid(tiles, places)
        stages: Any = self.net["mil_model"]
        for block in stages["sparse_pooling"][0]:
            grid, taken = block(grid, taken)
        return (grid.sum((0, 2, 3)) / taken.sum()).to(tiles.dtype)

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles in a square."""
        return torch.zeros(1, 16, self.tile), torch.cartesian_prod(torch.arange(4), torch.arange(4)).unsqueeze(0)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder."""
        return {"slide-encoder": list(self.parameters())}


def laid(tiles: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Tiles [M, D] on a grid [1, D, H, W] from the least of their places on, the mean where several meet, and where they lie."""
    cells = (places - places.amin(0)).long()
    height, width = (5, 5) if places.is_meta else (fitting(int(most) + 1) for most in cells.amax(0))
    index = cells[:, 0] * width + cells[:, 1]
    total = torch.zeros(height * width, tiles.shape[-1], dtype=tiles.dtype, device=tiles.device).index_add(0, index, tiles)
    number = torch.zeros(height * width, dtype=tiles.dtype, device=tiles.device).index_add(0, index, torch.ones_like(tiles[:, 0]))
    grid = (total / number.clamp(min=1).unsqueeze(-1)).T.reshape(1, -1, height, width)
    return grid, (number > 0).to(tiles.dtype).reshape(1, 1, height, width)


def fitting(side: int) -> int:
    """The next side that filters of three cells in steps of two cover without a rest, twice; at least five."""
    side = max(side, 5)
    side += side % 2 == 0
    return side + 2 * (side // 2 % 2 == 0)


def build(tile: int = 256, width: int = 512) -> GigaSsl:
    """The sparse form, unless told otherwise; all five files are alike in shape."""
    return GigaSsl(tile, width)
