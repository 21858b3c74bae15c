"""The slide encoder of CHIEF: gated attention over the tile features of its CTransPath, and a prompt for the organ."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.gated_attention import GatedAttention

ORGANS = 19
TEXT = 768


class Head(nn.Module):
    """A score between 0 and 1 for one tile, from pretraining; the slide's vector does without it."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, 1)


class Chief(nn.Module):
    """Weighs tiles; classifiers and head are kept because the released file holds them."""

    organ_embedding: Tensor

    def __init__(self, tile: int, width: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.tile = tile
        gate = GatedAttention(width, hidden)
        # The place that dropout has in training stays free, so that the gate has the number 3.
        self.attention_net = nn.Sequential(nn.Linear(tile, width), nn.ReLU(), nn.Identity(), gate)
        self.classifiers = nn.Linear(width, classes)
        self.instance_classifiers = nn.ModuleList(nn.Linear(width, 2) for _ in range(classes))
        self.att_head = Head(width, hidden)
        self.text_to_vision = nn.Sequential(nn.Linear(TEXT, width), nn.ReLU())
        self.register_buffer("organ_embedding", torch.zeros(ORGANS, TEXT))

    def represent(self, features: Tensor, organ: Tensor) -> dict[str, Any]:
        """From features [1, N, tile] of 10x tiles and the organ's number [1], 0 to 18.

        `attention` is the slide's vector [1, tile], the tile features weighted as they came in; the organ does not change it.
        `pooler` is the pooled hidden layer with the organ's text added to it, [1, width]; it alone feeds the classifier.
        """
        hidden = self.attention_net[:3](features)
        weights = torch.softmax(self.attention_net[3](hidden), dim=1)
        prompt = self.text_to_vision(self.organ_embedding[organ])
        return {"tokens": hidden, "attention": (weights * features).sum(1), "pooler": (weights * hidden).sum(1) + prompt}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen tiles, and the first organ."""
        return torch.zeros(1, 16, self.tile), torch.zeros(1, dtype=torch.long)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One slide encoder, its heads included."""
        return {"slide-encoder": list(self.parameters())}


def build(tile: int = 768, width: int = 512, hidden: int = 256, classes: int = 2) -> Chief:
    """The released network, unless told otherwise."""
    return Chief(tile, width, hidden, classes)
