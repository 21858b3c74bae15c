"""MoPaDi: a diffusion autoencoder. One half makes a code of an image, the other draws an image from noise, guided by a code."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.latent_unet import codes
from pathdex.layers.style_unet import Looking, Stage, Styled, norm

FACTORS = (1, 1, 2, 2, 4, 4)
ENCODER_FACTORS = (1, 1, 2, 2, 4, 4, 4)
SEEN = 16
"""Side of the maps on which places look at each other."""


def _down(width: int, factors: Sequence[int], depth: int, side: int, **inner: int) -> tuple[list[Stage], list[int]]:
    """The stages on the way down, and how wide the map is after each."""
    now = width * factors[0]
    stages, widths = [Stage(nn.Conv2d(3, now, kernel_size=3, padding=1))], [now]
    for level, factor in enumerate(factors):
        for _ in range(depth):
            stages.append(Stage(Styled(now, factor * width, **inner), *_looking(factor * width, side >> level)))
            now = factor * width
            widths.append(now)
        if level + 1 < len(factors):
            stages.append(Stage(Styled(now, now, size=-2, **inner)))
            widths.append(now)
    return stages, widths


def _looking(width: int, side: int) -> list[nn.Module]:
    return [Looking(width)] if side == SEEN else []


def _middle(width: int, **inner: int) -> Stage:
    return Stage(Styled(width, width, **inner), Looking(width), Styled(width, width, **inner))


class Encoder(nn.Module):
    """Makes a code of an image."""

    def __init__(self, width: int, factors: Sequence[int], depth: int, side: int, code: int) -> None:
        super().__init__()
        stages, widths = _down(width, factors, depth, side)
        self.input_blocks = nn.ModuleList(stages)
        self.middle_block = _middle(widths[-1])
        last = nn.Conv2d(widths[-1], code, kernel_size=1)
        self.out = nn.Sequential(norm(widths[-1]), nn.SiLU(), nn.AdaptiveAvgPool2d(1), last, nn.Flatten())

    def grid(self, images: Tensor) -> Tensor:
        """The smallest map [B, width, h, w]."""
        for stage in self.input_blocks:
            assert isinstance(stage, Stage)
            images = stage.through(images)
        return self.middle_block.through(images)


class Timed(nn.Module):
    """Codes of a step made wider."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.time_embed = nn.Sequential(nn.Linear(width, out), nn.SiLU(), nn.Linear(out, out))


class Mopadi(nn.Module):
    """Reads images [B, 3, side, side] from -1 to 1; called, it finds the noise in such images at steps [B], guided by codes."""

    def __init__(
        self, side: int, width: int, factors: Sequence[int], encoder_factors: Sequence[int], depth: int, code: int
    ) -> None:
        super().__init__()
        self.side, self.width = side, width
        inner = {"time": code, "code": code}
        self.time_embed = Timed(width, code)
        stages, widths = _down(width, factors, depth, side, **inner)
        self.input_blocks = nn.ModuleList(stages)
        now = widths[-1]
        self.middle_block = _middle(now, **inner)
        up = []
        for level, factor in reversed(list(enumerate(factors))):
            for number in range(depth + 1):
                layers = [Styled(now + widths.pop(), factor * width, **inner), *_looking(factor * width, side >> level)]
                now = factor * width
                larger = [Styled(now, now, size=2, **inner)] if level and number == depth else []
                up.append(Stage(*layers, *larger))
        self.output_blocks = nn.ModuleList(up)
        self.out = nn.Sequential(norm(now), nn.SiLU(), nn.Conv2d(now, 3, kernel_size=3, padding=1))
        self.encoder = Encoder(width, encoder_factors, depth, side, code)

    def forward(self, images: Tensor, steps: Tensor, tokens: Tensor) -> Tensor:
        """The noise, of the images' shape; `tokens` are codes [B, code]."""
        time = self.time_embed.time_embed(codes(steps, self.width).to(images.dtype))
        kept = []
        grid = images
        for stage in self.input_blocks:
            assert isinstance(stage, Stage)
            grid = stage.through(grid, time, tokens)
            kept.append(grid)
        grid = self.middle_block.through(grid, time, tokens)
        for stage in self.output_blocks:
            assert isinstance(stage, Stage)
            grid = stage.through(torch.cat([grid, kept.pop()], dim=1), time, tokens)
        noise: Tensor = self.out(grid)
        return noise

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The smallest map as tokens, the code as pooler."""
        grid = self.encoder.grid(images)
        return {"tokens": grid.flatten(2).transpose(1, 2), "pooler": self.encoder.out(grid)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The half that makes codes, the half that draws, and the whole."""
        encoder = list(self.encoder.parameters())
        below = {id(one) for one in encoder}
        whole = list(self.parameters())
        return {"image-encoder": encoder, "decoder": [one for one in whole if id(one) not in below], "full-model": whole}


def build(
    side: int = 256,
    width: int = 128,
    factors: Sequence[int] = FACTORS,
    encoder_factors: Sequence[int] = ENCODER_FACTORS,
    depth: int = 2,
    code: int = 512,
) -> Mopadi:
    """The released autoencoder for many cancers; those for one have sides of 224 and 512."""
    return Mopadi(side, width, factors, encoder_factors, depth, code)
