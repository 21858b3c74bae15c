"""Windows of tokens and the places of tokens to each other in them, as Swin transformers and BEiT count them."""

import torch
from torch import Tensor


def relative_places(side: int) -> Tensor:
    """For each pair of the tokens of a square window, the row of the bias table that holds for it: [side^2, side^2].

    The table has (2 * side - 1)^2 rows, one for each way from one token to another.
    """
    along = torch.arange(side)
    places = torch.stack(torch.meshgrid(along, along, indexing="ij")).flatten(1)
    ways = places[:, :, None] - places[:, None, :] + side - 1
    return ways[0] * (2 * side - 1) + ways[1]


def relative_places_with_class(side: int) -> Tensor:
    """The same with a class token before the others: [1 + side^2, 1 + side^2].

    Three rows more: from the class token to any, from any to it, from it to itself.
    """
    rows = (2 * side - 1) ** 2
    index = torch.zeros(1 + side**2, 1 + side**2, dtype=torch.int64)
    index[1:, 1:] = relative_places(side)
    index[0, :], index[:, 0], index[0, 0] = rows, rows + 1, rows + 2
    return index


def split(grid: Tensor, side: int) -> Tensor:
    """A grid [B, H, W, D] as windows [B, windows, side^2, D]."""
    images, height, width, depth = grid.shape
    apart = grid.reshape(images, height // side, side, width // side, side, depth)
    return apart.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def joined(windows: Tensor, side: int, height: int) -> Tensor:
    """The grid [B, height, W, D] that windows [B, windows, side^2, D] were split from."""
    images, number, _, depth = windows.shape
    down = height // side
    apart = windows.reshape(images, down, number // down, side, side, depth)
    return apart.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def shifted_mask(side: int, window: int, shift: int) -> Tensor:
    """-100 between tokens that a rolled grid brings into one window from opposite edges, else 0: [windows, N, N]."""
    region = torch.zeros(side)
    region[side - window :] = 1
    region[side - shift :] = 2
    labels = split((region[:, None] * 3 + region[None, :])[None, :, :, None], window)[0, :, :, 0]
    return (labels[:, :, None] - labels[:, None, :]).ne(0) * -100.0
