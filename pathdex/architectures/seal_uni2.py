"""SEAL on UNI2-h: the network of UNI2-h, whose released weights are its own and low-rank changes beside them."""

from typing import Any

from torch import Tensor, nn

from pathdex.layers.low_rank import merged

ALPHA = 8.0
"""The factor of the changes in the authors' configuration."""


class SealUni2(nn.Module):
    """Reads tiles [B, 3, side, side] through a vision transformer of timm."""

    def __init__(self, encoder: Any, side: int) -> None:
        super().__init__()
        self.side = side
        self.encoder = encoder

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Normalised tokens: class, registers, patches."""
        tokens = self.encoder.forward_features(images)
        return {"tokens": tokens, "prefix": self.encoder.num_prefix_tokens, "has_class": True}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder, the changes added in."""
        return {"image-encoder": list(self.parameters())}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The encoder's tensors; the decoder of genes beside it is left out."""
        return {f"encoder.{name}": tensor for name, tensor in merged(tensors, ALPHA).items()}


def build(width: int = 1536, depth: int = 24, heads: int = 24, registers: int = 8, side: int = 224) -> SealUni2:
    """UNI2-h, unless told otherwise."""
    from timm.layers.mlp import SwiGLUPacked
    from timm.models.vision_transformer import VisionTransformer

    shape: dict[str, Any] = {"embed_dim": width, "depth": depth, "num_heads": heads, "img_size": side, "patch_size": 14}
    feed_forward: dict[str, Any] = {"mlp_layer": SwiGLUPacked, "act_layer": nn.SiLU, "mlp_ratio": 5.33334, "init_values": 1e-5}
    tokens: dict[str, Any] = {"reg_tokens": registers, "no_embed_class": True, "num_classes": 0, "dynamic_img_size": True}
    return SealUni2(VisionTransformer(**shape, **feed_forward, **tokens, weight_init="skip"), side)
