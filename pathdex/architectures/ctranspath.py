"""CTransPath: a Swin transformer behind a convolutional stem."""

from typing import Any

from torch import Tensor, nn

from pathdex.layers.conv_swin import ConvStemSwin


class CTransPath(ConvStemSwin):
    """Reads tiles [B, 3, side, side]."""

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The tokens; none of them is a class token."""
        return {"tokens": self(images)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(
    width: int = 96,
    depths: tuple[int, ...] = (2, 2, 6, 2),
    heads: tuple[int, ...] = (3, 6, 12, 24),
    window: int = 7,
    side: int = 224,
) -> CTransPath:
    """Swin-T behind the stem; the side of a tile is four times a multiple of each stage's window."""
    return CTransPath(width, tuple(depths), tuple(heads), window, side)
