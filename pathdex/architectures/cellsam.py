"""CellSAM: a finder of cells on an image encoder of its own, whose boxes are the prompts of Segment Anything."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.anchor_detr import Transformer
from pathdex.layers.sam_decoder import BOX, MaskDecoder, Prompts
from pathdex.layers.sam_vit import SHAPES, SamVit

WIDTH = 256


class Segmenter(nn.Module):
    """Segment Anything under its authors' names."""

    def __init__(self, encoder: SamVit) -> None:
        super().__init__()
        self.image_encoder = encoder
        self.prompt_encoder = Prompts(WIDTH)
        self.mask_decoder = MaskDecoder(WIDTH)


class Body(nn.Module):
    """The image encoder without its neck."""

    def __init__(self, encoder: SamVit) -> None:
        super().__init__()
        self.body = encoder
        del encoder.neck

    def forward(self, images: Tensor) -> Tensor:
        """What the last block gives, [B, width, rows, columns]."""
        return self.body.stages(images)[-1]


class Finder(nn.Module):
    """Boxes of cells from the encoder's last block."""

    def __init__(self, encoder: SamVit, width: int, transformer: Transformer) -> None:
        super().__init__()
        self.transformer = transformer
        projection = nn.Sequential(nn.Conv2d(width, WIDTH, kernel_size=1), nn.GroupNorm(32, WIDTH))
        self.input_proj = nn.ModuleList([projection])
        self.backbone = Body(encoder)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Scores [B, N, classes] before the sigmoid and boxes [B, N, 4] as centre and size, 0 to 1."""
        found: tuple[Tensor, Tensor] = self.transformer(self.input_proj[0](self.backbone(images)).permute(0, 2, 3, 1))
        return found


class CellSam(nn.Module):
    """Reads images [B, 3, side, side]. The authors prepare them otherwise for the finder than for the rest."""

    def __init__(self, encoder: str, side: int, depth: int | None, transformer: Transformer) -> None:
        super().__init__()
        self.side = side
        width, blocks, heads, whole = SHAPES[encoder]
        one, two = (SamVit(width, depth or blocks, heads, whole, side, WIDTH) for _ in range(2))
        self.model_cp = Segmenter(one)
        self.cellfinder = nn.Module()
        self.cellfinder.decode_head = Finder(two, width, transformer)

    def find(self, images: Tensor) -> dict[str, Tensor]:
        """`scores` [B, N, classes], 0 to 1, and `boxes` [B, N, 4] in pixels: left, top, right, bottom."""
        scores, boxes = self.cellfinder.get_submodule("decode_head")(images)
        centre, half = boxes[..., :2], boxes[..., 2:] / 2
        return {"scores": scores.sigmoid(), "boxes": torch.cat([centre - half, centre + half], dim=-1) * self.side}

    def segment(self, images: Tensor, boxes: Tensor | None = None) -> dict[str, Tensor]:
        """One cell an image: `mask` [B, 1, side / 4, side / 4], scores before the sigmoid, and `quality` [B, 1].

        Boxes [B, 4] in pixels are left, top, right, bottom; without any the box is the finder's best.
        """
        if boxes is None:
            found = self.find(images)
            best = found["scores"].amax(-1).argmax(-1)
            boxes = found["boxes"][torch.arange(len(images), device=images.device), best]
        prompts = self.model_cp.prompt_encoder
        grid = self.model_cp.image_encoder(images) + prompts.no_mask_embed.weight[..., None, None]
        corners = torch.tensor(BOX, device=images.device).expand(len(images), -1)
        codes = prompts(boxes.to(grid).reshape(-1, 2, 2), corners, self.side)
        masks, quality = self.model_cp.mask_decoder(grid, prompts.grid(*grid.shape[-2:]), codes)
        return {"mask": masks[:, :1], "quality": quality[:, :1]}

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The segmenter's map after its neck as tokens, row by row."""
        return {"tokens": self.model_cp.image_encoder(images).flatten(2).transpose(1, 2)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """A file holds the segmenter twice, before and after tuning, and only the latter draws; or once, and then that one."""
        tuned = any(name.startswith("model_cp.") for name in tensors)
        kept = {name: tensor for name, tensor in tensors.items() if not (tuned and name.startswith("model."))}
        return {f"model_cp.{name[6:]}" if name.startswith("model.") else name: tensor for name, tensor in kept.items()}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The segmenter's image encoder, its decoder with the whole finder, and the whole."""
        encoder = list(self.model_cp.image_encoder.parameters())
        below = {id(one) for one in encoder}
        decoder = [one for one in self.parameters() if id(one) not in below]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


def build(encoder: str = "SAM-B", side: int = 1024, depth: int | None = None, steps: int = 6, places: int = 3500) -> CellSam:
    """`depth` changes the blocks of both encoders, `steps` those of the finder, which starts from as many `places`."""
    return CellSam(encoder, side, depth, Transformer(WIDTH, heads=8, hidden=1024, depth=steps, number=places, classes=2))
