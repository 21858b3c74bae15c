"""MI-Zero: CTransPath's network with a linear layer, beside a BERT of transformers whose first token gives the texts' vectors."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.bert import bert, read
from pathdex.layers.conv_swin import ConvStemSwin


class ImageTower(nn.Module):
    """The network, and the layer that its pooled tokens pass."""

    def __init__(self, trunk: ConvStemSwin, joint: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = nn.Sequential(OrderedDict({"proj": nn.Linear(trunk.norm.weight.numel(), joint)}))


class MiZero(nn.Module):
    """Two towers that meet in a space of `joint` numbers."""

    def __init__(self, trunk: ConvStemSwin, joint: int, text: dict[str, Any]) -> None:
        super().__init__()
        self.side = trunk.side
        self.visual = ImageTower(trunk, joint)
        self.transformer = bert(text, pooled=False)
        self.text_projection = nn.Parameter(torch.zeros(self.transformer.config.hidden_size, joint))
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens, their mean, and its projection, which is not normalised."""
        tokens = self.visual.trunk(images)
        pooled = tokens.mean(1)
        return {"tokens": tokens, "pooler": pooled, "projection": self.visual.head(pooled)}

    def encode_text(self, ids: Tensor) -> Tensor:
        """Vectors [B, joint], not normalised, of ids [B, L] filled up with 0."""
        vectors: Tensor = read(self.transformer, ids).last_hidden_state[:, 0] @ self.text_projection
        return vectors

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Each tower with its projection, and both with the scale of the contrast."""
        text = [*self.transformer.parameters(), self.text_projection]
        return {"image-encoder": list(self.visual.parameters()), "text-encoder": text, "full-model": list(self.parameters())}


def build(
    side: int = 448,
    width: int = 96,
    depths: tuple[int, ...] = (2, 2, 6, 2),
    heads: tuple[int, ...] = (3, 6, 12, 24),
    joint: int = 512,
    **text: Any,
) -> MiZero:
    """MI-Zero with PubMedBERT, unless told otherwise; all other keywords are fields of the BERT's configuration."""
    return MiZero(ConvStemSwin(width, tuple(depths), tuple(heads), 7, side), joint, text)
