"""iSight's tile encoder: the vision tower of CLIP ViT-L/14 without its last norm, and a linear layer on all tokens.

iSight-slide has the same and above it what reads a whole image.
"""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import GatedAttention

TASKS = (4, 4, 4, 58, 2)
"""Classes of intensity, location, quantity, tissue and malignancy."""
CELLS = 39
"""Kinds of cell that a query may name."""


class ISight(nn.Module):
    """Reads tiles [B, 3, side, side]; `tower` is the vision tower of a CLIP of transformers."""

    def __init__(self, tower: nn.Module, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.patch_encoder = nn.ModuleDict({"vision_model": tower})
        self.visual_token_projection = nn.Linear(width, width)

    def forward(self, images: Tensor) -> Tensor:
        """Tokens [B, 1 + patches, width], the class token first."""
        tokens: Tensor = self.visual_token_projection(self.patch_encoder["vision_model"](pixel_values=images).last_hidden_state)
        return tokens

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The tokens, and as pooler the mean of them all, the class token included."""
        tokens = self(images)
        return {"tokens": tokens, "prefix": 1, "has_class": True, "pooler": tokens.mean(1)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


class ISightSlide(ISight):
    """Reads all tiles of one image; at each place of a tile, attention weighs the tiles against each other."""

    def __init__(self, tower: nn.Module, width: int, side: int) -> None:
        super().__init__(tower, width, side)
        self.attention_net = GatedAttention(width, 256)
        self.cell_type_projection = nn.Linear(CELLS, width)
        self.classifiers = nn.ModuleList(nn.Linear(width, classes) for classes in TASKS)

    def represent(self, images: Tensor, cells: Tensor | None = None) -> dict[str, Any]:
        """Of an image's tiles [N, 3, side, side]: its tokens [1, 1 + patches, width], their mean as `attention` [1, width], and
        the five tasks' scores one behind the other as `projection` [1, 72].

        `cells` [1, 39] names kinds of cell by ones among zeros; left out, none is named.
        """
        tokens = self(images)
        image = (torch.softmax(self.attention_net(tokens), dim=0) * tokens).sum(0, keepdim=True)
        cells = image.new_zeros(1, CELLS) if cells is None else cells
        vector = image.mean(1) + self.cell_type_projection(cells)
        scores = torch.cat([head(vector) for head in self.classifiers], dim=-1)
        return {"tokens": image, "prefix": 1, "has_class": True, "attention": vector, "projection": scores}

    def example(self) -> tuple[Tensor]:
        """An image of two tiles."""
        return (torch.zeros(2, 3, self.side, self.side),)

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Names without what training may have put before them."""
        return {name.removeprefix("model_state_dict."): tensor for name, tensor in tensors.items()}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder of tiles, the five heads as decoder, and the whole."""
        encoder = [*self.patch_encoder.parameters(), *self.visual_token_projection.parameters()]
        return {"image-encoder": encoder, "decoder": list(self.classifiers.parameters()), "full-model": list(self.parameters())}


def build(width: int = 1024, depth: int = 24, heads: int = 16, patch: int = 14, side: int = 336, whole: bool = False) -> ISight:
    """CLIP ViT-L/14 at 336 pixels; iSight-slide if `whole`. What training never reached, the tower's last norm, is left out."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        patch_size=patch,
        image_size=side,
    )
    stock = CLIPVisionModel(config)
    tower = getattr(stock, "vision_model", stock)  # transformers 4 has the tower inside the model, 5 has no such wrapper
    tower.post_layernorm = nn.Identity()
    return (ISightSlide if whole else ISight)(tower, width, side)
