"""U-Net++ and U-Net of segmentation_models_pytorch over timm's EfficientNet-B0, as GrandQC finds tissue and artifacts with."""

from typing import Any

from torch import Tensor, nn

from pathdex.layers.unet import Step

ENCODER = (32, 24, 40, 112, 320)
"""Channels of the encoder's maps, the largest map first."""
DECODER = (256, 128, 64, 32, 16)
STAGES = ((0, 1), (2,), (3, 4), (5, 6))
"""Blocks between two maps."""


class Nest(nn.Module):
    """Steps `x_<from>_<to>`: each reads the one before it and all that stand between it and the encoder."""

    def __init__(self) -> None:
        super().__init__()
        skips = (*ENCODER[-2::-1], 0)
        inputs = (ENCODER[-1], *DECODER[:-1])
        self.last = len(DECODER) - 1
        steps = {}
        for to in range(self.last):
            steps[f"x_0_{to}"] = Step(inputs[to], skips[to] * (to + 1), DECODER[to])
            for start in range(1, to + 1):
                steps[f"x_{start}_{to}"] = Step(skips[to - 1], skips[to] * (to + 1 - start), skips[to])
        steps[f"x_0_{self.last}"] = Step(inputs[-1], 0, DECODER[-1])
        self.blocks = nn.ModuleDict(steps)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """The encoder's maps, the largest first, to [B, 16, H, W]."""
        given = maps[::-1]
        row: dict[tuple[int, int], Tensor] = {}
        for length in range(self.last):
            for start in range(self.last - length):
                to = start + length
                grid = row[start, to - 1] if length else given[start]
                between = [row[other, to] for other in range(start + 1, to + 1)]
                row[start, to] = self.blocks[f"x_{start}_{to}"](grid, *between, given[to + 1])
        whole: Tensor = self.blocks[f"x_0_{self.last}"](row[0, self.last - 1])
        return whole


class Row(nn.Module):
    """U-Net's own decoder: each step reads the one before it and the encoder's map of its size."""

    def __init__(self) -> None:
        super().__init__()
        widths = zip((ENCODER[-1], *DECODER[:-1]), (*ENCODER[-2::-1], 0), DECODER, strict=True)
        self.blocks = nn.ModuleList(Step(*width) for width in widths)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """The encoder's maps, the largest first, to [B, 16, H, W]."""
        grid, *beside = maps[::-1]
        for number, step in enumerate(self.blocks):
            grid = step(grid, *beside[number : number + 1])
        return grid


class UnetPlusPlus(nn.Module):
    """Reads images [B, 3, H, W], sides a multiple of 32."""

    def __init__(self, classes: int, side: int, nested: bool) -> None:
        super().__init__()
        import timm

        self.side = side
        self.encoder: Any = timm.create_model("efficientnet_b0", num_classes=0, pretrained=False)
        self.decoder = Nest() if nested else Row()
        self.segmentation_head = nn.Sequential(nn.Conv2d(DECODER[-1], classes, kernel_size=3, padding=1))

    def maps(self, images: Tensor) -> list[Tensor]:
        """The encoder's five maps, from half of the images' sides to a thirty-second."""
        given = [self.encoder.bn1(self.encoder.conv_stem(images))]
        for blocks in STAGES:
            grid = given[-1]
            for number in blocks:
                grid = self.encoder.blocks[number](grid)
            given.append(grid)
        return given

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """`mask` [B, classes, H, W], scores before any softmax."""
        return {"mask": self.segmentation_head(self.decoder(self.maps(images)))}

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The smallest map as tokens, one for 32 by 32 pixels."""
        return {"tokens": self.maps(images)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, its unused last convolution included, the decoder with the head, and the whole."""
        encoder = list(self.encoder.parameters())
        decoder = [*self.decoder.parameters(), *self.segmentation_head.parameters()]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def build(classes: int = 2, side: int = 512, nested: bool = True) -> UnetPlusPlus:
    """GrandQC's tissue detector: channel 0 is tissue, channel 1 background. Without `nested` the decoder is that of a U-Net."""
    return UnetPlusPlus(classes, side, nested)
