"""SEAL on CONCH: the image tower of CONCH up to its pooled vector, with low-rank changes beside its weights."""

from typing import Any

from torch import Tensor, nn

from pathdex.layers.coca import QueryPooler
from pathdex.layers.low_rank import merged

ALPHA = 8.0
"""The factor of the changes in the authors' configuration."""
OTHER = ("attn_pool_caption.", "ln_caption.", "proj_contrast")
"""Parts of CONCH's tower that SEAL has and does not use."""


class SealConch(nn.Module):
    """Reads tiles [B, 3, H, W]; positions are stretched to their size, as SEAL leaves tiles smaller than CONCH's 448 pixels."""

    def __init__(self, width: int, depth: int, heads: int, joint: int, side: int) -> None:
        super().__init__()
        from timm.models.vision_transformer import VisionTransformer

        self.side = side
        shape: dict[str, Any] = {"embed_dim": width, "depth": depth, "num_heads": heads, "img_size": side}
        self.trunk = VisionTransformer(**shape, num_classes=0, dynamic_img_size=True, weight_init="skip")
        self.attn_pool_contrast = QueryPooler(joint, width, 8, 1)
        self.ln_contrast = nn.LayerNorm(joint)

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, and the vector [B, joint] that a learned query reads off them."""
        tokens: Tensor = self.trunk.forward_features(images)
        pooled = self.ln_contrast(self.attn_pool_contrast(tokens)[:, 0])
        return {"tokens": tokens, "prefix": 1, "has_class": True, "attention": pooled}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder, the changes added in."""
        return {"image-encoder": list(self.parameters())}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The tower's tensors; what it does not use, and the decoder of genes beside it, are left out."""
        return {name: tensor for name, tensor in merged(tensors, ALPHA).items() if not name.startswith(OTHER)}


def build(width: int = 768, depth: int = 12, heads: int = 12, joint: int = 512, side: int = 448) -> SealConch:
    """CONCH's tower, unless told otherwise."""
    return SealConch(width, depth, heads, joint, side)
