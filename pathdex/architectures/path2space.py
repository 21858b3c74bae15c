"""Path2Space: 154 networks of two layers, 22 outer folds by 7 inner ones, whose mean is a tile's gene expression."""

from typing import Any

import torch
from torch import Tensor, nn


class Member(nn.Module):
    """One network: both layers end in a rectifier, so that expression is never below zero."""

    def __init__(self, width: int, genes: int) -> None:
        super().__init__()
        self.layer0 = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.layer1 = nn.Sequential(nn.Linear(width, genes), nn.ReLU())

    def forward(self, tiles: Tensor) -> Tensor:
        """Features [B, width] to expression [B, genes]."""
        genes: Tensor = self.layer1(self.layer0(tiles))
        return genes


class Path2Space(nn.ModuleDict):
    """The members by the names of the folders that their files lie in, result_<outer fold>_<inner fold>_0."""

    def __init__(self, width: int, genes: int, outer: int, inner: int) -> None:
        folds = [(one, two) for one in range(outer) for two in range(inner)]
        super().__init__({f"result_{one}_{two}_0": Member(width, genes) for one, two in folds})
        self.width = width

    def adapted(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """The tensors of all members; each file is named model_trained in its folder."""
        return {name.replace(".model_trained.", ".", 1): one for name, one in tensors.items()}

    def represent(self, tiles: Tensor) -> dict[str, Any]:
        """Of features [B, width]: themselves as tokens [B, 1, width], and the mean of all members as `projection` [B, genes]."""
        total: Any = 0
        for member in self.values():
            total = total + member(tiles)
        return {"tokens": tiles.unsqueeze(1), "projection": total / len(self)}

    def example(self) -> tuple[Tensor]:
        """One tile."""
        return (torch.zeros(1, self.width),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """All members are the whole."""
        return {"full-model": list(self.parameters())}


def build(width: int = 768, genes: int = 14_068, outer: int = 22, inner: int = 7) -> Path2Space:
    """The released ensemble, over features of CTransPath."""
    return Path2Space(width, genes, outer, inner)
