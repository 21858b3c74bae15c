"""What guides ZoomLDM: features of a region's tiles and its magnification, summarised by a small ViT."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d


class ZoomCondition(nn.Module):
    """Reads features of UNI [B, features, h, w], one a tile of 256 pixels at 20x, and magnifications [B].

    A magnification is a number: 0 is 20x, 1 is 10x, and so on to 7, which is 0.15625x. More than 8 x 8 tiles are averaged.
    """

    places = 64

    def __init__(self, features: int, width: int, depth: int, heads: int, hidden: int, levels: int) -> None:
        super().__init__()
        from torchvision.models.vision_transformer import Encoder

        self.features = features
        self.mag_embedding = nn.Embedding(levels, width)
        self.dim_reduce = nn.Linear(features, width)
        self.pad_token = nn.Parameter(torch.zeros(1, 1, width))
        self.encoder = Encoder(self.places + 1, depth, heads, width, hidden, dropout=0.0, attention_dropout=0.0)
        self.final_proj = nn.Linear(width, width)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, features: Tensor, magnification: Tensor) -> Tensor:
        """Tokens [B, 65, width]: the magnification, then 64 places, whose middle holds the tiles where they are fewer."""
        if min(features.shape[-2:]) > 8:
            features = adaptive_avg_pool2d(features, (8, 8))
        tiles = features.shape[-2] * features.shape[-1]
        if features.shape[1] != self.features or tiles > self.places or (tiles % 2 and tiles > 1):
            raise ValueError(
                f"features have shape {tuple(features.shape)}; give [B, {self.features}, h, w] with sides 1, 2, 4 or 8"
            )
        # As in training, each tile's features have mean 0 and variance 1.
        normed = (features - features.mean(1, keepdim=True)) / (features.std(1, keepdim=True) + 1e-8)
        grid = self.pad_token.expand(len(features), self.places, -1).clone()
        before = self.places // 2 - tiles // 2
        grid[:, before : before + tiles] = self.dim_reduce(normed.flatten(2).transpose(1, 2))
        tokens = torch.cat([self.mag_embedding(magnification)[:, None], grid], dim=1)
        out: Tensor = self.layer_norm(self.final_proj(self.encoder(tokens)))
        return out

    def nothing(self, count: int) -> Tensor:
        """Zeros, which stand for no condition."""
        width = self.layer_norm.normalized_shape[0]
        return torch.zeros(count, self.places + 1, width, device=self.pad_token.device)

    def represent(self, features: Tensor, magnification: Tensor) -> dict[str, Any]:
        """The tokens."""
        return {"tokens": self(features, magnification), "prefix": 1, "has_class": True}

    def example(self) -> tuple[Tensor, Tensor]:
        """One region of 8 x 8 tiles."""
        return torch.zeros(1, self.features, 8, 8), torch.zeros(1, dtype=torch.long)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One network, which summarises."""
        return {"full-model": list(self.parameters())}


def build(
    features: int = 1024, width: int = 512, depth: int = 12, heads: int = 8, hidden: int = 2048, levels: int = 8
) -> ZoomCondition:
    """The released network for breast tissue."""
    return ZoomCondition(features, width, depth, heads, hidden, levels)
