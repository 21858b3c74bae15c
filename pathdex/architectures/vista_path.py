"""VISTA-PATH: PLIP's patches look at the words that name a tissue and at a box around it, and a decoder draws its mask."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.sam_decoder import BOX, Prompts


class Look(nn.Module):
    """Patches look at something else and keep what they were."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, patches: Tensor, other: Tensor) -> Tensor:
        """[B, N, width]; `other` is [B, M, width], where M may be 0."""
        seen, _ = self.cross_attn(patches, other, other)
        out: Tensor = self.norm(patches + seen)
        return out


class Decoder(nn.Module):
    """From a map of patches to one 32 times as large, in four steps."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for out, times in ((256, 2), (128, 2), (64, 2), (32, 4)):
            layers += [nn.Conv2d(width, out, kernel_size=3, padding=1), nn.BatchNorm2d(out), nn.ReLU()]
            layers.append(nn.Upsample(scale_factor=times, mode="bilinear"))
            width = out
        self.decoder = nn.Sequential(*layers, nn.Conv2d(width, classes, kernel_size=1))

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, classes, 32 H, 32 W]."""
        drawn: Tensor = self.decoder(grid)
        return drawn


class VistaPath(nn.Module):
    """Reads tiles [B, 3, 224, 224] and texts as PLIP does."""

    def __init__(self, depth: int, heads: int, classes: int, towers: int) -> None:
        super().__init__()
        from transformers import CLIPConfig, CLIPModel

        sizes = {"num_hidden_layers": towers}
        config: Any = CLIPConfig(text_config=sizes, vision_config=sizes)
        width: int = config.projection_dim
        self.side: int = config.vision_config.image_size
        self.patch: int = config.vision_config.patch_size
        self.base_model: Any = CLIPModel(config)
        self.cross_attn_text = Look(width, heads)
        self.cross_attn_bbx = Look(width, heads)
        # The file holds both projections twice, under these names too.
        self.image_proj, self.text_proj = self.base_model.visual_projection, self.base_model.text_projection
        # The authors leave torch's default, by which the first axis is the sequence: images of a batch look at each other.
        self.transformer_encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, heads), depth, enable_nested_tensor=False
        )
        self.decoder = Decoder(width, classes)
        self.prompt_encoder = Prompts(width)

    def segment(self, images: Tensor, ids: Tensor, mask: Tensor | None = None, boxes: Tensor | None = None) -> dict[str, Tensor]:
        """`mask` [B, 2, 224, 224], scores of the rest and of the tissue that is named, before the softmax.

        Texts are token ids [B, L] with their `mask` [B, L], 1 where there is a token. Boxes [B, 4] in pixels are left, top,
        right, bottom. Give one image at a time: what is drawn of an image depends on those beside it.
        """
        patches = self.base_model.vision_model(pixel_values=images).last_hidden_state[:, 1:]
        words = self.base_model.text_model(input_ids=ids, attention_mask=mask).last_hidden_state
        fused = self.cross_attn_text(self.image_proj(patches), self.text_proj(words))
        fused = self.transformer_encoder(self.cross_attn_bbx(fused, self._corners(boxes, fused)))
        grid = fused.transpose(1, 2).unflatten(2, (-1, images.shape[-1] // self.patch))
        return {"mask": self.decoder(grid)}

    def _corners(self, boxes: Tensor | None, like: Tensor) -> Tensor:
        """Two tokens a box, or none."""
        if boxes is None:
            return like[:, :0]
        labels = torch.tensor(BOX, device=like.device).expand(len(boxes), -1)
        corners: Tensor = self.prompt_encoder(boxes.to(like).reshape(-1, 2, 2), labels, self.side)
        return corners

    def represent(self, images: Tensor) -> dict[str, Any]:
        """The image tower's tokens, its pooler and its projection, as of PLIP."""
        given = self.base_model.vision_model(pixel_values=images)
        pooled = given.pooler_output
        tokens = given.last_hidden_state
        return {"tokens": tokens, "prefix": 1, "has_class": True, "pooler": pooled, "projection": self.image_proj(pooled)}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Texts as token ids [B, L] to vectors [B, 512] in the space of the images', not normalised."""
        pooled = self.base_model.text_model(input_ids=ids).pooler_output
        vectors: Tensor = self.text_proj(pooled)
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Both towers with their projections, all that PLIP does not have as decoder, and the whole."""
        base = self.base_model
        added = (self.cross_attn_text, self.cross_attn_bbx, self.transformer_encoder, self.decoder, self.prompt_encoder)
        return {
            "image-encoder": [*base.vision_model.parameters(), *base.visual_projection.parameters()],
            "text-encoder": [*base.text_model.parameters(), *base.text_projection.parameters()],
            "decoder": [one for part in added for one in part.parameters()],
            "full-model": list(self.parameters()),
        }


def build(depth: int = 4, heads: int = 8, classes: int = 2, towers: int = 12) -> VistaPath:
    """The released network; `towers` is the depth of both towers."""
    return VistaPath(depth, heads, classes, towers)
