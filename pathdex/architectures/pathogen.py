"""PathoGen: the self-attention of Stable Diffusion's inpainting network, tuned to fill a region with tissue of another image."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

WIDTHS = (320, 320, 640, 640, 1280, 1280, 1280, 1280, 1280, 640, 640, 640, 320, 320, 320, 1280)
"""Of the attention on the way down, on the way up, and in the middle, in this order."""
REPEATED = {1: "to_q", 2: "to_k", 3: "to_v", 4: "to_out", 5: "to_out.0"}
STRIDE = 8
"""The file lists each attention and then its inner modules once more, so that every eighth number is an attention."""


class Looking(nn.Module):
    """All places look at each other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, places: Tensor) -> Tensor:
        """Places [B, N, width] of the same shape."""
        layers = (self.to_q, self.to_k, self.to_v)
        each = [layer(places).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in layers]
        out: Tensor = self.to_out[0](scaled_dot_product_attention(*each).transpose(1, 2).flatten(2))
        return out


class PathoGen(nn.ModuleDict):
    """Sixteen attentions by their numbers in the file; the network around them is Stable Diffusion's."""

    def __init__(self, widths: Sequence[int], heads: int) -> None:
        super().__init__({str(STRIDE * number): Looking(width, heads) for number, width in enumerate(widths)})
        self.width = widths[0]

    def forward(self, latents: Tensor, steps: Tensor, tokens: Tensor, *, foundation: Any) -> Tensor:
        """The noise in latents [B, 4, H, W] at steps [B]; tokens [B, 5, H, W] are the mask and the masked latents.

        `foundation` is Stable Diffusion's network; its self-attention gives way to the tuned one, its cross-attention to none.
        """
        names = list(foundation.attn_processors)
        tuned = iter(self.values())
        foundation.set_attn_processor({name: _instead(next(tuned) if ".attn1." in name else None) for name in names})
        noise: Tensor = foundation(torch.cat([latents, tokens], dim=1), steps, encoder_hidden_states=None).sample
        return noise

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Tensors without those that the file lists a second time under a number of their own."""
        again = {
            f"{int(number) + inner}.{name.removeprefix(f'{module}.')}"
            for number, _, name in (whole.partition(".") for whole in self.state_dict())
            for inner, module in REPEATED.items()
            if name.startswith(f"{module}.")
        }
        return {name: tensor for name, tensor in tensors.items() if name not in again}

    def represent(self, places: Tensor) -> dict[str, Any]:
        """What the first attention makes of places."""
        return {"tokens": self["0"](places)}

    def example(self) -> tuple[Tensor]:
        """The places of one latent and, below it, of the image that it is filled from."""
        return (torch.zeros(1, 2 * 64 * 64, self.width),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """One part, which draws."""
        return {"decoder": list(self.parameters())}


def _instead(tuned: nn.Module | None) -> Any:
    """What diffusers calls in the place of an attention: another, or nothing, which gives places as they come."""

    def attend(_: Any, places: Tensor, *__: Any, **___: Any) -> Tensor:
        return places if tuned is None else tuned(places)

    return attend


def build(widths: Sequence[int] = WIDTHS, heads: int = 8) -> PathoGen:
    """What is released: all that was tuned."""
    return PathoGen(widths, heads)
