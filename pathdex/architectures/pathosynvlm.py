"""PathoSynVLM: tile features of all slides of a case pass two layers, and Qwen2.5-3B reads them before the words."""

import torch
from torch import Tensor, nn

from pathdex.layers.language import Writer, below, language_model

SLIDES = 32
"""Slides of a case that have a mark of their own."""


class Aligner(nn.Module):
    """Two layers between two norms."""

    def __init__(self, tile: int, width: int) -> None:
        super().__init__()
        self.pre_ln = nn.LayerNorm(tile)
        # The third of the authors' sequence only drops out; it holds the place of its number.
        self.mlp = nn.Sequential(nn.Linear(tile, 4 * width), nn.GELU(), nn.Identity(), nn.Linear(4 * width, width))
        self.post_ln = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        """Features [..., tile] to vectors [..., width]."""
        out: Tensor = self.post_ln(self.mlp(self.pre_ln(features)))
        return out


class PathoSynVlm(Writer):
    """The language model, and what it is given of the slides of one case."""

    def __init__(self, tile: int, **words: int | float | bool) -> None:
        super().__init__()
        self.tile = tile
        self.llm = language_model("Qwen2ForCausalLM", **words)
        width = int(self.llm.config.hidden_size)
        self.aligner = Aligner(tile, width)
        self.wsi_index_emb = nn.Embedding(SLIDES, width)
        self.wsi_sep = nn.Parameter(torch.zeros(width))

    def see(self, *inputs: Tensor) -> Tensor:
        """Features of CONCH v1.5, [1, N, tile] for each slide of a case, as a mark of each slide and its tiles, [1, M, width].

        Slides come in their order; of more than 32 the rest is left out.
        """
        rows = []
        for number, features in enumerate(inputs[:SLIDES]):
            mark = (self.wsi_index_emb.weight[number] + self.wsi_sep).expand(len(features), 1, -1)
            rows += [mark, self.aligner(features)]
        return torch.cat(rows, dim=1)

    def represent(self, *inputs: Tensor) -> dict[str, Tensor]:
        """What the language model gets to see."""
        return {"tokens": self.see(*inputs)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The files of the language model and of the rest together, by this network's names."""
        return below(tensors, {"model.": "llm.model.", "lm_head.": "llm.lm_head."}, tied=True)

    def example(self) -> tuple[Tensor]:
        """Sixteen tiles of one slide."""
        return (torch.zeros(1, 16, self.tile),)


def build(
    tile: int = 768,
    width: int = 2048,
    hidden: int = 11_008,
    depth: int = 36,
    heads: int = 16,
    key_heads: int = 2,
    words: int = 151_936,
) -> PathoSynVlm:
    """The released network, unless told otherwise."""
    return PathoSynVlm(
        tile,
        hidden_size=width,
        intermediate_size=hidden,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        vocab_size=words,
        rope_theta=1_000_000.0,
        tie_word_embeddings=True,
    )
