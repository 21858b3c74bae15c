"""KRONOS: a ViT for images of any number of protein markers, each patch of each marker a token of its own."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.vit import Block, FeedForward, PatchEmbedding, stretched

PATCH, SIDE = 16, 224


class Kronos(nn.Module):
    """Reads images [B, M, H, W] of M markers and the markers' numbers [B, M]."""

    def __init__(self, width: int, depth: int, heads: int, stride: int, registers: int, share: int, every_block: bool) -> None:
        super().__init__()
        self.stride, self.every_block = stride, every_block
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, registers, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (SIDE // PATCH) ** 2, width))
        self.patch_embed = PatchEmbedding(PATCH, width, channels=1, stride=stride)
        # Each chunk counts its blocks from the first of all, so the names have two numbers.
        self.blocks = nn.ModuleList(
            nn.ModuleDict({str(number): _block(width, heads) for number in range(first, min(first + share, depth))})
            for first in range(0, depth, share)
        )
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images: Tensor, markers: Tensor) -> Tensor:
        """Normalised tokens: class, registers, then the patches of the first marker row by row, of the second, and so on."""
        rows, columns = ((length - PATCH) // self.stride + 1 for length in images.shape[-2:])
        number = images.shape[1]
        patches = self.patch_embed(images.flatten(0, 1).unsqueeze(1)).unflatten(0, (len(images), number))
        table = stretched(self.pos_embed, rows, columns)
        patches = patches + marker_codes(markers, patches.shape[-1]).to(patches.dtype)[:, :, None] + table[:, None, 1:]
        first = torch.cat([self.cls_token + table[:, :1], self.register_tokens], dim=1).expand(len(images), -1, -1)
        tokens = torch.cat([first, patches.flatten(1, 2)], dim=1)
        for block in self._run():
            tokens = block(tokens)
        normed: Tensor = self.norm(tokens)
        return normed

    def _run(self) -> list[nn.Module]:
        """The blocks that a forward pass takes."""
        chunks = [list(chunk.values()) for chunk in self.blocks if isinstance(chunk, nn.ModuleDict)]
        return [block for blocks in chunks for block in (blocks if self.every_block else blocks[:1])]

    def represent(self, images: Tensor, markers: Tensor) -> dict[str, Any]:
        """The tokens; their mean is one over patches and markers."""
        return {"tokens": self(images, markers), "prefix": 1 + self.register_tokens.shape[1], "has_class": True}

    def example(self) -> tuple[Tensor, Tensor]:
        """One image of two markers."""
        return torch.zeros(1, 2, SIDE, SIDE), torch.arange(4, 6)[None]

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One image encoder."""
        return {"image-encoder": list(self.parameters())}


def _block(width: int, heads: int) -> Block:
    return Block(width, heads, FeedForward(width, 4 * width), scaled=True)


def marker_codes(markers: Tensor, width: int) -> Tensor:
    """A code of sines and cosines for each marker's number: [B, M] to [B, M, width]."""
    half = width // 2
    speeds = 10000.0 ** -(torch.arange(half, dtype=torch.float64, device=markers.device) / half)
    angles = markers[..., None] * speeds
    return torch.cat([angles.sin(), angles.cos()], dim=-1).float()


def build(
    width: int = 384,
    depth: int = 12,
    heads: int = 6,
    stride: int = 16,
    registers: int = 16,
    share: int = 3,
    every_block: bool = False,
) -> Kronos:
    """The released ViT-S/16; with `stride` 8 the patches overlap.

    Blocks lie in chunks of `share`. The authors' forward pass leaves each chunk after its first block, and so does this one
    unless it is told to take every block.
    """
    return Kronos(width, depth, heads, stride, registers, share, every_block)
