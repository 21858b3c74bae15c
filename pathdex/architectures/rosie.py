"""ROSIE: torchvision's ConvNeXt-S, which tells of one H&E patch how much of each of fifty proteins its middle holds."""

from typing import Any

from torch import Tensor, nn


class Rosie(nn.Module):
    """Reads patches [B, 3, 224, 224], which the authors enlarge from 128 pixels."""

    side = 224

    def __init__(self, proteins: int) -> None:
        super().__init__()
        from torchvision.models import convnext_small

        network: Any = convnext_small(weights=None)
        self.features: Any = network.features
        self.classifier: Any = network.classifier
        self.classifier[2] = nn.Linear(self.classifier[2].in_features, proteins)

    def segment(self, images: Tensor) -> dict[str, Tensor]:
        """`proteins` [B, proteins]: one number each for the patch; a map is made by moving the patch over the tile."""
        return {"proteins": self.classifier(self._pooled(images))}

    def stain(self, images: Tensor) -> Tensor:
        """Intensities [B, proteins, 1, 1] at the middle of each patch, on the scale of the images that it learned from."""
        return self.segment(images)["proteins"][..., None, None]

    def _pooled(self, images: Tensor) -> Tensor:
        pooled: Tensor = self.features(images).mean((2, 3), keepdim=True)
        return pooled

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The last map as tokens, its normed mean as pooler, the proteins as projection."""
        last = self.features(images)
        pooled = self.classifier[:2](last.mean((2, 3), keepdim=True))
        return {"tokens": last.flatten(2).transpose(1, 2), "pooler": pooled, "projection": self.classifier[2](pooled)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The image encoder, the last layers as decoder, and the whole."""
        whole = list(self.parameters())
        return {
            "image-encoder": list(self.features.parameters()),
            "decoder": list(self.classifier.parameters()),
            "full-model": whole,
        }


def build(proteins: int = 50) -> Rosie:
    """The released network."""
    return Rosie(proteins)
