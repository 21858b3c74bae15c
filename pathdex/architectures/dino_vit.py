"""The vision transformer of DINO's first code, which stretches its table of positions where a tile is larger."""

from typing import Any

from torch import Tensor, nn

from pathdex.layers.vit import Vit


class DinoVit(Vit):
    """A class token and the patches of a tile, with a table of positions made for tiles of `side` pixels."""

    def __init__(self, width: int, depth: int, heads: int, patch: int, side: int) -> None:
        super().__init__(width, depth, heads, patch, side // patch)
        self.side = side

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The tokens, the class token first."""
        return {"tokens": self(images), "prefix": 1, "has_class": True}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(width: int = 384, depth: int = 12, heads: int = 6, patch: int = 16, side: int = 224) -> DinoVit:
    """The ViT-S/16 of HIPT's first stage, unless told otherwise."""
    return DinoVit(width, depth, heads, patch, side)
