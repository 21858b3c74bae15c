"""Blocks of the autoencoder of latent diffusion, with the tensor names of its first authors' code."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from pathdex.layers.latent_unet import Larger


def norm(width: int) -> nn.GroupNorm:
    """Norm over 32 groups of channels."""
    return nn.GroupNorm(32, width, eps=1e-6)


class Step(nn.Module):
    """Two convolutions after norms, beside a way that leaves them out."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = norm(width), nn.Conv2d(width, out, kernel_size=3, padding=1)
        self.norm2, self.conv2 = norm(out), nn.Conv2d(out, out, kernel_size=3, padding=1)
        self.nin_shortcut = nn.Conv2d(width, out, kernel_size=1) if width != out else None

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W]."""
        inner = self.conv2(silu(self.norm2(self.conv1(silu(self.norm1(grid))))))
        out: Tensor = inner + (grid if self.nin_shortcut is None else self.nin_shortcut(grid))
        return out


class Looking(nn.Module):
    """All places look at each other, with one head."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = norm(width)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, kernel_size=1) for _ in range(4))

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        normed = self.norm(grid)
        each = [layer(normed).flatten(2).transpose(1, 2)[:, None] for layer in (self.q, self.k, self.v)]
        seen = scaled_dot_product_attention(*each)[:, 0].transpose(1, 2).reshape(grid.shape)
        out: Tensor = grid + self.proj_out(seen)
        return out


class Middle(nn.Module):
    """Two steps with attention between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = Step(width, width), Looking(width), Step(width, width)

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        out: Tensor = self.block_2(self.attn_1(self.block_1(grid)))
        return out


class Level(nn.Module):
    """Steps at one size, and a larger map after them."""

    def __init__(self, width: int, out: int, depth: int, larger: bool) -> None:
        super().__init__()
        self.block = nn.ModuleList(Step(width if number == 0 else out, out) for number in range(depth))
        self.upsample = Larger(out) if larger else None

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H, W] or twice as large."""
        for step in self.block:
            grid = step(grid)
        return grid if self.upsample is None else self.upsample(grid)
