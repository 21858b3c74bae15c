"""SEQUOIA: blocks that mix a slide's hundred clusters of tiles through their mean, then the expression of 20,820 genes."""

from typing import Any

import torch
from torch import Tensor, nn


class Mixer(nn.Module):
    """One head: each cluster's own summary beside the summary that all share."""

    def __init__(self, width: int, head: int) -> None:
        super().__init__()
        self.local_norm, self.summary_norm = nn.LayerNorm(head), nn.LayerNorm(head)
        self.s, self.f = nn.Linear(width, head), nn.Linear(width, head)
        self.c = nn.Linear(2 * head, head)

    def forward(self, clusters: Tensor) -> Tensor:
        """Clusters [B, N, width] to [B, N, head]; the cost grows with N and not with its square."""
        own = nn.functional.gelu(self.local_norm(self.f(clusters)))
        common = nn.functional.gelu(self.summary_norm(self.s(clusters).mean(1, keepdim=True)))
        return nn.functional.gelu(self.c(torch.cat([own, common.expand_as(own)], dim=-1)))


class Heads(nn.Module):
    """Several mixers side by side and a layer that joins them."""

    def __init__(self, width: int, heads: int, head: int) -> None:
        super().__init__()
        self.mixers = nn.ModuleList(Mixer(width, head) for _ in range(heads))
        self.projection = nn.Linear(heads * head, width)

    def forward(self, clusters: Tensor) -> Tensor:
        """Clusters of the same shape."""
        joined: Tensor = self.projection(torch.cat([mixer(clusters) for mixer in self.mixers], dim=-1))
        return joined


class FeedForward(nn.Module):
    """A norm and two layers that keep the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, clusters: Tensor) -> Tensor:
        """Clusters of the same shape."""
        out: Tensor = self.net(clusters)
        return out


class Sequoia(nn.Module):
    """Reads the means of a slide's clusters [B, clusters, width]."""

    def __init__(self, genes: int, width: int, depth: int, heads: int, head: int, clusters: int) -> None:
        super().__init__()
        self.pos_emb1D = nn.Parameter(torch.zeros(clusters, width))
        layers = (nn.ModuleList([Heads(width, heads, head), FeedForward(width)]) for _ in range(depth))
        self.transformer = nn.ModuleDict({"layers": nn.ModuleList(layers)})
        self.linear_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, genes))

    def represent(self, clusters: Tensor) -> dict[str, Any]:
        """The clusters as tokens of the same shape, their mean as `pooler` [B, width], the genes as `projection` [B, genes]."""
        tokens = clusters + self.pos_emb1D
        blocks: Any = self.transformer["layers"]
        for mix, feed in blocks:
            tokens = tokens + mix(tokens)
            tokens = tokens + feed(tokens)
        slide = tokens.mean(1)
        return {"tokens": tokens, "pooler": slide, "projection": self.linear_head(slide)}

    def example(self) -> tuple[Tensor]:
        """One slide."""
        return (torch.zeros(1, *self.pos_emb1D.shape),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """All but the head as slide encoder, the head as decoder, and the whole."""
        encoder = [self.pos_emb1D, *self.transformer.parameters()]
        decoder = list(self.linear_head.parameters())
        return {"slide-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def build(
    genes: int = 20_820, width: int = 1024, depth: int = 6, heads: int = 16, head: int = 64, clusters: int = 100
) -> Sequoia:
    """A released network, over features of UNI; all 80 have this shape."""
    return Sequoia(genes, width, depth, heads, head, clusters)
