"""A ControlNet: the half of latent diffusion's U-Net that goes down, once more, reading a picture that says what lies where."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.latent_unet import Stage, codes, middle, way_down

HINTS = (16, 16, 32, 32, 96, 96, 256)
"""Channels of the small network that reads the picture."""
HALVED = (2, 4)
"""Which of its convolutions halve the map."""


def _reader(hints: int, width: int) -> Stage:
    layers: list[nn.Module] = []
    now = hints
    for number, out in enumerate(HINTS):
        stride = 2 if number in HALVED else 1
        layers += [nn.Conv2d(now, out, kernel_size=3, stride=stride, padding=1), nn.SiLU()]
        now = out
    return Stage(*layers, nn.Conv2d(now, width, kernel_size=3, padding=1))


class ControlNet(nn.Module):
    """Reads noisy latents [B, channels, H, W], steps [B], a condition [B, M, context] and a picture [B, hints, 4 H, 4 W]."""

    def __init__(
        self, channels: int, hints: int, width: int, factors: Sequence[int], depth: int, heads: int, context: int, size: int
    ) -> None:
        super().__init__()
        self.width, self.channels, self.hints, self.context, self.size = width, channels, hints, context, size
        time = 4 * width
        self.time_embed = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        down, widths = way_down(channels, width, factors, depth, heads, context)
        self.input_blocks = nn.ModuleList(down)
        self.zero_convs = nn.ModuleList(Stage(nn.Conv2d(wide, wide, kernel_size=1)) for wide in widths)
        self.input_hint_block = _reader(hints, width)
        self.middle_block = middle(widths[-1], time, heads, context)
        self.middle_block_out = Stage(nn.Conv2d(widths[-1], widths[-1], kernel_size=1))

    def forward(self, latents: Tensor, steps: Tensor, condition: Tensor, picture: Tensor) -> list[Tensor]:
        """What is added to each map that the U-Net keeps on its way down, and last to the one in its middle."""
        time = self.time_embed(codes(steps, self.width).to(latents.dtype))
        grid, added = latents, []
        for number, (stage, out) in enumerate(zip(self.input_blocks, self.zero_convs, strict=True)):
            assert isinstance(stage, Stage)
            grid = stage.through(grid, time, condition)
            if number == 0:
                grid = grid + self.input_hint_block(picture)
            added.append(out(grid))
        return [*added, self.middle_block_out(self.middle_block.through(grid, time, condition))]

    def represent(self, *inputs: Tensor) -> dict[str, Any]:
        """What is added in the middle as tokens."""
        return {"tokens": self(*inputs)[-1].flatten(2).transpose(1, 2)}

    def example(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """One latent of native size at its first step, one token of condition, and an empty picture."""
        latents = torch.zeros(1, self.channels, self.size, self.size)
        picture = torch.zeros(1, self.hints, 4 * self.size, 4 * self.size)
        return latents, torch.zeros(1, dtype=torch.long), torch.zeros(1, 1, self.context), picture

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One network, which steers."""
        return {"full-model": list(self.parameters())}


def build(
    channels: int = 3,
    hints: int = 6,
    width: int = 192,
    factors: Sequence[int] = (1, 2, 3, 5),
    depth: int = 2,
    heads: int = 1,
    context: int = 512,
    size: int = 64,
) -> ControlNet:
    """PathDiff's, which reads cell types and their edges."""
    return ControlNet(channels, hints, width, factors, depth, heads, context, size)
