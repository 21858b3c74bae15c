"""The U-Net of latent diffusion, in its first authors' tensor names: it foretells the noise in latents, guided by a condition."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.latent_unet import Larger, Residual, Smaller, Stage, Transformer, codes

FACTORS = (1, 2, 3, 5)


class LatentUnet(nn.Module):
    """Reads noisy latents [B, channels, H, W], steps [B] and a condition [B, M, context]; sides are multiples of 8."""

    def __init__(
        self, channels: int, width: int, factors: Sequence[int], depth: int, heads: int, context: int, size: int
    ) -> None:
        super().__init__()
        self.width, self.channels, self.context, self.size = width, channels, context, size
        time = 4 * width
        self.time_embed = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        down, kept = [Stage(nn.Conv2d(channels, width, kernel_size=3, padding=1))], [width]
        now = width
        for level, factor in enumerate(factors):
            for _ in range(depth):
                down.append(Stage(*_layers(now, time, factor * width, level, heads, context)))
                now = factor * width
                kept.append(now)
            if level + 1 < len(factors):
                down.append(Stage(Smaller(now)))
                kept.append(now)
        self.input_blocks = nn.ModuleList(down)
        self.middle_block = Stage(Residual(now, time, now), Transformer(now, heads, context), Residual(now, time, now))
        up = []
        for level, factor in reversed(list(enumerate(factors))):
            for number in range(depth + 1):
                layers = _layers(now + kept.pop(), time, factor * width, level, heads, context)
                now = factor * width
                up.append(Stage(*layers, *([Larger(now)] if level and number == depth else [])))
        self.output_blocks = nn.ModuleList(up)
        self.out = nn.Sequential(nn.GroupNorm(32, now), nn.SiLU(), nn.Conv2d(now, channels, kernel_size=3, padding=1))

    def forward(self, latents: Tensor, steps: Tensor, condition: Tensor) -> Tensor:
        """The noise, of the latents' shape."""
        time = self.time_embed(codes(steps, self.width))
        kept, grid = [], latents
        for stage in self.input_blocks:
            assert isinstance(stage, Stage)
            grid = stage.through(grid, time, condition)
            kept.append(grid)
        grid = self.middle_block.through(grid, time, condition)
        for stage in self.output_blocks:
            assert isinstance(stage, Stage)
            grid = stage.through(torch.cat([grid, kept.pop()], dim=1), time, condition)
        noise: Tensor = self.out(grid)
        return noise

    def represent(self, latents: Tensor, steps: Tensor, condition: Tensor) -> dict[str, Any]:
        """The noise as tokens, one for a place of the latents."""
        return {"tokens": self(latents, steps, condition).flatten(2).transpose(1, 2)}

    def example(self) -> tuple[Tensor, Tensor, Tensor]:
        """One latent of native size at its first step, and one token of condition."""
        latents = torch.zeros(1, self.channels, self.size, self.size)
        return latents, torch.zeros(1, dtype=torch.long), torch.zeros(1, 1, self.context)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One network, which draws."""
        return {"decoder": list(self.parameters())}


def _layers(width: int, time: int, out: int, level: int, heads: int, context: int) -> list[nn.Module]:
    """A residual block, and attention on all levels but the first."""
    return [Residual(width, time, out), *([Transformer(out, heads, context)] if level else [])]


def build(
    channels: int = 3,
    width: int = 192,
    factors: Sequence[int] = FACTORS,
    depth: int = 2,
    heads: int = 1,
    context: int = 512,
    size: int = 64,
) -> LatentUnet:
    """The network for 256 pixels that latent diffusion started with on ImageNet."""
    return LatentUnet(channels, width, factors, depth, heads, context, size)
