"""MIPHEI-ViT: low-rank additions to a frozen H-optimus-0, and a decoder that paints channels of immunofluorescence."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu


class Thin(nn.Module):
    """What is added to a third of a linear layer's output, by way of few numbers."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.A = nn.Parameter(torch.zeros(width, rank))
        self.B = nn.Parameter(torch.zeros(rank, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        return tokens @ self.A @ self.B


class Additions(nn.Module):
    """What is added to queries and to values of one block's attention."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.lora_q, self.lora_v = Thin(width, rank), Thin(width, rank)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens three times as wide: of queries, keys and values."""
        return torch.cat([self.lora_q(tokens), torch.zeros_like(tokens), self.lora_v(tokens)], dim=-1)


class Convolved(nn.Module):
    """A 3x3 convolution with batch norm and ReLU."""

    def __init__(self, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, out, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(out)

    def forward(self, grid: Tensor) -> Tensor:
        """[B, width, H, W] to [B, out, H / stride, W / stride]."""
        return relu(self.bn(self.conv(grid)))


class Gate(nn.Module):
    """A map weighted place by place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first, last = nn.Conv2d(width, width // 2, kernel_size=1), nn.Conv2d(width // 2, 1, kernel_size=1)
        self.psi = nn.Sequential(first, nn.BatchNorm2d(width // 2), nn.ReLU(), last, nn.Sigmoid())

    def forward(self, grid: Tensor) -> Tensor:
        """A map of the same shape."""
        out: Tensor = grid * self.psi(grid)
        return out


class Decoder(nn.Module):
    """Joins the encoder's map with ever finer maps of the image; each channel has a head of its own."""

    def __init__(self, width: int, channels: int, fine: Sequence[int], joined: Sequence[int]) -> None:
        super().__init__()
        sizes = [3, *fine]
        self.channels = channels
        steps = (Convolved(one, two, stride=2) for one, two in pairwise(sizes))
        self.convstream = nn.ModuleDict({"convs": nn.ModuleList(steps)})
        before = [width, *joined[:-1]]
        self.fusion_blks = nn.ModuleList(
            nn.ModuleDict({"conv": Convolved(one + more, two, stride=1)})
            for one, more, two in zip(before, reversed(sizes), joined, strict=True)
        )
        for number in range(channels):
            head = nn.Sequential(Gate(joined[-1]), nn.Conv2d(joined[-1], 1, kernel_size=3, padding=1), nn.Tanh())
            setattr(self, f"segmentation_head_{number}", head)

    def forward(self, grid: Tensor, images: Tensor) -> Tensor:
        """[B, width, H / 16, W / 16] and [B, 3, H, W] to [B, channels, H, W] between -1 and 1."""
        convs = self.convstream["convs"]
        assert isinstance(convs, nn.ModuleList)
        fine = [images]
        for step in convs:
            fine.append(step(fine[-1]))
        for block in self.fusion_blks:
            assert isinstance(block, nn.ModuleDict)
            larger = interpolate(grid, scale_factor=2, mode="bilinear")
            grid = block["conv"](torch.cat([fine.pop(), larger], dim=1))
        return torch.cat([self.get_submodule(f"segmentation_head_{number}")(grid) for number in range(self.channels)], dim=1)


class MipheiVit(nn.Module):
    """Reads images [B, 3, H, W], sides a multiple of 16, normalised as H-optimus-0 wants them."""

    def __init__(
        self, width: int, depth: int, rank: int, channels: int, fine: Sequence[int], joined: Sequence[int], side: int
    ) -> None:
        super().__init__()
        self.side, self.width = side, width
        blocks = (nn.ModuleDict({"attn": nn.ModuleDict({"qkv": Additions(width, rank)})}) for _ in range(depth))
        self.encoder = nn.ModuleDict({"vit": nn.ModuleDict({"blocks": nn.ModuleList(blocks)})})
        self.decoder = Decoder(width, channels, fine, joined)

    def added(self) -> list[Additions]:
        """The additions, block by block."""
        return [one for one in self.encoder.modules() if isinstance(one, Additions)]

    def stain(self, images: Tensor, *, foundation: Any) -> Tensor:
        """Channels [B, channels, H, W], 0 the darkest and 1 the brightest of its training; `foundation` is the frozen ViT."""
        drawn: Tensor = self.decoder(self.grid(images, foundation), images)
        # It learned values from -0.9 to 0.9, so that both ends are within reach.
        return ((drawn + 0.9) / 1.8).clamp(0, 1)

    def grid(self, images: Tensor, foundation: Any) -> Tensor:
        """The patches as the adapted ViT leaves them, [B, width, H / 16, W / 16]."""
        import timm

        layers: Any = timm.layers
        patches = foundation.patch_embed.proj(images)
        size = patches.shape[-2:]
        places = layers.resample_abs_pos_embed(foundation.pos_embed, list(size), num_prefix_tokens=0)
        before = [foundation.cls_token, foundation.reg_token]
        whole = [*(one.expand(len(images), -1, -1) for one in before), patches.flatten(2).transpose(1, 2) + places]
        with _adapted(foundation, self.added()):
            tokens = foundation.norm(foundation.blocks(torch.cat(whole, dim=1)))
        seen = tokens[:, -size.numel() :].transpose(1, 2).unflatten(2, size)
        scale = [side / 16 / cells for side, cells in zip(images.shape[-2:], size, strict=True)]
        resized: Tensor = interpolate(seen, scale_factor=scale, mode="bicubic")
        return resized

    def represent(self, images: Tensor, grid: Tensor) -> dict[str, Any]:
        """The channels as tokens, one a pixel."""
        return {"tokens": self.decoder(grid, images).flatten(2).transpose(1, 2)}

    def example(self) -> tuple[Tensor, Tensor]:
        """An image and the map that the adapted ViT would make of it."""
        return torch.zeros(1, 3, self.side, self.side), torch.zeros(1, self.width, self.side // 16, self.side // 16)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The additions as image encoder, the decoder, and both."""
        encoder, decoder = list(self.encoder.parameters()), list(self.decoder.parameters())
        return {"image-encoder": encoder, "decoder": decoder, "full-model": encoder + decoder}


@contextmanager
def _adapted(foundation: Any, added: Sequence[Additions]) -> Iterator[None]:
    """Within it, each block's attention gets what is added to it."""

    def more(addition: Additions, _: Any, given: tuple[Tensor], out: Tensor) -> Tensor:
        added: Tensor = out + addition(given[0])
        return added

    pairs = zip(foundation.blocks, added, strict=True)
    hooks = [block.attn.qkv.register_forward_hook(partial(more, addition)) for block, addition in pairs]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def build(
    width: int = 1536,
    depth: int = 40,
    rank: int = 8,
    channels: int = 16,
    fine: Sequence[int] = (48, 96, 192),
    joined: Sequence[int] = (256, 128, 64, 32),
    side: int = 256,
) -> MipheiVit:
    """What is released: all but the frozen ViT."""
    return MipheiVit(width, depth, rank, channels, fine, joined, side)
