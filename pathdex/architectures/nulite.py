"""NuLite: timm's FastViT below one small U-shaped decoder, whose heads draw nuclei, their outlines and their types."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.branches import Convolution, larger

WIDTHS = {"t8": 48, "t12": 64, "s12": 64, "sa12": 64, "sa24": 64, "sa36": 64, "ma36": 76}
"""Channels of FastViT's first map; each later one has twice as many."""


class Encoder(nn.Module):
    """FastViT without its head."""

    def __init__(self, factory: str) -> None:
        super().__init__()
        import timm

        self.fast_vit = timm.create_model(factory, features_only=True, pretrained=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps a quarter, an eighth, a sixteenth and a thirty-second as large as the images."""
        maps: list[Tensor] = self.fast_vit(images)
        return maps


class Decoder(nn.Module):
    """From the smallest map to the images' size; three maps of the encoder join on the way."""

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        first, second, third, last = widths
        self.bottleneck_upsampler = nn.Sequential(Convolution(last, third), larger(third, third))
        self.decoder4_upsampler = _step(third, second)
        self.decoder3_upsampler = _step(second, first)
        self.decoder2_upsampler = nn.Sequential(Convolution(2 * first, first), larger(first, first))
        self.decoder1_upsampler = nn.Sequential(Convolution(first, first), larger(first, first))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """[B, first width, H, W]."""
        grid = self.bottleneck_upsampler(maps[3])
        for number, step in ((2, self.decoder4_upsampler), (1, self.decoder3_upsampler), (0, self.decoder2_upsampler)):
            grid = step(torch.cat([maps[number], grid], dim=1))
        whole: Tensor = self.decoder1_upsampler(grid)
        return whole


def _step(width: int, out: int) -> nn.Sequential:
    return nn.Sequential(Convolution(2 * width, width), Convolution(width, out), larger(out, out))


def _head(width: int, classes: int) -> nn.Sequential:
    return nn.Sequential(Convolution(2 * width, width), nn.Conv2d(width, classes, kernel_size=1))


class NuLite(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 32."""

    def __init__(self, encoder: str, nuclei: int, tissues: int, side: int) -> None:
        super().__init__()
        self.side = side
        first = WIDTHS[encoder]
        self.encoder = Encoder(f"fastvit_{encoder}")
        self.classifier_head = nn.Linear(8 * first, tissues)
        self.decoder0 = nn.Sequential(Convolution(3, first))
        self.decoder = Decoder((first, 2 * first, 4 * first, 8 * first))
        self.np_head = _head(first, 2)
        self.hv_head = _head(first, 2)
        self.tp_head = _head(first, nuclei)

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax, maps of the images' size.

        `nuclei_binary_map` [B, 2, H, W] is background and nucleus; `hv_map` [B, 2, H, W] the horizontal and the vertical way
        from a nucleus's centre, -1 to 1; `nuclei_type_map` [B, nuclei, H, W] background and types; `tissue_types` [B, tissues].
        """
        maps = self.encoder(images)
        both = torch.cat([self.decoder0(images), self.decoder(maps)], dim=1)
        return {
            "tissue_types": self.classifier_head(maps[-1].mean((2, 3))),
            "nuclei_binary_map": self.np_head(both),
            "hv_map": self.hv_head(both),
            "nuclei_type_map": self.tp_head(both),
        }

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The encoder's last map as tokens, one for 32 by 32 pixels; as pooler their mean, which tells the tissue."""
        last = self.encoder(images)[-1].flatten(2)
        return {"tokens": last.transpose(1, 2), "pooler": last.mean(2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, the decoder with all heads, and the whole."""
        encoder = list(self.encoder.parameters())
        below = {id(one) for one in encoder}
        decoder = [one for one in self.parameters() if id(one) not in below]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


def build(encoder: str = "ma36", nuclei: int = 6, tissues: int = 19, side: int = 1024) -> NuLite:
    """`encoder` is the size of FastViT: ma36 is NuLite-H's, sa36 NuLite-M's, s12 NuLite-T's."""
    return NuLite(encoder, nuclei, tissues, side)
