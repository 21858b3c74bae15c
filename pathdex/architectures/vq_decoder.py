"""The half of a vector-quantised autoencoder that turns latents into pixels, in the tensor names of latent diffusion's code."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from pathdex.layers.latent_decoder import Level, Middle, norm


class Words(nn.Module):
    """The vectors that latents are rounded to."""

    def __init__(self, count: int, channels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(count, channels)

    def forward(self, latents: Tensor) -> Tensor:
        """Each place [B, channels, H, W] as the nearest vector."""
        places = latents.movedim(1, -1)
        nearest = torch.cdist(places.flatten(0, 2), self.embedding.weight).argmin(-1)
        rounded: Tensor = self.embedding(nearest).view(places.shape).movedim(-1, 1)
        return rounded


class Decoder(nn.Module):
    """Latents, rounded, to pixels."""

    def __init__(self, channels: int, width: int, factors: Sequence[int], depth: int) -> None:
        super().__init__()
        widths = [width * factor for factor in factors]
        self.conv_in = nn.Conv2d(channels, widths[-1], kernel_size=3, padding=1)
        self.mid = Middle(widths[-1])
        before = [*widths[1:], widths[-1]]
        self.up = nn.ModuleList(
            Level(wide, out, depth + 1, larger=level > 0) for level, (wide, out) in enumerate(zip(before, widths, strict=True))
        )
        self.norm_out = norm(width)
        self.conv_out = nn.Conv2d(width, 3, kernel_size=3, padding=1)

    def forward(self, latents: Tensor) -> Tensor:
        """[B, channels, H, W] to [B, 3, H * times, W * times]."""
        grid = self.mid(self.conv_in(latents))
        for level in reversed(self.up):
            grid = level(grid)
        out: Tensor = self.conv_out(silu(self.norm_out(grid)))
        return out


class VqDecoder(nn.Module):
    """Reads latents [B, channels, H, W]."""

    def __init__(self, channels: int, words: int, width: int, factors: Sequence[int], depth: int, size: int) -> None:
        super().__init__()
        self.channels, self.size = channels, size
        self.quantize = Words(words, channels)
        self.post_quant_conv = nn.Conv2d(channels, channels, kernel_size=1)
        self.decoder = Decoder(channels, width, factors, depth)

    def decode(self, latents: Tensor) -> Tensor:
        """Pixels [B, 3, H * times, W * times], about -1 to 1; a level of `factors` beyond the first doubles the sides."""
        pixels: Tensor = self.decoder(self.post_quant_conv(self.quantize(latents)))
        return pixels

    def represent(self, latents: Tensor) -> dict[str, Any]:
        """The latents, rounded, as tokens."""
        return {"tokens": self.quantize(latents).flatten(2).transpose(1, 2)}

    def example(self) -> tuple[Tensor]:
        """Latents of native size."""
        return (torch.zeros(1, self.channels, self.size, self.size),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One network, which draws."""
        return {"decoder": list(self.parameters())}


def build(
    channels: int = 3,
    words: int = 8192,
    width: int = 128,
    factors: Sequence[int] = (1, 2, 4),
    depth: int = 2,
    size: int = 64,
) -> VqDecoder:
    """The decoder of latents a quarter as wide and high as the image."""
    return VqDecoder(channels, words, width, factors, depth, size)
