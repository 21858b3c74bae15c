"""HoVer-Net: a residual encoder below two or three decoders of dense blocks, which draw nuclei, outlines and types."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

STAGES = ((64, 64, 3, 1), (256, 128, 4, 2), (512, 256, 6, 2), (1024, 512, 3, 2))
"""Of each stage the width that comes in, the width within, the number of units and the stride of the first."""
DENSE, GROUPS = (128, 32), 4
"""Of a dense unit the width within and the width that it adds, and the groups of its second convolution."""


class Padded(nn.Conv2d):
    """A convolution of which zeros fill what is missing on all sides; where an odd number is missing, more at the end."""

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H / stride, W / stride], rounded up."""
        short = max(self.kernel_size[0] - (grid.shape[2] % self.stride[0] or self.stride[0]), 0)
        return super().forward(pad(grid, (short // 2, short - short // 2) * 2))


def _convolution(width: int, out: int, side: int, stride: int = 1, groups: int = 1, padded: bool = False) -> nn.Conv2d:
    kind = Padded if padded else nn.Conv2d
    return kind(width, out, side, stride=stride, groups=groups, bias=False)


def _normed(width: int, prefix: str = "") -> dict[str, nn.Module]:
    return {f"{prefix}bn": nn.BatchNorm2d(width), f"{prefix}relu": nn.ReLU()}


def _sequence(layers: dict[str, nn.Module]) -> nn.Sequential:
    """Layers one after the other under their names, which may hold a slash."""
    made = nn.Sequential()
    for name, layer in layers.items():
        made.add_module(name, layer)
    return made


class Residual(nn.Module):
    """Units of three convolutions, each added to what came into it; norms come first, but not in the first unit."""

    def __init__(self, width: int, inner: int, units: int, stride: int) -> None:
        super().__init__()
        out = 4 * inner
        widths, strides = [width] + [out] * (units - 1), [stride] + [1] * (units - 1)
        self.units = nn.ModuleList(
            _sequence(
                {
                    **(_normed(one, "preact/") if number else {}),
                    "conv1": _convolution(one, inner, 1),
                    **_normed(inner, "conv1/"),
                    "conv2": _convolution(inner, inner, 3, step, padded=True),
                    **_normed(inner, "conv2/"),
                    "conv3": _convolution(inner, out, 1),
                }
            )
            for number, (one, step) in enumerate(zip(widths, strides, strict=True))
        )
        self.shortcut = _convolution(width, out, 1, stride)
        self.blk_bna = _sequence(_normed(out))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, 4 inner, H / stride, W / stride]."""
        beside = self.shortcut(grid)
        for unit in self.units:
            grid = beside = unit(grid) + beside
        normed: Tensor = self.blk_bna(grid)
        return normed


class Dense(nn.Module):
    """Units that each add a few channels and lose a margin."""

    def __init__(self, width: int, side: int, units: int) -> None:
        super().__init__()
        inner, more = DENSE
        self.units = nn.ModuleList(
            _sequence(
                {
                    **_normed(width + number * more, "preact_bna/"),
                    "conv1": _convolution(width + number * more, inner, 1),
                    **_normed(inner, "conv1/"),
                    "conv2": _convolution(inner, more, side, groups=GROUPS),
                }
            )
            for number in range(units)
        )
        self.blk_bna = _sequence(_normed(width + units * more))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to a map smaller by `side` - 1 a unit."""
        for unit in self.units:
            added = unit(grid)
            grid = torch.cat([middle(grid, added), added], dim=1)
        normed: Tensor = self.blk_bna(grid)
        return normed


def middle(grid: Tensor, like: Tensor) -> Tensor:
    """The middle of a map, as large as another; of an odd margin the larger half is at the end."""
    (rows, columns), (high, wide) = grid.shape[-2:], like.shape[-2:]
    top, left = (rows - high) // 2, (columns - wide) // 2
    return grid[..., top : top + high, left : left + wide]


def _decoder(side: int, classes: int) -> nn.Sequential:
    """From the smallest map to an eighth, a quarter, a half and the whole of the images' size, less the margins."""
    steps: dict[str, nn.Module] = {}
    for name, width, inner, units, out in (("u3", 1024, 256, 8, 512), ("u2", 512, 128, 4, 256)):
        steps[name] = _sequence(
            {
                "conva": _convolution(width, inner, side),
                "dense": Dense(inner, side, units),
                "convf": _convolution(out, out, 1),
            }
        )
    steps["u1"] = _sequence({"conva": _convolution(256, 64, side, padded=True)})
    steps["u0"] = _sequence({**_normed(64), "conv": nn.Conv2d(64, classes, kernel_size=1)})
    return _sequence(steps)


class Doubled(nn.Module):
    """A map made twice as large by repeating its places."""

    unpool_mat: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("unpool_mat", torch.ones(2, 2))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, width, 2 H, 2 W]."""
        return torch.einsum("bchw,ij->bchiwj", grid, self.unpool_mat).flatten(4).flatten(2, 3)


class HoverNet(nn.Module):
    """Reads tiles [B, 3, H, W] with values from 0 to 1: the authors' own takes 0 to 255 and divides within.

    Sides are 6 more than a multiple of 8 in the original mode, and a multiple of 8 in the fast one.
    """

    def __init__(self, fast: bool, types: int) -> None:
        super().__init__()
        self.side = 256 if fast else 270
        side = 3 if fast else 5
        self.conv0 = _sequence({"/": _convolution(3, 64, 7, padded=fast), **_normed(64)})
        self.d0, self.d1, self.d2, self.d3 = (Residual(*shape) for shape in STAGES)
        self.conv_bot = _convolution(2048, 1024, 1)
        classes = {"tp": types, "np": 2, "hv": 2} if types else {"np": 2, "hv": 2}
        self.decoder = nn.ModuleDict({name: _decoder(side, number) for name, number in classes.items()})
        self.upsample2x = Doubled()

    def stages(self, images: Tensor) -> list[Tensor]:
        """Maps as large as the images, a half, a quarter and an eighth."""
        maps = [self.d0(self.conv0(images))]
        for stage in (self.d1, self.d2, self.d3):
            maps.append(stage(maps[-1]))
        return [*maps[:3], self.conv_bot(maps[3])]

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax of the middle of the images, 190 pixels less a side in the original mode, 92 in the fast.

        `np` [B, 2, h, w] is background and nucleus; `hv` [B, 2, h, w] the horizontal and the vertical way from a nucleus's
        centre, -1 to 1; `tp` [B, types, h, w] background and types, where the model tells them.
        """
        *beside, last = self.stages(images)
        return {name: self._drawn(decoder, beside, last) for name, decoder in self.decoder.items()}

    def _drawn(self, decoder: nn.Module, beside: list[Tensor], grid: Tensor) -> Tensor:
        for step, other in zip(("u3", "u2", "u1"), beside[::-1], strict=True):
            larger = self.upsample2x(grid)
            grid = decoder.get_submodule(step)(larger + middle(other, larger))
        scores: Tensor = decoder.get_submodule("u0")(grid)
        return scores

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The map below the decoders as tokens, one for 8 by 8 pixels."""
        return {"tokens": self.stages(images)[-1].flatten(2).transpose(1, 2)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The files were converted from TensorFlow, which counts no batches; the counts, which nothing reads, are 0."""
        counts = {name: torch.zeros((), dtype=torch.long) for name in self.state_dict() if name.endswith("num_batches_tracked")}
        return {**counts, **tensors}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, all decoders, and the whole."""
        decoder = list(self.decoder.parameters())
        mine = {id(one) for one in decoder}
        encoder = [one for one in self.parameters() if id(one) not in mine]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def build(fast: bool = False, types: int = 5) -> HoverNet:
    """Types with background are 5 for CoNSeP, 6 for PanNuke; 0 for a model that only finds nuclei."""
    return HoverNet(fast, types)
