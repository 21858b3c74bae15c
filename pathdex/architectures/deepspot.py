"""DeepSpot: the median of ten layers for each tile, then the mean of ten for the spot, its parts and its neighbours together."""

from typing import Any

import torch
from torch import Tensor, nn

PARTS = 9
"""Tiles that a spot is cut into."""


class Phi(nn.Module):
    """A layer and a rectifier on one tile."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Linear(width, hidden), nn.Identity(), nn.ReLU())

    def forward(self, tiles: Tensor) -> Tensor:
        """Features [..., width] to [..., hidden]."""
        out: Tensor = self.model(tiles)
        return out


class Rho(nn.Module):
    """A rectifier and a layer on what stands for a spot; the first and last places of `model` are dropout's in training."""

    def __init__(self, width: int, genes: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Identity(), nn.ReLU(), nn.Linear(width, genes))

    def forward(self, spots: Tensor) -> Tensor:
        """Spots [B, width] to [B, genes]."""
        out: Tensor = self.model(spots)
        return out


class DeepSpot(nn.Module):
    """Reads features of a frozen encoder, three sets a spot."""

    def __init__(self, width: int, genes: int, hidden: int, members: int) -> None:
        super().__init__()
        self.width = width
        self.phi_spot = nn.ModuleList(Phi(width, hidden) for _ in range(members))
        self.rho = nn.ModuleList(Rho(3 * hidden, genes) for _ in range(members))

    def represent(self, spot: Tensor, parts: Tensor, neighbours: Tensor) -> dict[str, Any]:
        """Of features of spots [B, 1, width], their parts [B, P, width] and the spots around them [B, N, width].

        A token each [B, 1, 3 * hidden], of the spot, the sum over its parts and the greatest of its neighbours, and as
        `projection` the expression [B, genes] as training had it, scaled gene by gene; the scale is not among the weights.
        """
        joined = torch.cat([self._median(spot).flatten(1), self._median(parts).sum(1), self._median(neighbours).amax(1)], dim=-1)
        return {"tokens": joined.unsqueeze(1), "projection": torch.stack([rho(joined) for rho in self.rho]).mean(0)}

    def _median(self, tiles: Tensor) -> Tensor:
        """The median over the members of each number, [..., hidden]; of an even number of members the lower of the middle two."""
        return torch.stack([phi(tiles) for phi in self.phi_spot]).median(0).values

    def example(self) -> tuple[Tensor, Tensor, Tensor]:
        """One spot, cut into nine, with eight around it."""
        return torch.zeros(1, 1, self.width), torch.zeros(1, PARTS, self.width), torch.zeros(1, 8, self.width)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The whole."""
        return {"full-model": list(self.parameters())}


def build(width: int = 1024, genes: int = 5000, hidden: int = 512, members: int = 10) -> DeepSpot:
    """The network for the colon, over features of UNI."""
    return DeepSpot(width, genes, hidden, members)
