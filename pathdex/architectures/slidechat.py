"""SlideChat: CONCH's tile features pass a LongNet and a projector, and Qwen2.5-7B reads them among the words."""

import torch
from torch import Tensor, nn

from pathdex.layers.language import Writer, language_model
from pathdex.layers.longnet import LongNet

RATIOS = (1, 2, 4, 8, 16)
SEGMENTS = (1024, 2048, 4096, 8192, 16_384)


class SlideChat(Writer):
    """The language model, and what it is given of a slide."""

    def __init__(self, tile: int, depth: int, **words: int | float | bool) -> None:
        super().__init__()
        self.tile = tile
        self.llm = language_model("Qwen2ForCausalLM", **words)
        width = int(self.llm.config.hidden_size)
        self.LongNet_encoder = LongNet(tile, 2 * tile, depth, 8, SEGMENTS, RATIOS)
        self.projector = nn.ModuleDict({"model": nn.Sequential(nn.Linear(tile, width), nn.GELU(), nn.Linear(width, width))})

    def see(self, *inputs: Tensor) -> Tensor:
        """Features of CONCH [B, N, tile] as vectors [B, N, width].

        The authors swap the first two axes before LongNet, which takes the first for slides: so each tile heeds itself alone,
        in training as in use, and here too.
        """
        [features] = inputs
        alone = self.LongNet_encoder(features.flatten(0, 1).unsqueeze(1))
        seen: Tensor = self.projector["model"](alone.view(features.shape))
        return seen

    def represent(self, features: Tensor) -> dict[str, Tensor]:
        """What the language model gets to see."""
        return {"tokens": self.see(features)}

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles."""
        return (torch.zeros(1, 16, self.tile),)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """LongNet with the projector, the language model, and the whole."""
        slide = [*self.LongNet_encoder.parameters(), *self.projector.parameters()]
        return {"slide-encoder": slide, **super().parts()}


def build(
    tile: int = 512,
    depth: int = 2,
    width: int = 3584,
    hidden: int = 18_944,
    layers: int = 28,
    heads: int = 28,
    key_heads: int = 4,
    words: int = 152_064,
) -> SlideChat:
    """The released network, unless told otherwise."""
    return SlideChat(
        tile,
        depth,
        hidden_size=width,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        vocab_size=words,
        rope_theta=1_000_000.0,
        tie_word_embeddings=False,
    )
