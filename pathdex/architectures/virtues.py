"""VirTues: the encoder for images of any number of protein markers, each known by its protein's embedding in ESM-2."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle, scaled_dot_product_attention

PATCH, SIDE, PLACES = 8, 128, 1200


class AxisRotation(nn.Module):
    """Sines and cosines by place along one axis; they lie in the released files."""

    sin: Tensor
    cos: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        speeds = 10000.0 ** (-torch.arange(0, width, 2) / width)
        angles = (torch.arange(PLACES)[:, None] * speeds).repeat(1, 2)
        self.register_buffer("sin", angles.sin())
        self.register_buffer("cos", angles.cos())

    def forward(self, heads: Tensor, places: Tensor) -> Tensor:
        """[..., N, width] turned by the places [N]."""
        left, right = heads.chunk(2, dim=-1)
        turned: Tensor = heads * self.cos[places] + torch.cat([-right, left], dim=-1) * self.sin[places]
        return turned


class Rotation(nn.Module):
    """The first half of each head turns with the row, the second with the column."""

    def __init__(self, head: int) -> None:
        super().__init__()
        self.rope1d = AxisRotation(head // 2)

    def forward(self, heads: Tensor, columns: int) -> Tensor:
        """[..., N, head], places row by row."""
        places = torch.arange(heads.shape[-2], device=heads.device)
        first, second = heads.chunk(2, dim=-1)
        return torch.cat([self.rope1d(first, places // columns), self.rope1d(second, places % columns)], dim=-1)


class Attention(nn.Module):
    """Attention along the last axis but one of tokens [..., N, width]; among places with rotation, among markers without."""

    def __init__(self, width: int, heads: int, among_places: bool) -> None:
        super().__init__()
        self.heads = heads
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))
        self.pos_emb = Rotation(width // heads) if among_places else None

    def forward(self, tokens: Tensor, columns: int) -> Tensor:
        """Tokens of the same shape."""
        queries, keys, values = (
            layer(tokens).unflatten(-1, (self.heads, -1)).transpose(-2, -3) for layer in (self.W_q, self.W_k, self.W_v)
        )
        if self.pos_emb:
            queries, keys = self.pos_emb(queries, columns), self.pos_emb(keys, columns)
        mixed: Tensor = self.W_o(scaled_dot_product_attention(queries, keys, values).transpose(-2, -3).flatten(-2))
        return mixed


class Layer(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, hidden: int, heads: int, among_places: bool) -> None:
        super().__init__()
        self.among_places = among_places
        self.layernorm1 = nn.LayerNorm(width)
        self.multi_head_attention = Attention(width, heads, among_places)
        self.layernorm2 = nn.LayerNorm(width)
        # The third step drops out in training; its place is kept for the names.
        self.feedforward = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Identity(), nn.Linear(hidden, width))

    def forward(self, tokens: Tensor, columns: int) -> Tensor:
        """Tokens [B, 1 + markers, places, width] of the same shape."""
        tokens = tokens if self.among_places else tokens.transpose(1, 2)
        tokens = tokens + self.multi_head_attention(self.layernorm1(tokens), columns)
        tokens = tokens + self.feedforward(self.layernorm2(tokens))
        return tokens if self.among_places else tokens.transpose(1, 2)


class VirTues(nn.Module):
    """Reads images [B, M, H, W], sides a multiple of 8, and the embeddings [B, M, protein] of the markers' proteins."""

    def __init__(self, width: int, hidden: int, heads: int, pattern: str, protein: int) -> None:
        super().__init__()
        self.protein = protein
        self.patch_summary_token = nn.Parameter(torch.zeros(width))
        self.patch_encoder = nn.Linear(PATCH * PATCH, width)
        self.prior_embedding_encoder = nn.Linear(protein, width)
        layers = (Layer(width, hidden, heads, among_places=letter == "h") for letter in pattern)
        self.encoder = nn.ModuleList(nn.ModuleDict({"encoder_layer": layer}) for layer in layers)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, images: Tensor, proteins: Tensor) -> Tensor:
        """Normalised tokens [B, 1 + markers, places, width]; the first of each place sums up all its markers."""
        columns = images.shape[-1] // PATCH
        patches = pixel_unshuffle(images.unsqueeze(2), PATCH).flatten(3).transpose(2, 3)
        marked = self.patch_encoder(patches) + self.prior_embedding_encoder(proteins)[:, :, None]
        summary = self.patch_summary_token.expand(len(images), 1, marked.shape[2], -1)
        tokens = torch.cat([summary, marked], dim=1)
        for block in self.encoder:
            tokens = block["encoder_layer"](tokens, columns)  # type: ignore[index]
        normed: Tensor = self.layer_norm(tokens)
        return normed

    def represent(self, images: Tensor, proteins: Tensor) -> dict[str, Any]:
        """The summary token of each place, row by row; there is no class token."""
        return {"tokens": self(images, proteins)[:, 0]}

    def example(self) -> tuple[Tensor, Tensor]:
        """One crop of two markers."""
        return torch.zeros(1, 2, SIDE, SIDE), torch.zeros(1, 2, self.protein)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(width: int = 512, hidden: int = 1024, heads: int = 8, pattern: str = "hvhvhvhvhvhvhvhv", protein: int = 640) -> VirTues:
    """The encoder of the authors' base configuration; a layer mixes places at an h, markers at a v."""
    return VirTues(width, hidden, heads, pattern, protein)
