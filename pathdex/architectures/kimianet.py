"""KimiaNet: the convolutional part of DenseNet-121 as its authors packed it, without a ReLU after the last norm."""

from typing import Any

from torch import Tensor, nn


class KimiaNet(nn.Module):
    """Reads tiles [B, 3, H, W] of any size from 32 pixels on; the authors' have 1000."""

    side = 1000

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(features)

    def forward(self, images: Tensor) -> Tensor:
        """The map of the last norm as tokens [B, H / 32 * W / 32, D]."""
        grid: Tensor = self.model(images)
        return grid.flatten(2).transpose(1, 2)

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The tokens, whose mean is what the authors take; none of them is a class token."""
        return {"tokens": self(images)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(growth: int = 32, blocks: tuple[int, ...] = (6, 12, 24, 16)) -> KimiaNet:
    """DenseNet-121, unless told otherwise."""
    from timm.models.densenet import DenseNet

    features: Any = DenseNet(growth_rate=growth, block_config=tuple(blocks), num_classes=0).features
    features.norm5.act = nn.Identity()  # timm's norm has the ReLU in itself, torchvision's comes after the pooling point
    return KimiaNet(features)
