"""iSight's tile encoder: the vision tower of CLIP ViT-L/14 without its last norm, and a linear layer on all tokens."""

from typing import Any

from torch import Tensor, nn


class ISight(nn.Module):
    """Reads tiles [B, 3, side, side]; `tower` is the vision tower of a CLIP of transformers."""

    def __init__(self, tower: nn.Module, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.patch_encoder = nn.ModuleDict({"vision_model": tower})
        self.visual_token_projection = nn.Linear(width, width)

    def forward(self, images: Tensor) -> Tensor:
        """Tokens [B, 1 + patches, width], the class token first."""
        tokens: Tensor = self.visual_token_projection(self.patch_encoder["vision_model"](pixel_values=images).last_hidden_state)
        return tokens

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The tokens, and as pooler the mean of them all, the class token included."""
        tokens = self(images)
        return {"tokens": tokens, "prefix": 1, "has_class": True, "pooler": tokens.mean(1)}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(width: int = 1024, depth: int = 24, heads: int = 16, patch: int = 14, side: int = 336) -> ISight:
    """CLIP ViT-L/14 at 336 pixels. What training never reached, its last norm and projection, is left out."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        patch_size=patch,
        image_size=side,
    )
    whole = CLIPVisionModel(config)
    tower = getattr(whole, "vision_model", whole)  # transformers 4 has the tower inside the model, 5 has no such wrapper
    tower.post_layernorm = nn.Identity()
    return ISight(tower, width, side)
