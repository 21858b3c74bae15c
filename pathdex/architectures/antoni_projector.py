"""ANTONI-Alpha's projector: learned queries read PRISM's latents of a slide and give MedGemma its 256 image tokens."""

import torch
from torch import Tensor, nn

from pathdex.layers.slide_attention import attend


class AntoniProjector(nn.Module):
    """Queries and keys as wide as the latents, values as wide as the language model's words."""

    def __init__(self, latent: int, words: int, queries: int, heads: int) -> None:
        super().__init__()
        self.latent, self.heads = latent, heads
        self.query_tokens = nn.Parameter(torch.zeros(1, queries, latent))
        self.q_proj, self.k_proj = (nn.Linear(latent, latent, bias=False) for _ in range(2))
        self.v_proj = nn.Linear(latent, words, bias=False)
        self.out_proj = nn.Linear(words, words, bias=False)
        self.layer_norm = nn.LayerNorm(words)

    def represent(self, latents: Tensor) -> dict[str, Tensor]:
        """From PRISM's latents of a slide [B, N, latent]: the tokens [B, queries, words] that stand for an image among words."""
        queries = self.q_proj(self.query_tokens).expand(len(latents), -1, -1)
        read = attend(queries, self.k_proj(latents), self.v_proj(latents), self.heads)
        return {"tokens": self.layer_norm(self.out_proj(read))}

    def example(self) -> tuple[Tensor]:
        """Sixteen latents."""
        return (torch.zeros(1, 16, self.latent),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """What stands between slide and words."""
        return {"slide-encoder": list(self.parameters())}


def build(latent: int = 1280, words: int = 2560, queries: int = 256, heads: int = 8) -> AntoniProjector:
    """The released projector, unless told otherwise."""
    return AntoniProjector(latent, words, queries, heads)
