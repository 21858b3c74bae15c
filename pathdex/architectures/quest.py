"""QUEST: markers, told by a language model's vectors, ask a frozen UNI 2 and a ConvNeXt for channels of immunofluorescence."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Asking(nn.Module):
    """Markers look at the tiles' tokens, but not at each other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, markers: Tensor, tokens: Tensor) -> Tensor:
        """Markers of the same shape."""
        markers = markers + self.cross_attn(self.norm1(markers), tokens, tokens, need_weights=False)[0]
        out: Tensor = markers + self.linear2(gelu(self.linear1(self.norm2(markers))))
        return out


class Normed(nn.Module):
    """A 3x3 convolution with group norm and GELU."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        norm = nn.GroupNorm(min(32, out), out)
        self.block = nn.Sequential(nn.Conv2d(width, out, kernel_size=3, padding=1), norm, nn.GELU())

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        out: Tensor = self.block(grid)
        return out


class Pixels(nn.Module):
    """Joins the tokens with ever finer maps that timm's ConvNeXt makes of the image."""

    def __init__(self, width: int, out: int, pyramid: str) -> None:
        super().__init__()
        import timm

        network: Any = timm.create_model(pyramid, pretrained=False, features_only=True, out_indices=(0, 1, 2, 3))
        widths = network.feature_info.channels()
        self.he_backbone = network
        self.he_feature_projections = nn.ModuleList(nn.Conv2d(one, out, kernel_size=1) for one in widths)
        self.pretrained_token_proj = Normed(width, out)
        self.pretrained_fuse_blocks = nn.ModuleList(nn.Sequential(Normed(2 * out, out), Normed(out, out)) for _ in widths)
        self.pretrained_out = nn.Sequential(Normed(out, out), nn.Conv2d(out, out, kernel_size=1))

    def forward(self, tokens: Tensor, images: Tensor) -> Tensor:
        """Tokens [B, N, width] of a square and normalised images [B, 3, H, W] to [B, out, H, W]."""
        rows = round(tokens.shape[1] ** 0.5)
        grid = self.pretrained_token_proj(tokens.transpose(1, 2).reshape(len(tokens), -1, rows, rows))
        fine = zip(self.he_backbone(images), self.he_feature_projections, self.pretrained_fuse_blocks, strict=True)
        for seen, project, join in reversed(list(fine)):
            projected = project(seen)
            larger = interpolate(grid, size=projected.shape[-2:], mode="bilinear")
            grid = join(torch.cat([larger, projected], dim=1))
        out: Tensor = self.pretrained_out(interpolate(grid, size=images.shape[-2:], mode="bilinear"))
        return out


class Quest(nn.Module):
    """Reads tiles [B, 3, 224, 224] from 0 to 1."""

    side = 224

    def __init__(
        self, features: int, words: int, markers: int, width: int, heads: int, depth: int, pixels: int, pyramid: str
    ) -> None:
        super().__init__()
        self.features = features
        self.marker_table = nn.Parameter(torch.zeros(markers, words))
        self.he_to_decoder = nn.Linear(features, width)
        self.marker_proj = nn.Sequential(nn.Linear(words, width), nn.LayerNorm(width))
        self.cross_attn_decoder = nn.ModuleDict({"layers": nn.ModuleList(Asking(width, heads) for _ in range(depth))})
        self.query_norm = nn.LayerNorm(width)
        self.pixel_decoder = Pixels(features, pixels, pyramid)
        self.marker_kernel = nn.Linear(width, pixels)
        self.film = nn.Linear(width, 2 * pixels)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors without the wrapper's name before them; two that mark a device and a mean that is not taken go."""
        return {
            name.removeprefix("model."): tensor
            for name, tensor in tensors.items()
            if not name.endswith(("._device_tracker", ".embedding_center"))
        }

    def normalised(self, images: Tensor) -> Tensor:
        """Images as both frozen networks want them."""
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        return (images - mean.to(images.dtype)) / std.to(images.dtype)

    def stain(self, images: Tensor, markers: Tensor | None = None, *, foundation: Any) -> Tensor:
        """Channels [B, markers, 224, 224] from 0 to 1, of all markers or of those whose numbers [K] are given.

        `foundation` is UNI 2, whose last block's patches are read before the norm.
        """
        tokens = foundation.get_intermediate_layers(self.normalised(images), n=1)[-1]
        drawn: Tensor = self.drawn(images, tokens, markers)
        return drawn.clamp(0, 1)

    def drawn(self, images: Tensor, tokens: Tensor, markers: Tensor | None = None) -> Tensor:
        """As `stain`, of tokens [B, N, features] and without bounds."""
        asked = self.marker_table if markers is None else self.marker_table[markers]
        queries = self.marker_proj(asked).expand(len(images), -1, -1)
        memory, looked = self.he_to_decoder(tokens), queries
        layers = self.cross_attn_decoder["layers"]
        assert isinstance(layers, nn.ModuleList)
        for layer in layers:
            looked = layer(looked, memory)
        found = self.query_norm(looked + queries)
        kernel = self.marker_kernel(found)
        scale, shift = self.film(found).chunk(2, dim=-1)
        grid = self.pixel_decoder(tokens, self.normalised(images))
        level = (kernel * shift).sum(-1)[..., None, None]
        drawn: Tensor = torch.einsum("bkd,bdhw->bkhw", kernel * scale, grid) + level
        return drawn

    def represent(self, images: Tensor, tokens: Tensor) -> dict[str, Any]:
        """The channels as tokens, one a pixel."""
        return {"tokens": self.drawn(images, tokens).flatten(2).transpose(1, 2)}

    def example(self) -> tuple[Tensor, Tensor]:
        """One tile and its tokens."""
        return torch.zeros(1, 3, self.side, self.side), torch.zeros(1, (self.side // 14) ** 2, self.features)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The ConvNeXt as image encoder, all else as decoder, and the whole."""
        encoder = list(self.pixel_decoder.he_backbone.parameters())
        below = {id(one) for one in encoder}
        whole = list(self.parameters())
        return {"image-encoder": encoder, "decoder": [one for one in whole if id(one) not in below], "full-model": whole}


def build(
    features: int = 1536,
    words: int = 3072,
    markers: int = 129,
    width: int = 512,
    heads: int = 8,
    depth: int = 8,
    pixels: int = 256,
    pyramid: str = "convnext_base",
) -> Quest:
    """The released network whose markers are told by their names' meaning."""
    return Quest(features, words, markers, width, heads, depth, pixels, pyramid)
