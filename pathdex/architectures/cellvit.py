"""CellViT: a vision transformer, of HIPT or of SAM, below a U-shaped decoder that draws nuclei, outlines and types."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.branches import Branch, necks
from pathdex.layers.sam_vit import SHAPES, SamVit
from pathdex.layers.vit import Block, FeedForward, PatchEmbedding, stretched

NUCLEI, TISSUES = 6, 19


class HiptVit(nn.Module):
    """HIPT's ViT-S/16 with a head for tissues."""

    def __init__(self, width: int, depth: int, heads: int, tissues: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + 14 * 14, width))
        self.patch_embed = PatchEmbedding(16, width)
        self.blocks = nn.ModuleList(Block(width, heads, FeedForward(width, 4 * width)) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, tissues)

    def stages(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """What each block gives as a map [B, width, H / 16, W / 16], and the class token after the last norm."""
        rows, columns = images.shape[-2] // 16, images.shape[-1] // 16
        tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), self.patch_embed(images)], dim=1)
        tokens = tokens + stretched(self.pos_embed, rows, columns)
        given = []
        for block in self.blocks:
            tokens = block(tokens)
            given.append(tokens[:, 1:].transpose(1, 2).unflatten(2, (rows, columns)))
        return given, self.norm(tokens)[:, 0]


class CellVit(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 16."""

    encoder: nn.Module

    def __init__(self, width: int, nuclei: int, side: int) -> None:
        super().__init__()
        self.side = side
        small = width < 512
        bottleneck = 312 if small else 512
        ways = necks(width, bottleneck, (256, 128) if small else (512, 256))
        self.decoder0, self.decoder1, self.decoder2, self.decoder3 = ways
        self.nuclei_binary_map_decoder = Branch(width, bottleneck, 2)
        self.hv_map_decoder = Branch(width, bottleneck, 2)
        self.nuclei_type_maps_decoder = Branch(width, bottleneck, nuclei)

    def stages(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """The encoder's maps at a quarter, a half, three quarters and the whole of its depth, and its one vector an image."""
        raise NotImplementedError

    def tissue(self, vector: Tensor) -> Tensor:
        """[B, tissues] of the encoder's vectors."""
        raise NotImplementedError

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax, maps of the images' size.

        `nuclei_binary_map` [B, 2, H, W] is background and nucleus; `hv_map` [B, 2, H, W] the horizontal and the vertical way
        from a nucleus's centre, -1 to 1; `nuclei_type_map` [B, nuclei, H, W] background and types; `tissue_types` [B, tissues].
        """
        (first, second, third, last), vector = self.stages(images)
        skips = [self.decoder0(images), self.decoder1(first), self.decoder2(second), self.decoder3(third)]
        return {
            "tissue_types": self.tissue(vector),
            "nuclei_binary_map": self.nuclei_binary_map_decoder(last, skips),
            "hv_map": self.hv_map_decoder(last, skips),
            "nuclei_type_map": self.nuclei_type_maps_decoder(last, skips),
        }

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The last block's patches, which the authors average over a nucleus; as pooler the vector that tells the tissue."""
        maps, vector = self.stages(images)
        return {"tokens": maps[-1].flatten(2).transpose(1, 2), "pooler": vector}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder with the head for tissues, the decoder, and the whole."""
        decoder = [one for name, one in self.named_parameters() if "decoder" in name]
        mine = {id(one) for one in decoder}
        encoder = [one for one in self.parameters() if id(one) not in mine]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


class CellVit256(CellVit):
    """With HIPT's encoder."""

    def __init__(self, width: int, depth: int, heads: int, nuclei: int, tissues: int) -> None:
        super().__init__(width, nuclei, side=256)
        self.encoder: HiptVit = HiptVit(width, depth, heads, tissues)

    def stages(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """The vector is the class token."""
        maps, vector = self.encoder.stages(images)
        return maps[len(maps) // 4 - 1 :: len(maps) // 4], vector

    def tissue(self, vector: Tensor) -> Tensor:
        """By the encoder's own head."""
        scores: Tensor = self.encoder.head(vector)
        return scores


class CellVitSam(CellVit):
    """With SAM's encoder, neck included."""

    def __init__(self, width: int, depth: int, heads: int, whole: tuple[int, ...], nuclei: int, tissues: int) -> None:
        super().__init__(width, nuclei, side=1024)
        self.encoder: SamVit = SamVit(width, depth, heads, whole)
        self.classifier_head = nn.Linear(256, tissues)

    def stages(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """The vector is the mean of the neck's map."""
        maps = self.encoder.stages(images)
        return maps[len(maps) // 4 - 1 :: len(maps) // 4], self.encoder.neck(maps[-1]).mean((2, 3))

    def tissue(self, vector: Tensor) -> Tensor:
        """By a head beside the encoder."""
        scores: Tensor = self.classifier_head(vector)
        return scores


def build(encoder: str = "SAM-H", nuclei: int = NUCLEI, tissues: int = TISSUES, depth: int | None = None) -> CellVit:
    """`encoder` is HIPT for its ViT-S, or SAM-B, SAM-L or SAM-H; `depth`, a multiple of 4, changes the number of blocks."""
    if encoder == "HIPT":
        return CellVit256(384, depth or 12, 6, nuclei, tissues)
    width, blocks, heads, whole = SHAPES[encoder]
    return CellVitSam(width, depth or blocks, heads, whole, nuclei, tissues)
