"""GigaTIME-Flash: a ViT-S of timm with low-rank additions to its attention, and a small decoder that draws a map a protein."""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import interpolate

BLOCKS = (3, 5, 8, 11)


class Added(nn.Module):
    """A linear layer beside which two thin ones run, with the names that PEFT gives them."""

    def __init__(self, layer: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.base_layer = layer
        self.lora_A = nn.ModuleDict({"default": nn.Linear(layer.in_features, rank, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(rank, layer.out_features, bias=False)})

    def forward(self, tokens: Tensor) -> Tensor:
        """As of the layer alone, of the same shape."""
        out: Tensor = self.base_layer(tokens) + self.scale * self.lora_B["default"](self.lora_A["default"](tokens))
        return out


def _encoder(width: int, depth: int, heads: int, rank: int, scale: float) -> nn.Module:
    """The ViT below two empty shells that only lengthen its tensors' names, as PEFT does."""
    import timm

    layers: Any = timm.layers
    network: Any = timm.create_model(
        "vit_small_patch16_224",
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        init_values=1e-5,
        mlp_ratio=2.66667 * 2,
        mlp_layer=layers.SwiGLUPacked,
        act_layer=nn.SiLU,
        num_classes=0,
        pretrained=False,
    )
    for block in network.blocks:
        block.attn.qkv = Added(block.attn.qkv, rank, scale)
        block.attn.proj = Added(block.attn.proj, rank, scale)
    return nn.ModuleDict({"base_model": nn.ModuleDict({"model": network})})


def _step(width: int) -> nn.Sequential:
    """A map of half as many channels and twice the size."""
    half = width // 2
    first, second = nn.Conv2d(width, half, kernel_size=3, padding=1), nn.Conv2d(half, half, kernel_size=3, padding=1)
    larger = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), larger)


def _way(width: int, out: int, times: int) -> nn.Sequential:
    """A map of the encoder made larger so many times."""
    widths = [width, *[out] * times]
    return nn.Sequential(*(nn.ConvTranspose2d(one, out, kernel_size=2, stride=2) for one in widths[:-1]))


class GigaTimeFlash(nn.Module):
    """Reads square tiles [B, 3, side, side], sides a multiple of 16; the authors give 256 pixels."""

    def __init__(self, channels: int, width: int, depth: int, heads: int, blocks: tuple[int, ...], side: int) -> None:
        super().__init__()
        self.side, self.blocks = side, blocks
        self.encoder: Any = _encoder(width, depth, heads, rank=8, scale=2.0)
        self.decoder4, self.decoder3 = _step(width), _step(width // 2)
        self.decoder2, self.decoder1 = _step(width // 4), _step(width // 8)
        self.skip1 = _way(width, width // 8, 3)
        self.skip2 = _way(width, width // 4, 2)
        self.skip3 = _way(width, width // 2, 1)
        self.final_conv = nn.Conv2d(width // 16, channels, kernel_size=1)

    def stages(self, images: Tensor) -> list[Tensor]:
        """Maps [B, width, side / 16, side / 16] that four blocks give. The class token is left out, as the authors do."""
        network = self.encoder["base_model"]["model"]
        rows = images.shape[-1] // 16
        table = network.pos_embed[:, 1:]
        old = round(table.shape[1] ** 0.5)
        places = table.transpose(1, 2).reshape(1, -1, old, old)
        places = interpolate(places, size=(rows, rows), mode="bicubic", align_corners=False)
        tokens = network.patch_embed.proj(images).add(places).flatten(2).transpose(1, 2)
        given = []
        for number, block in enumerate(network.blocks):
            tokens = block(tokens)
            if number in self.blocks:
                given.append(tokens.transpose(1, 2).unflatten(2, (rows, rows)))
        return given

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """`proteins` [B, channels, side, side], scores before the sigmoid."""
        first, second, third, last = self.stages(images)
        grid = self.decoder3(self.decoder4(last) + self.skip3(third))
        grid = self.decoder1(self.decoder2(grid + self.skip2(second)) + self.skip1(first))
        return {"proteins": self.final_conv(grid)}

    def stain(self, images: Tensor) -> Tensor:
        """How probable it is that each pixel is positive, [B, channels, H, W]."""
        return self.segment(images)["proteins"].sigmoid()

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The patches as the last block leaves them."""
        return {"tokens": self.stages(images)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder with its additions, the decoder, and the whole."""
        encoder = list(self.encoder.parameters())
        below = {id(one) for one in encoder}
        whole = list(self.parameters())
        return {"image-encoder": encoder, "decoder": [one for one in whole if id(one) not in below], "full-model": whole}


def build(
    channels: int = 23, width: int = 384, depth: int = 12, heads: int = 6, blocks: tuple[int, ...] = BLOCKS, side: int = 256
) -> GigaTimeFlash:
    """The released network: 21 proteins and two channels of background; `blocks` are the four whose maps are used."""
    return GigaTimeFlash(channels, width, depth, heads, tuple(blocks), side)
