"""HistoPLUS: a ViT-B/14 of timm below CellViT's decoder, with as many branches as there are kinds of map."""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import silu

from pathdex.layers.branches import Branch, necks

WIDTH, BOTTLENECK = 768, 512


class Gated(nn.Module):
    """SwiGLU with its two input layers in one, two thirds as wide as it is told, in steps of 8."""

    def __init__(self, in_features: int, hidden_features: int, **_: Any) -> None:
        super().__init__()
        hidden = (hidden_features * 2 // 3 + 7) // 8 * 8
        self.w12 = nn.Linear(in_features, 2 * hidden)
        self.w3 = nn.Linear(hidden, in_features)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        gate, value = self.w12(tokens).chunk(2, dim=-1)
        out: Tensor = self.w3(silu(gate) * value)
        return out


class Backbone(nn.Module):
    """Holds the encoder under the name that the file has for it."""

    def __init__(self, side: int, depth: int) -> None:
        super().__init__()
        import timm

        self.feature_extractor: Any = timm.create_model(
            "vit_base_patch14_reg4_dinov2",
            img_size=side,
            depth=depth,
            init_values=1e-5,
            num_classes=0,
            dynamic_img_size=True,
            mlp_layer=Gated,
            pretrained=False,
        )
        self.feature_extractor.norm = nn.Identity()  # the maps leave before it

    def forward(self, images: Tensor, blocks: tuple[int, ...]) -> list[Tensor]:
        """Maps [B, 768, H / 14, W / 14] that the blocks of these numbers give."""
        maps: list[Tensor] = self.feature_extractor.forward_intermediates(images, indices=list(blocks), intermediates_only=True)
        return maps


class Neck(nn.Module):
    """The four ways beside the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.necks = nn.ModuleList(necks(WIDTH, BOTTLENECK, (512, 256)))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Of the image and three maps, each made larger."""
        return [neck(grid) for neck, grid in zip(self.necks, maps, strict=True)]


class HistoPlus(nn.Module):
    """Reads tiles [B, 3, H, W], sides a multiple of 14; the table of positions was made for `table` pixels."""

    def __init__(self, types: int, table: int, side: int, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.side, self.blocks = side, blocks
        self.backbone = Backbone(table, depth=max(blocks) + 1)
        self.neck = Neck()
        self.np_branch = Branch(WIDTH, BOTTLENECK, 2)
        self.hv_branch = Branch(WIDTH, BOTTLENECK, 2)
        self.tp_branch = Branch(WIDTH, BOTTLENECK, types)

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax, maps of the images' size.

        `np` [B, 2, H, W] is background and nucleus; `hv` [B, 2, H, W] the horizontal and the vertical way from a nucleus's
        centre, -1 to 1; `tp` [B, types, H, W] background and types.
        """
        maps = self.backbone(images, self.blocks)
        skips = self.neck([images, *maps[:-1]])
        branches = {"np": self.np_branch, "hv": self.hv_branch, "tp": self.tp_branch}
        return {name: branch(maps[-1], skips) for name, branch in branches.items()}

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The patches as the last block leaves them."""
        return {"tokens": self.backbone(images, self.blocks)[-1].flatten(2).transpose(1, 2)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, the decoder with necks and branches, and the whole."""
        encoder = list(self.backbone.parameters())
        decoder = [one for part in (self.neck, self.np_branch, self.hv_branch, self.tp_branch) for one in part.parameters()]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def build(types: int = 15, table: int = 448, side: int = 784, blocks: tuple[int, ...] = (3, 5, 7, 11)) -> HistoPlus:
    """The network of 0.25 microns per pixel; that of 0.5 has a `table` made for 224 pixels."""
    return HistoPlus(types, table, side, tuple(blocks))
