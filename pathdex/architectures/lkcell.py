"""LKCell: UniRepLKNet below one U-shaped decoder, whose heads draw nuclei, their outlines and their types."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from pathdex.layers.uni_rep_lk import UniRepLk

SHAPES = {"unireplknet_n": (80, (2, 2, 8, 2)), "unireplknet_s": (96, (3, 3, 27, 3))}
"""Width of the encoder's first map and its depths."""


def _named(**layers: nn.Module) -> nn.Sequential:
    made = nn.Sequential()
    for name, layer in layers.items():
        made.add_module(name, layer)
    return made


def _convolution(width: int, out: int) -> nn.Sequential:
    """A 3x3 convolution, batch norm and ReLU, under the names of MONAI."""
    normed = _named(N=nn.BatchNorm2d(out, eps=1e-3), A=nn.ReLU())
    return _named(conv=nn.Conv2d(width, out, kernel_size=3, padding=1, bias=False), adn=normed)


def _pair(width: int, out: int) -> nn.Sequential:
    return _named(conv_0=_convolution(width, out), conv_1=_convolution(out, out))


class Step(nn.Module):
    """Two convolutions of a map made larger and of one beside it."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.convs = _pair(width, out)

    def forward(self, both: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        made: Tensor = self.convs(both)
        return made


class Decoder(nn.Module):
    """From the smallest map to the images' size; five maps of the encoder join on the way."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        first, second, third, last = widths
        self.blocks = nn.ModuleList([Step(last + third, 1024), Step(1024 + second, 512), Step(512 + first, 256)])
        self.convs = _pair(256 + first // 2, 128)
        self.convs1 = _pair(128 + first // 4, 64)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """[B, 64, H, W]; the largest map comes first."""
        grid = maps[-1]
        for step, beside in zip((*self.blocks, self.convs, self.convs1), maps[-2::-1], strict=True):
            grid = step(torch.cat([beside, interpolate(grid, scale_factor=2.0, mode="nearest")], dim=1))
        return grid


def _head(classes: int) -> nn.Sequential:
    def convolution(out: int) -> nn.Sequential:
        return _named(conv=nn.Conv2d(64, out, kernel_size=1, bias=False), bn=nn.BatchNorm2d(out))

    return nn.Sequential(nn.BatchNorm2d(64), convolution(64), nn.GELU(), convolution(classes))


class LkCell(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 32."""

    def __init__(self, encoder: str, nuclei: int, tissues: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.encoder = UniRepLk(*SHAPES[encoder], tissues)
        self.decoder = Decoder(self.encoder.widths)
        self.nuclei_binary_segmentation_head = _head(2)
        self.hv_map_head = _head(2)
        self.nuclei_type_maps_head = _head(nuclei)

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax, maps of the images' size.

        `nuclei_binary_map` [B, 2, H, W] is background and nucleus; `hv_map` [B, 2, H, W] the horizontal and the vertical way
        from a nucleus's centre, -1 to 1; `nuclei_type_map` [B, nuclei, H, W] background and types; `tissue_types` [B, tissues].
        """
        maps, vector = self.encoder(images)
        drawn = self.decoder(maps)
        return {
            "tissue_types": self.encoder.head(vector),
            "nuclei_binary_map": self.nuclei_binary_segmentation_head(drawn),
            "hv_map": self.hv_map_head(drawn),
            "nuclei_type_map": self.nuclei_type_maps_head(drawn),
        }

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The encoder's last map as tokens, one for 32 by 32 pixels; as pooler the vector that tells the tissue."""
        maps, vector = self.encoder(images)
        return {"tokens": maps[-1].flatten(2).transpose(1, 2), "pooler": vector}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder with the head for tissues, the decoder with all other heads, and the whole."""
        encoder = list(self.encoder.parameters())
        below = {id(one) for one in encoder}
        decoder = [one for one in self.parameters() if id(one) not in below]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


def build(encoder: str = "unireplknet_s", nuclei: int = 6, tissues: int = 19, side: int = 256) -> LkCell:
    """`encoder` is the size of UniRepLKNet: `unireplknet_s` is LKCell-L's, `unireplknet_n` LKCell-B's."""
    return LkCell(encoder, nuclei, tissues, side)
