"""Images to be filled in, as latents of Stable Diffusion's autoencoder: the masked one above the one that it is filled from."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

SCALE = 0.18215
OLDER = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
"""Names in files that were written before diffusers renamed its attention."""


class InpaintingImages(nn.Module):
    """Reads images and sources [B, 3, H, W] from -1 to 1, and masks [B, 1, H, W], 1 where the image is to be filled."""

    def __init__(self, widths: Sequence[int], channels: int, size: int) -> None:
        super().__init__()
        import diffusers

        kinds: Any = diffusers.models
        vae: Any = kinds.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            up_block_types=("UpDecoderBlock2D",) * len(widths),
            block_out_channels=tuple(widths),
            layers_per_block=2,
            latent_channels=channels,
            sample_size=size,
        )
        self.vae, self.size = vae, size

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The autoencoder's tensors by its names of today."""
        named = {}
        for name, tensor in tensors.items():
            for older, newer in OLDER.items():
                name = name.replace(older, newer)
            named[f"vae.{name}"] = tensor
        return named

    def forward(self, images: Tensor, masks: Tensor, sources: Tensor) -> Tensor:
        """Mask and latents [B, 1 + channels, 2 H / 8, W / 8]; of latents the mean is taken, and none is drawn around it."""
        halves = [self.vae.encode(one).latent_dist.mean * SCALE for one in (images * (masks < 0.5), sources)]
        small = interpolate((masks >= 0.5).to(images.dtype), size=halves[0].shape[-2:], mode="nearest")
        mask = torch.cat([small, torch.zeros_like(small)], dim=-2)
        return torch.cat([mask, torch.cat(halves, dim=-2)], dim=1)

    def decode(self, latents: Tensor) -> Tensor:
        """The pixels [B, 3, H, W] of the upper half of latents, from about -1 to 1."""
        pixels: Tensor = self.vae.decode(latents.chunk(2, dim=-2)[0]).sample
        return pixels

    def represent(self, images: Tensor, masks: Tensor, sources: Tensor) -> dict[str, Any]:
        """The latents as tokens."""
        return {"tokens": self(images, masks, sources).flatten(2).transpose(1, 2)}

    def example(self) -> tuple[Tensor, Tensor, Tensor]:
        """One image, its mask, and where it is filled from."""
        image = torch.zeros(1, 3, self.size, self.size)
        return image, image[:, :1], image

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One autoencoder."""
        return {"full-model": list(self.vae.parameters())}


def build(widths: Sequence[int] = (128, 256, 512, 512), channels: int = 4, size: int = 512) -> InpaintingImages:
    """The autoencoder of Stable Diffusion 1."""
    return InpaintingImages(widths, channels, size)
