"""STPath: a transformer over the spots of a slide that tells the expression of 38,984 gene tokens at each."""

from typing import Any

import torch
from torch import Tensor, nn

MASKED = 1
"""The gene token of a spot whose expression is not known; the token before it pads."""
REACH = 100.0
"""Coordinates are stretched until the slide has this length along each of its sides, whatever its form."""


class Attention(nn.Module):
    """Attention whose scores hang on the distance between spots as well.

    The released layer also weighs the two coordinates in the main axes of the other spots' places, and takes the mean over the
    four ways of pointing these axes. The layer is linear, so the two cancel, and of its three weights the distance's remains.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.layernorm_qkv = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3 * width))
        self.W_output = nn.Sequential(nn.Linear(width, width))
        self.edge_bias = nn.Sequential(nn.Linear(3, heads, bias=False))

    def forward(self, spots: Tensor, distances: Tensor) -> Tensor:
        """Spots [N, width] and their distances [N, N] to spots of the same shape."""
        queries, keys, values = self.layernorm_qkv(spots).unflatten(-1, (3, self.heads, -1)).permute(1, 2, 0, 3)
        edges: Any = self.edge_bias[0]
        bias = edges.weight[:, -1, None, None] * distances
        mixed = nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        out: Tensor = self.W_output(mixed.transpose(0, 1).flatten(1))
        return out


class FeedForward(nn.Module):
    """Two layers with a norm between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, spots: Tensor) -> Tensor:
        """Spots of the same shape."""
        out: Tensor = self.fc2(self.norm(nn.functional.gelu(self.fc1(spots))))
        return out


class Block(nn.Module):
    """Attention, then feed-forward, each beside a way past it."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.attn = Attention(width, heads)
        self.mlp = FeedForward(width, hidden)

    def forward(self, spots: Tensor, distances: Tensor) -> Tensor:
        """Spots of the same shape."""
        spots = spots + self.attn(spots, distances)
        out: Tensor = spots + self.mlp(spots)
        return out


class STPath(nn.Module):
    """Sums what is known of each spot, mixes the spots, and reads the genes from them."""

    def __init__(self, tile: int, genes: int, technologies: int, organs: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.tile = tile
        self.input_encoder = nn.ModuleDict(
            {
                "image_embed": nn.Linear(tile, width),
                "gene_embed": nn.Linear(genes, width, bias=False),
                "tech_embed": nn.Embedding(technologies, width),
                "organ_embed": nn.Embedding(organs, width),
            }
        )
        self.model = nn.ModuleDict({"blks": nn.ModuleList(Block(width, heads, 2 * width) for _ in range(depth))})
        self.gene_exp_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, genes))

    def forward(
        self, features: Tensor, places: Tensor, technology: Tensor, organ: Tensor, known: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Spots [N, width] and log(1 + expression) [N, genes] of one slide's spots.

        Features [N, tile] and places [N, 2] in any unit; `technology` and `organ` [N] are numbers of the authors' lists; `known`
        [N, genes] is log(1 + expression) where it was measured, and one at token 1 alone where not.
        """
        given: Any = self.input_encoder
        genes = given["gene_embed"].weight[:, MASKED] if known is None else given["gene_embed"](known)
        spots = given["image_embed"](features) + genes + given["tech_embed"](technology) + given["organ_embed"](organ)
        distances = apart(places).to(spots.dtype)
        blocks: Any = self.model["blks"]
        for block in blocks:
            spots = block(spots, distances)
        return spots, self.gene_exp_head(spots)

    def represent(
        self,
        features: Tensor,
        places: Tensor,
        technology: Tensor | None = None,
        organ: Tensor | None = None,
        known: Tensor | None = None,
    ) -> dict[str, Any]:
        """The spots of one slide as a batch of N: a token each [N, 1, width], and as projection log(1 + expression) [N, genes].

        What `forward` takes; left out, technology and organ are padding, as in the authors' program.
        """
        padding = torch.zeros(len(features), dtype=torch.long, device=features.device)
        technology = padding if technology is None else technology
        organ = padding if organ is None else organ
        spots, genes = self(features, places, technology, organ, known)
        return {"tokens": spots.unsqueeze(1), "projection": genes}

    def example(self) -> tuple[Tensor, Tensor]:
        """Sixteen spots in a square."""
        return torch.zeros(16, self.tile), torch.cartesian_prod(torch.arange(4), torch.arange(4))

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """All but the head as slide encoder, the head as decoder, and the whole."""
        decoder = list(self.gene_exp_head.parameters())
        encoder = [*self.input_encoder.parameters(), *self.model.parameters()]
        return {"slide-encoder": encoder, "decoder": decoder, "full-model": [*encoder, *decoder]}


def apart(places: Tensor) -> Tensor:
    """Distances [N, N] between places [N, 2] after each coordinate is stretched to run from 0 to 100."""
    places = places.float()
    lowest, highest = places.amin(0), places.amax(0)
    places = (places - lowest) / (highest - lowest) * REACH
    distances: Tensor = torch.linalg.vector_norm(places.unsqueeze(1) - places.unsqueeze(0), dim=-1)
    return distances


def build(
    tile: int = 1536,
    genes: int = 38_984,
    technologies: int = 5,
    organs: int = 25,
    width: int = 512,
    depth: int = 4,
    heads: int = 4,
) -> STPath:
    """The released network, over features of Prov-GigaPath."""
    return STPath(tile, genes, technologies, organs, width, depth, heads)
