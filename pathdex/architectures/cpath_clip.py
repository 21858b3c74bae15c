"""CPath-CLIP: CLIP's ViT-L/14 and Virchow2 side by side for images, a Qwen2 that looks both ways for texts."""

from typing import Any

import torch
from torch import Tensor, nn

PADDING = 151_643
"""The id with which the authors' tokenizer fills up a text."""


class CpathClip(nn.Module):
    """Images and texts in the space of the two image towers' vectors, one behind the other."""

    def __init__(self, clip: Any, virchow: Any, text: Any, side: int) -> None:
        super().__init__()
        self.side = side
        self.visual = clip
        self.visual2: Any = virchow
        self.text = text
        self.proj = nn.Linear(text.config.hidden_size, clip.output_dim + 2 * virchow.num_features)
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Virchow2's tokens, and CLIP's projection followed by Virchow2's class token and mean of patches, not normalised."""
        tokens, prefix = self.visual2.forward_features(images), self.visual2.num_prefix_tokens
        joint = torch.cat([self.visual(images), tokens[:, 0], tokens[:, prefix:].mean(1)], dim=-1)
        return {"tokens": tokens, "prefix": prefix, "has_class": True, "projection": joint}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Vectors of ids [B, L] filled up with `PADDING`, not normalised: the mean of the words, projected."""
        words = ids != PADDING
        # A mask that is given ready-made keeps the network from hiding the words that follow, as it does when it writes.
        mask = words[:, None, None].expand(-1, 1, ids.shape[1], -1)
        seen = self.text(input_ids=ids, attention_mask={"full_attention": mask}, use_cache=False).last_hidden_state
        counted = words[..., None].to(seen.dtype)
        vectors: Tensor = self.proj((seen * counted).sum(1) / counted.sum(1))
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Both image towers, the text tower with its projection, and all with the scale of the contrast."""
        image, text = [*self.visual.parameters(), *self.visual2.parameters()], [*self.text.parameters(), *self.proj.parameters()]
        return {"image-encoder": image, "text-encoder": text, "full-model": list(self.parameters())}


def _clip(side: int, depth: int) -> Any:
    from open_clip.transformer import VisionTransformer

    return VisionTransformer(side, 14, width=1024, layers=depth, heads=16, mlp_ratio=4.0, output_dim=768)


def _virchow(side: int, depth: int) -> Any:
    import timm
    from timm.layers.mlp import SwiGLUPacked

    layers: dict[str, Any] = {"mlp_layer": SwiGLUPacked, "act_layer": nn.SiLU, "mlp_ratio": 5.3375, "init_values": 1e-5}
    shape: dict[str, Any] = {"img_size": side, "depth": depth, "reg_tokens": 4, "num_classes": 0, "global_pool": ""}
    name = "vit_huge_patch14_224"
    return timm.create_model(name, **shape, **layers, dynamic_img_size=True, weight_init="skip")


def _qwen(text: dict[str, Any]) -> Any:
    from transformers import Qwen2Config, Qwen2Model

    shape: dict[str, Any] = {"hidden_size": 1536, "intermediate_size": 8960, "num_attention_heads": 12, "num_key_value_heads": 2}
    shape |= {"num_hidden_layers": 28, "vocab_size": 151_936}
    turns: dict[str, Any] = {"rope_type": "default", "rope_theta": 1e6}
    return Qwen2Model(Qwen2Config(**{**shape, **text, "rope_parameters": turns}))


def build(side: int = 336, clip_depth: int = 24, virchow_depth: int = 32, **text: Any) -> CpathClip:
    """CPath-CLIP put together, unless told otherwise; all other keywords are fields of the Qwen2's configuration."""
    return CpathClip(_clip(side, clip_depth), _virchow(side, virchow_depth), _qwen(text), side)
