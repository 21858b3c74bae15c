"""Segment Anything in its authors' tensor names, for the models that were fine-tuned from it."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers import unetr
from pathdex.layers.sam_decoder import BOX, NOTHING, MaskDecoder, Prompts
from pathdex.layers.sam_vit import SHAPES, SamVit

WIDTH = 256


class Sam(nn.Module):
    """Reads images [B, 3, 1024, 1024], filled up with zeros after normalisation where they are smaller."""

    def __init__(self, width: int, depth: int, heads: int, whole: tuple[int, ...], side: int) -> None:
        super().__init__()
        self.side = side
        self.image_encoder = SamVit(width, depth, heads, whole, side, WIDTH)
        self.prompt_encoder = Prompts(WIDTH)
        self.mask_decoder = MaskDecoder(WIDTH)

    def segment(
        self, images: Tensor, points: Tensor | None = None, labels: Tensor | None = None, boxes: Tensor | None = None
    ) -> dict[str, Tensor]:
        """One object an image: `masks` [B, 4, side / 4, side / 4], scores before the sigmoid, and `quality` [B, 4].

        Points [B, N, 2] are in pixels, across and down, with labels [B, N]: 1 on the object, 0 beside it. Boxes [B, 4] are
        left, top, right, bottom. The first mask fits a clear prompt such as a box, the others a doubtful one.
        """
        return self._pointed(self.image_encoder(images), points, labels, boxes)

    def _pointed(self, grid: Tensor, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None) -> dict[str, Tensor]:
        """What the prompts mean in the image encoder's map."""
        grid = grid + self.prompt_encoder.no_mask_embed.weight[..., None, None]
        prompts = self.prompt_encoder(*together(len(grid), points, labels, boxes, grid), self.side)
        masks, quality = self.mask_decoder(grid, self.prompt_encoder.grid(*grid.shape[-2:]), prompts)
        return {"masks": masks, "quality": quality}

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The image encoder's map after its neck as tokens, row by row."""
        return {"tokens": self.image_encoder(images).flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, the decoder with the prompts' part, and the whole."""
        decoder = [*self.prompt_encoder.parameters(), *self.mask_decoder.parameters()]
        return {"image-encoder": list(self.image_encoder.parameters()), "decoder": decoder, "full-model": list(self.parameters())}


class DrawingSam(Sam):
    """With a second decoder, which draws every object at once: that of micro-sam, which comes in a file of its own."""

    def __init__(self, width: int, depth: int, heads: int, whole: tuple[int, ...], side: int, maps: int) -> None:
        super().__init__(width, depth, heads, whole, side)
        steps = unetr.steps(WIDTH, maps)
        self.second = tuple(steps)
        for name, step in steps.items():
            self.add_module(name, step)

    def segment(
        self, images: Tensor, points: Tensor | None = None, labels: Tensor | None = None, boxes: Tensor | None = None
    ) -> dict[str, Tensor]:
        """As without the second decoder, and `maps` [B, maps, side, side], scores before the sigmoid.

        Micro-sam's three are the objects, and of each place within one its distance to the centre and to the border.
        """
        grid = self.image_encoder(images)
        return {**self._pointed(grid, points, labels, boxes), "maps": unetr.drawn(dict(self.named_children()), grid)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, both decoders with the prompts' part, and the whole."""
        parts = super().parts()
        second = [one for name in self.second for one in self.get_submodule(name).parameters()]
        return {**parts, "decoder": [*parts["decoder"], *second]}


def together(
    number: int, points: Tensor | None, labels: Tensor | None, boxes: Tensor | None, like: Tensor
) -> tuple[Tensor, Tensor]:
    """Points [B, N, 2] and labels [B, N] of all prompts; without a box a point that is none stands at the end."""
    places, kinds = [], []
    if points is not None and labels is not None:
        places, kinds = [points.to(like)], [labels.long()]
    if boxes is not None:
        places.append(boxes.to(like).reshape(number, 2, 2))
        kinds.append(torch.tensor(BOX, device=like.device).expand(number, -1))
    elif points is not None:
        places.append(like.new_zeros(number, 1, 2))
        kinds.append(torch.full((number, 1), NOTHING, device=like.device))
    if not places:
        return like.new_zeros(number, 0, 2), torch.zeros(number, 0, dtype=torch.long, device=like.device)
    return torch.cat(places, dim=1), torch.cat(kinds, dim=1)


def build(encoder: str = "SAM-B", side: int = 1024, depth: int | None = None, maps: int = 0) -> Sam:
    """`encoder` is SAM-B, SAM-L or SAM-H; `depth` changes the number of blocks; `maps` is what a second decoder draws."""
    width, blocks, heads, whole = SHAPES[encoder]
    if maps:
        return DrawingSam(width, depth or blocks, heads, whole, side, maps)
    return Sam(width, depth or blocks, heads, whole, side)
