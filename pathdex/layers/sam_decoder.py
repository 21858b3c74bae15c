"""SAM's prompts and its mask decoder, with the names of the authors' tensors."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from pathdex.layers.sam_vit import ChannelNorm

NOTHING = -1
BOX = (2, 3)
"""Labels: -1 is no point, 0 a point of the background, 1 a point of the object, 2 and 3 the corners of a box."""


class Places(nn.Module):
    """Places between 0 and 1 as sines and cosines of fixed random mixtures of them."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.zeros(2, width))

    def forward(self, places: Tensor) -> Tensor:
        """[..., 2], across and down, to [..., 2 width]."""
        mixed = 2 * math.pi * ((2 * places - 1) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([mixed.sin(), mixed.cos()], dim=-1)


class Prompts(nn.Module):
    """Points and the corners of boxes as tokens; masks as maps are kept, because the file holds their part, but not read."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pe_layer = Places(width // 2)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, width) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, width)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, kernel_size=2, stride=2),
            ChannelNorm(4),
            nn.GELU(),
            nn.Conv2d(4, 16, kernel_size=2, stride=2),
            ChannelNorm(16),
            nn.GELU(),
            nn.Conv2d(16, width, kernel_size=1),
        )
        self.no_mask_embed = nn.Embedding(1, width)

    def forward(self, points: Tensor, labels: Tensor, side: int) -> Tensor:
        """Points [B, N, 2] in pixels, across and down, of an image of `side` pixels, and labels [B, N], to [B, N, width]."""
        kinds = [self.not_a_point_embed, *self.point_embeddings]
        table = torch.cat([kind.get_parameter("weight") for kind in kinds])
        codes = self.pe_layer((points + 0.5) / side)
        known: Tensor = (labels != NOTHING).to(codes.dtype)[..., None]
        tokens: Tensor = codes * known + table[labels + 1]
        return tokens

    def grid(self, rows: int, columns: int) -> Tensor:
        """Codes of the places in an image's map, [1, width, rows, columns]."""
        device = self.pe_layer.positional_encoding_gaussian_matrix.device
        down = (torch.arange(rows, device=device) + 0.5) / rows
        across = (torch.arange(columns, device=device) + 0.5) / columns
        places = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1)
        codes: Tensor = self.pe_layer(places)
        return codes.permute(2, 0, 1)[None]


class Attention(nn.Module):
    """Attention within `inner` numbers a token, between tokens that may come from two places."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """[B, N, width] of the queries' length."""
        pairs = ((self.q_proj, queries), (self.k_proj, keys), (self.v_proj, values))
        each = [layer(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer, tokens in pairs]
        out: Tensor = self.out_proj(scaled_dot_product_attention(*each).transpose(1, 2).flatten(2))
        return out


class Layers(nn.Module):
    """Linear layers with a ReLU between two."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(one, two) for one, two in pairwise(widths))

    def forward(self, tokens: Tensor) -> Tensor:
        """[..., first width] to [..., last width]."""
        for layer in self.layers[:-1]:
            tokens = relu(layer(tokens))
        out: Tensor = self.layers[-1](tokens)
        return out


class Hidden(nn.Module):
    """Two layers with a ReLU between them, under other names."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        out: Tensor = self.lin2(relu(self.lin1(tokens)))
        return out


class TwoWays(nn.Module):
    """Tokens look at each other and at the image, then the image looks at them."""

    def __init__(self, width: int, heads: int, hidden: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = Attention(width, heads, width)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Hidden(width, hidden)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = Attention(width, heads, width // 2)

    def forward(self, tokens: Tensor, image: Tensor, given: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Both as they come out; `given` are the tokens as they first came, `places` the codes of the image's places."""
        placed = tokens if self.first else tokens + given
        mixed = self.self_attn(placed, placed, tokens)
        tokens = self.norm1(mixed if self.first else tokens + mixed)
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + given, image + places, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token(image + places, tokens + given, tokens))
        return tokens, image


class Transformer(nn.Module):
    """Two layers both ways, and a last look of the tokens at the image."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWays(width, heads, hidden, first=not number) for number in range(2))
        self.final_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, given: Tensor, image: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens [B, N, width] and the image's [B, rows * columns, width]."""
        tokens = given
        for layer in self.layers:
            tokens, image = layer(tokens, image, given, places)
        last = self.final_attn_token_to_image(tokens + given, image + places, image)
        return self.norm_final_attn(tokens + last), image


class MaskDecoder(nn.Module):
    """Four masks for one prompt: the first for a clear one, three for a part, a thing and a whole."""

    def __init__(self, width: int, masks: int = 4) -> None:
        super().__init__()
        self.transformer = Transformer(width, heads=8, hidden=2048)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(masks, width)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(width, width // 4, kernel_size=2, stride=2),
            ChannelNorm(width // 4),
            nn.GELU(),
            nn.ConvTranspose2d(width // 4, width // 8, kernel_size=2, stride=2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(Layers(width, width, width, width // 8) for _ in range(masks))
        self.iou_prediction_head = Layers(width, 256, 256, masks)

    def forward(self, image: Tensor, places: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """Masks [B, masks, 4 rows, 4 columns], scores before any sigmoid, and the overlap foretold for each, [B, masks]."""
        rows, columns = image.shape[-2:]
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(len(prompts), -1, -1)
        cells, codes = image.flatten(2).transpose(1, 2), places.flatten(2).transpose(1, 2)
        tokens, cells = self.transformer(torch.cat([own, prompts], dim=1), cells, codes)
        large = self.output_upscaling(cells.transpose(1, 2).reshape(len(cells), -1, rows, columns))
        kernels = torch.stack([mlp(tokens[:, 1 + number]) for number, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        return torch.einsum("bmc,bchw->bmhw", kernels, large), self.iou_prediction_head(tokens[:, 0])
