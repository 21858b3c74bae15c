"""Blocks of the U-Net of diffusion autoencoders, with the tensor names of their first authors' code."""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, scaled_dot_product_attention


def norm(width: int) -> nn.GroupNorm:
    """Norm over 32 groups of channels, or as many as there are."""
    return nn.GroupNorm(min(32, width), width)


class Styled(nn.Module):
    """A convolution, and a second one whose input is scaled by the time and by the image's code, where they are given.

    `size` is 2 for a map made larger before the first convolution, -2 for one made smaller, 1 for neither.
    """

    def __init__(self, width: int, out: int, time: int = 0, code: int = 0, size: int = 1) -> None:
        super().__init__()
        self.size = size
        self.in_layers = nn.Sequential(norm(width), nn.SiLU(), nn.Conv2d(width, out, kernel_size=3, padding=1))
        if time:
            self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, 2 * out))
            self.cond_emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(code, out))
            # The place that dropout has in training stays free, so that the convolution has the number 3.
            last = nn.Conv2d(out, out, kernel_size=3, padding=1)
            self.out_layers = nn.Sequential(norm(out), nn.SiLU(), nn.Identity(), last)
        self.skip_connection = nn.Identity() if width == out else nn.Conv2d(width, out, kernel_size=1)

    def forward(self, grid: Tensor, time: Tensor | None = None, code: Tensor | None = None) -> Tensor:
        """[B, width, H, W] to [B, out, H, W], twice or half as large where asked for; `time` and `code` are [B, width]."""
        inner = self.in_layers[2](self._sized(self.in_layers[:2](grid)))
        if time is not None and code is not None:
            scale, shift = self.emb_layers(time)[..., None, None].chunk(2, dim=1)
            inner = self.out_layers[0](inner) * (1 + scale) + shift
            inner = self.out_layers[1:](inner * (1 + self.cond_emb_layers(code)[..., None, None]))
        out: Tensor = self.skip_connection(self._sized(grid)) + inner
        return out

    def _sized(self, grid: Tensor) -> Tensor:
        if self.size == 1:
            return grid
        return avg_pool2d(grid, 2) if self.size < 0 else interpolate(grid, scale_factor=2.0, mode="nearest")


class Looking(nn.Module):
    """All places look at each other, with one head."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = norm(width)
        self.qkv = nn.Conv1d(width, 3 * width, kernel_size=1)
        self.proj_out = nn.Conv1d(width, width, kernel_size=1)

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        each = self.qkv(self.norm(grid).flatten(2)).transpose(1, 2)[:, None].chunk(3, dim=-1)
        seen = scaled_dot_product_attention(*each)[:, 0].transpose(1, 2)
        out: Tensor = grid + self.proj_out(seen).view(grid.shape)
        return out


class Stage(nn.Sequential):
    """Layers in a row, each given what it wants of the time and of the code."""

    def through(self, grid: Tensor, time: Tensor | None = None, code: Tensor | None = None) -> Tensor:
        """A map that all layers have worked on."""
        for layer in self:
            grid = layer(grid, time, code) if isinstance(layer, Styled) else layer(grid)
        return grid
