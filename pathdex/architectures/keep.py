"""KEEP: timm's ViT-L/16 with a head of two layers, beside a BERT of transformers whose pooler gives the texts' vectors."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.bert import bert, read


class Keep(nn.Module):
    """Two towers that meet in a space of `joint` numbers, the width of the BERT."""

    def __init__(self, side: int, backbone: str, depth: int, text: dict[str, Any]) -> None:
        super().__init__()
        import timm

        size: dict[str, Any] = {"img_size": side, "depth": depth, "dynamic_img_size": True}
        self.side = side
        trunk: Any = timm.create_model(backbone, **size, num_classes=0, init_values=1e-5, weight_init="skip")
        tower = bert(text)
        joint = tower.config.hidden_size
        self.visual: Any = trunk
        self.visual_head = nn.Sequential(nn.Linear(trunk.num_features, joint), nn.GELU(), nn.Linear(joint, joint))
        self.text = tower
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, and the class token through the head, which is not normalised."""
        tokens = self.visual.forward_features(images)
        projection = self.visual_head(self.visual.forward_head(tokens))
        return {"tokens": tokens, "prefix": self.visual.num_prefix_tokens, "has_class": True, "projection": projection}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Vectors [B, joint], not normalised, of ids [B, L] filled up with 0."""
        vectors: Tensor = read(self.text, ids).pooler_output
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Each tower, the images' with its head, and both with the scale of the contrast."""
        image = [*self.visual.parameters(), *self.visual_head.parameters()]
        return {"image-encoder": image, "text-encoder": list(self.text.parameters()), "full-model": list(self.parameters())}


def build(side: int = 224, backbone: str = "vit_large_patch16_224", depth: int = 24, **text: Any) -> Keep:
    """KEEP as it was released, unless told otherwise; all other keywords are fields of the BERT's configuration."""
    return Keep(side, backbone, depth, text)
