"""KEP-CTP: CTransPath's network with a head of two layers, beside a BERT of transformers with another."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.bert import bert, read
from pathdex.layers.conv_swin import ConvStemSwin


class TextTower(nn.Module):
    """What BERT's pooler gives of a text, through two layers."""

    def __init__(self, joint: int, text: dict[str, Any]) -> None:
        super().__init__()
        self.bert_model = bert(text)
        self.mlp_embed = _head(self.bert_model.config.hidden_size, joint)

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors [B, joint] of ids [B, L]."""
        vectors: Tensor = self.mlp_embed(read(self.bert_model, ids).pooler_output)
        return vectors


class Kep(nn.Module):
    """Two towers that meet in a space of `joint` numbers."""

    def __init__(self, trunk: ConvStemSwin, joint: int, text: dict[str, Any]) -> None:
        super().__init__()
        self.side = trunk.side
        self.visual = trunk
        self.visual_head = _head(trunk.norm.weight.numel(), joint)
        self.text = TextTower(joint, text)
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, their mean, and what the head makes of it, which is not normalised."""
        tokens = self.visual(images)
        pooled = tokens.mean(1)
        return {"tokens": tokens, "pooler": pooled, "projection": self.visual_head(pooled)}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Vectors [B, joint], not normalised, of ids [B, L] filled up with 0."""
        vectors: Tensor = self.text(ids)
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Each tower with its head, and both with the scale of the contrast."""
        image = [*self.visual.parameters(), *self.visual_head.parameters()]
        return {"image-encoder": image, "text-encoder": list(self.text.parameters()), "full-model": list(self.parameters())}


def _head(width: int, joint: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, joint), nn.GELU(), nn.Linear(joint, joint))


def build(
    side: int = 224,
    width: int = 96,
    depths: tuple[int, ...] = (2, 2, 6, 2),
    heads: tuple[int, ...] = (3, 6, 12, 24),
    joint: int = 512,
    **text: Any,
) -> Kep:
    """KEP-CTP as it was released, unless told otherwise; all other keywords are fields of the BERT's configuration."""
    return Kep(ConvStemSwin(width, tuple(depths), tuple(heads), 7, side), joint, text)
