"""Cerberus: timm's ResNet below one U-shaped decoder a task, for nuclei, glands and lumina, and a head that sorts tiles."""

from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import interpolate

MAPS = {"Lumen": ("INST", 3), "Gland": ("INST", 3), "Nuclei": ("INST", 3), "Nuclei#TYPE": ("TYPE", 7), "Gland#TYPE": ("TYPE", 3)}
"""Of each decoder what it draws and the number of classes, background included."""
KINDS, SORTER, SEEN = 9, "Patch-Class", 9
"""Kinds of tissue, the head that tells them, and the side of the middle of the encoder's last map that it reads."""
WIDTHS = (256, 128, 64, 64, 64)


class Convolution(nn.Module):
    """A convolution, batch norm and ReLU."""

    def __init__(self, width: int, out: int, side: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(out)
        self.conv = nn.Conv2d(width, out, side, padding=side // 2)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        made: Tensor = self.bn(self.conv(grid)).relu()
        return made


class Convolutions(nn.Module):
    """Convolutions one after the other."""

    def __init__(self, *widths: int, side: int) -> None:
        super().__init__()
        self.block = nn.ModuleList(Convolution(one, two, side) for one, two in pairwise(widths))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, first width, H, W] to [B, last width, H, W]."""
        for convolution in self.block:
            grid = convolution(grid)
        return grid


class Last(nn.Module):
    """A convolution by place."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, out, kernel_size=1)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        made: Tensor = self.conv(grid)
        return made


class Head(nn.Module):
    """Scores of the classes at each place."""

    def __init__(self, width: int, inner: int, classes: int) -> None:
        super().__init__()
        self.x = nn.Sequential(Convolutions(width, inner, side=1), Last(inner, classes))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, classes, H, W]."""
        scores: Tensor = self.x(grid)
        return scores


def _sorter(width: int, inner: int, kinds: int) -> nn.Sequential:
    layers: dict[str, nn.Module] = {"bn1": nn.BatchNorm2d(width), "relu1": nn.ReLU(), "conv1": nn.Conv2d(width, inner, 1)}
    layers |= {"bn2": nn.BatchNorm2d(inner), "relu2": nn.ReLU(), "conv2": nn.Conv2d(inner, kinds, 1)}
    made = nn.Sequential()
    for name, layer in layers.items():
        made.add_module(name, layer)
    return made


def _encoder(factory: str) -> Any:
    """The ResNet without its head; its first convolution leaves the images their size."""
    import timm

    network: Any = timm.create_model(factory, num_classes=0, pretrained=False)
    network.conv1.stride = (1, 1)
    return network


class Cerberus(nn.Module):
    """Reads tiles [B, 3, H, W] with values from 0 to 1, sides a multiple of 16: the authors' own divides by 255 within."""

    def __init__(self, encoder: str, side: int) -> None:
        super().__init__()
        self.side = side
        self.backbone: Any = _encoder(encoder)
        width = self.backbone.num_features
        self.conv_map = nn.Conv2d(width, WIDTHS[0], kernel_size=1, bias=False)
        ways = {name: nn.ModuleList(Convolutions(one, one, two, side=3) for one, two in pairwise(WIDTHS)) for name in MAPS}
        self.decoder_head = nn.ModuleDict({**ways, SORTER: _sorter(width, 256, KINDS)})
        heads = {name: {kind: Head(WIDTHS[-1], 96, classes)} for name, (kind, classes) in MAPS.items()}
        self.output_head = nn.ModuleDict({name: nn.ModuleDict(head) for name, head in heads.items()})

    def stages(self, images: Tensor) -> list[Tensor]:
        """Maps as large as the images, a half, and so on to a sixteenth."""
        trunk = self.backbone
        maps = [trunk.act1(trunk.bn1(trunk.conv1(images)))]
        grid = trunk.maxpool(maps[0])
        for stage in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4):
            grid = stage(grid)
            maps.append(grid)
        return maps

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """Scores before any softmax, maps of the images' size, of which the authors keep the middle 144 of 448 pixels.

        `Lumen-INST`, `Gland-INST` and `Nuclei-INST` [B, 3, H, W] are background, inside and contour; `Gland-TYPE` [B, 3, H, W]
        and `Nuclei-TYPE` [B, 7, H, W] background and types. `Patch-Class` [B, 9] tells the kind of tissue in the middle.
        """
        *beside, last = self.stages(images)
        drawn = {f"{name.split('#')[0]}-{MAPS[name][0]}": self._drawn(name, beside, self.conv_map(last)) for name in MAPS}
        return {**drawn, SORTER: self.decoder_head[SORTER](_middle(last)[..., None, None]).flatten(1)}

    def _drawn(self, name: str, beside: list[Tensor], grid: Tensor) -> Tensor:
        steps = self.decoder_head.get_submodule(name).children()
        for step, other in zip(steps, beside[::-1], strict=True):
            grid = step(interpolate(grid, scale_factor=2.0, mode="bilinear") + other)
        scores: Tensor = self.output_head.get_submodule(f"{name}.{MAPS[name][0]}")(grid)
        return scores

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The encoder's last map as tokens, one for 16 by 16 pixels; as pooler the mean of its middle, which tells the kind."""
        last = self.stages(images)[-1]
        return {"tokens": last.flatten(2).transpose(1, 2), "pooler": _middle(last)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """A file of a training on several devices has a word before each name."""
        return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, all decoders and heads, and the whole."""
        encoder = list(self.backbone.parameters())
        below = {id(one) for one in encoder}
        decoder = [one for one in self.parameters() if id(one) not in below]
        return {"image-encoder": encoder, "decoder": decoder, "full-model": list(self.parameters())}


def _middle(grid: Tensor) -> Tensor:
    """[B, width], the mean of the middle; a map of just that side, or smaller, is taken whole."""
    rows, columns = grid.shape[-2:]
    top, left = max(rows - SEEN, 0) // 2, max(columns - SEEN, 0) // 2
    return grid[..., top : top + SEEN, left : left + SEEN].mean((2, 3))


def build(encoder: str = "resnet34", side: int = 448) -> Cerberus:
    """`encoder` is timm's name of a ResNet of basic blocks."""
    return Cerberus(encoder, side)
