"""The U-Net of latent diffusion, in its first authors' tensor names: it foretells the noise in latents, guided by a condition."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.latent_unet import Larger, Stage, codes, layers_of, middle, way_down

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
        down, kept = way_down(channels, width, factors, depth, heads, context)
        now = kept[-1]
        self.input_blocks = nn.ModuleList(down)
        self.middle_block = middle(now, time, heads, context)
        up = []
        for level, factor in reversed(list(enumerate(factors))):
            for number in range(depth + 1):
                layers = layers_of(now + kept.pop(), time, factor * width, level, heads, context)
                now = factor * width
                up.append(Stage(*layers, *([Larger(now)] if level and number == depth else [])))
        self.output_blocks = nn.ModuleList(up)
        self.out = nn.Sequential(nn.GroupNorm(32, now), nn.SiLU(), nn.Conv2d(now, channels, kernel_size=3, padding=1))

    def forward(self, latents: Tensor, steps: Tensor, condition: Tensor, control: Sequence[Tensor] = ()) -> Tensor:
        """The noise, of the latents' shape; `control` is what a ControlNet adds to the maps that are kept, and to the middle."""
        time = self.time_embed(codes(steps, self.width).to(latents.dtype))
        kept, grid = [], latents
        for stage in self.input_blocks:
            assert isinstance(stage, Stage)
            grid = stage.through(grid, time, condition)
            kept.append(grid)
        grid = self.middle_block.through(grid, time, condition)
        if control:
            kept, grid = [one + more for one, more in zip(kept, control[:-1], strict=True)], grid + control[-1]
        for stage in self.output_blocks:
            assert isinstance(stage, Stage)
            grid = stage.through(torch.cat([grid, kept.pop()], dim=1), time, condition)
        noise: Tensor = self.out(grid)
        return noise

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors by the module's names; a running average beside the weights is stored under the same names without dots."""
        dotted = {name.replace(".", ""): name for name in self.state_dict()}
        return {dotted.get(name, name): tensor for name, tensor in tensors.items()}

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
