"""HoVer-NeXt: timm's ConvNeXt V2 below two U-shaped decoders, one for single nuclei and one for their types."""

from typing import Any

from torch import Tensor, nn

from pathdex.layers.unet import Step

DECODER = (256, 128, 64, 32)


class Encoder(nn.Module):
    """ConvNeXt V2 without its head."""

    def __init__(self, factory: str) -> None:
        super().__init__()
        import timm

        self.model: Any = timm.create_model(factory, features_only=True, out_indices=(0, 1, 2, 3), pretrained=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps a quarter, an eighth, a sixteenth and a thirty-second as large as the images."""
        maps: list[Tensor] = self.model(images)
        return maps


class Decoder(nn.Module):
    """From the smallest map to the images' size; the last two steps have nothing beside them."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        inputs, beside = (widths[-1], *DECODER[:-1]), (*widths[-2::-1], 0)
        steps = [Step(one, other, out, norm=False) for one, other, out in zip(inputs, beside, DECODER, strict=True)]
        self.blocks = nn.ModuleList([*steps, Step(DECODER[-1], 0, DECODER[-1] // 2, norm=False)])

    def forward(self, maps: list[Tensor]) -> Tensor:
        """[B, 16, H, W]."""
        grid = maps[-1]
        for number, step in enumerate(self.blocks):
            grid = step(grid, *maps[:-1][::-1][number : number + 1])
        return grid


class HoverNext(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 32."""

    def __init__(self, encoder: str, types: int, instance: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.encoder = Encoder(encoder)
        widths = self.encoder.model.feature_info.channels()
        self.decoders = nn.ModuleList([Decoder(widths), Decoder(widths)])
        heads = [nn.Conv2d(DECODER[-1] // 2, channels, kernel_size=1) for channels in (instance, types)]
        self.heads = nn.ModuleList(nn.Sequential(head) for head in heads)

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax, maps of the images' size.

        `instances` [B, instance, H, W]: two channels that the authors' inference leaves out, and three
        classes of place; `types` [B, types, H, W]: background and types.
        """
        maps = self.encoder(images)
        names = ("instances", "types")
        return {name: head(decoder(maps)) for name, head, decoder in zip(names, self.heads, self.decoders, strict=True)}

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The encoder's last map as tokens, one for 32 by 32 pixels."""
        return {"tokens": self.encoder(images)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, both decoders with their heads, and the whole."""
        encoder = list(self.encoder.parameters())
        decoder = [*self.decoders.parameters(), *self.heads.parameters()]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def build(encoder: str = "convnextv2_tiny", types: int = 6, instance: int = 5, side: int = 256) -> HoverNext:
    """`encoder` is timm's name; types with background are 6 for PanNuke and 8 for Lizard with mitoses."""
    return HoverNext(encoder, types, instance, side)
