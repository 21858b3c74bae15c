"""GenBio-PathFM: a ViT of one colour channel with rotary positions, which reads red, green and blue one by one."""

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.vit import Block, GatedFeedForward, PatchEmbedding


class RotaryPositions(nn.Module):
    """Angles by place in the grid, in bfloat16 as in training, whatever the network's precision; the periods lie in the file."""

    def __init__(self, head: int, base: float = 100.0) -> None:
        super().__init__()
        exponents = 2 * torch.arange(head // 4, dtype=torch.bfloat16) / (head // 2)
        self.periods: Tensor
        self.register_buffer("periods", base**exponents)

    def forward(self, rows: int, columns: int) -> tuple[Tensor, Tensor]:
        """Sines and cosines [rows * columns, head]; places run from -1 to 1 along each side."""
        down, across = (self._along(number) for number in (rows, columns))
        grid = torch.stack(torch.meshgrid(down, across, indexing="ij"), dim=-1)
        places = grid.flatten(0, 1).to(torch.bfloat16) * 2.0 - 1.0
        angles = (2 * math.pi * places[:, :, None] / self.periods.to(places.dtype)).flatten(1).tile(2)
        return torch.sin(angles), torch.cos(angles)

    def _along(self, number: int) -> Tensor:
        places = torch.arange(0.5, number, device=self.periods.device, dtype=torch.bfloat16) / number
        return places.float()  # rounded already; joining tensors of bfloat16 is refused where float16 is cast to automatically


def turned(sines: Tensor, cosines: Tensor, heads: Tensor) -> Tensor:
    """Queries or keys [B, heads, N, head], the last tokens of which are rotated by their angles; all pass through bfloat16."""
    first, last = heads[..., : -len(sines), :], heads[..., -len(sines) :, :]
    left, right = last.chunk(2, dim=-1)
    across = torch.cat([-right, left], dim=-1)
    rotated = last.to(sines.dtype) * cosines + across.to(sines.dtype) * sines
    return torch.cat([first.to(sines.dtype).to(heads.dtype), rotated.to(heads.dtype)], dim=-2)


class GenBioPathFM(nn.Module):
    """Reads tiles [B, 3, H, W]; each colour passes the network as an image of its own."""

    def __init__(self, width: int, depth: int, heads: int, patch: int, registers: int, side: int) -> None:
        super().__init__()
        self.side, self.patch = side, patch
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.storage_tokens = nn.Parameter(torch.zeros(1, registers, width))
        self.patch_embed = PatchEmbedding(patch, width, channels=1)
        self.rope_embed = RotaryPositions(width // heads)
        hidden = math.ceil(int(4 * width * 2 / 3) / 64) * 64
        blocks = (Block(width, heads, GatedFeedForward(width, hidden), scaled=True, bias=False) for _ in range(depth))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor) -> Tensor:
        """Images of one channel [B, 1, H, W] to normalised tokens: class, registers, patches."""
        angles = self.rope_embed(images.shape[-2] // self.patch, images.shape[-1] // self.patch)
        first = torch.cat([self.cls_token, self.storage_tokens], dim=1).expand(len(images), -1, -1)
        tokens = torch.cat([first, self.patch_embed(images)], dim=1)
        for block in self.blocks:
            tokens = block(tokens, partial(turned, *angles))
        normed: Tensor = self.norm(tokens)
        return normed

    def represent(self, images: Tensor) -> dict[str, Any]:
        """Tokens [B, N, 3 * width]: those of red, green and blue at one place are joined."""
        tokens = self(images.flatten(0, 1).unsqueeze(1)).unflatten(0, (len(images), images.shape[1]))
        prefix = 1 + self.storage_tokens.shape[1]
        return {"tokens": tokens.transpose(1, 2).flatten(2), "prefix": prefix, "has_class": True}

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def build(
    width: int = 1536, depth: int = 40, heads: int = 24, patch: int = 16, registers: int = 4, side: int = 224
) -> GenBioPathFM:
    """The released ViT-g/16."""
    return GenBioPathFM(width, depth, heads, patch, registers, side)
