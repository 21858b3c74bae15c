"""MLLM-HWSI: cells, patches, regions and the slide are fused region by region, and Qwen2.5-7B reads 64 tokens of them."""

from typing import Any

import torch
from torch import Tensor, nn

from pathdex.layers.language import Writer, below, language_model

FILE = "vl_projector_state_dict."
"""What stands before the names in the file of all but the language model."""


def _projector(context: int, hidden: int, width: int) -> nn.ModuleDict:
    """A norm and two layers, under the authors' names; the fourth of their sequence only drops out."""
    layers = (nn.LayerNorm(context), nn.Linear(context, hidden), nn.GELU(), nn.Identity(), nn.Linear(hidden, width))
    return nn.ModuleDict({"proj": nn.ModuleDict({"projector": nn.Sequential(*layers)})})


def _projected(module: Any, features: Tensor) -> Tensor:
    out: Tensor = module["proj"]["projector"](features)
    return out


def _mean(vectors: Tensor, present: Tensor | None) -> Tensor:
    """The mean [B, R, D] of vectors [B, R, C, D], of those that `present` [B, R, C] names."""
    if present is None:
        return vectors.mean(2)
    weights = present.to(vectors.dtype).unsqueeze(-1)
    return (vectors * weights).sum(2) / weights.sum(2).clamp(min=1e-6)


class Fusion(nn.Module):
    """The slide, a region, and the means of its patches and of its cells as one vector a region."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers = (nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width), nn.GELU(), nn.Identity(), nn.Linear(2 * width, width))
        self.fuse = nn.Sequential(*layers)
        self.out_norm = nn.LayerNorm(width)

    def forward(self, slide: Tensor, regions: Tensor, patches: Tensor, cells: Tensor) -> Tensor:
        """[B, 1, D] and three times [B, R, D] to [B, R, D]."""
        joined = torch.cat([slide.expand_as(regions), regions, patches, cells], dim=-1)
        out: Tensor = self.out_norm(self.fuse(joined) + regions)
        return out


class Resampler(nn.Module):
    """Learned queries that read the regions."""

    def __init__(self, width: int, queries: int, heads: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.zeros(1, queries, width))
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Identity(), nn.Linear(4 * width, width))

    def forward(self, regions: Tensor, present: Tensor | None) -> Tensor:
        """Regions [B, R, D] to [B, queries, D]."""
        queries = self.queries.expand(len(regions), -1, -1)
        absent = None if present is None else ~present.bool()
        read = self.attn(self.norm1(queries), regions, regions, key_padding_mask=absent, need_weights=False)[0]
        tokens = queries + read
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out


class Levels(nn.Module):
    """The four levels, brought to one width and fused."""

    def __init__(self, width: int, hidden: int, queries: int, heads: int) -> None:
        super().__init__()
        self.wsi_proj, self.region_proj = _projector(192, hidden, width), _projector(192, hidden, width)
        self.patch_proj, self.cell_proj = _projector(512, hidden, width), _projector(384, hidden, width)
        self.fusion = Fusion(width)
        self.compressor = Resampler(width, queries, heads)

    def forward(self, slide: Tensor, regions: Tensor, patches: Tensor, cells: Tensor, *present: Tensor) -> Tensor:
        """As `MllmHwsi.see`."""
        region_mask, patch_mask, cell_mask = present or (None, None, None)
        fused = self.fusion(
            _projected(self.wsi_proj, slide).unsqueeze(1),
            _projected(self.region_proj, regions),
            _mean(_projected(self.patch_proj, patches), patch_mask),
            _mean(_projected(self.cell_proj, cells), cell_mask),
        )
        out: Tensor = self.compressor(fused, region_mask)
        return out


class MllmHwsi(Writer):
    """The language model, and what it is given of a slide."""

    def __init__(self, hidden: int, queries: int, heads: int, **words: int | float | bool) -> None:
        super().__init__()
        self.llm = language_model("Qwen2ForCausalLM", **words)
        self.vl_projector = Levels(int(self.llm.config.hidden_size), hidden, queries, heads)

    def see(self, *inputs: Tensor) -> Tensor:
        """The slide [B, 192] and its regions [B, R, 192] of HIPT, patches [B, R, C, 512] of CONCH and cells [B, R, C, 384] of
        CellViT, as 64 vectors [B, 64, width]. Three masks may follow that tell which regions [B, R], patches [B, R, C] and
        cells [B, R, C] are no padding."""
        seen: Tensor = self.vl_projector(*inputs)
        return seen

    def represent(self, *inputs: Tensor) -> dict[str, Tensor]:
        """What the language model gets to see."""
        return {"tokens": self.see(*inputs)}

    def adapted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The files of the language model and of the rest together, by this network's names."""
        return below(tensors, {"model.": "llm.model.", "lm_head.": "llm.lm_head.", FILE: "vl_projector."})

    def example(self) -> tuple[Tensor, ...]:
        """Four regions of eight patches with a cell each."""
        return torch.zeros(1, 192), torch.zeros(1, 4, 192), torch.zeros(1, 4, 8, 512), torch.zeros(1, 4, 8, 384)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """What fuses the levels, the language model, and the whole."""
        return {"slide-encoder": list(self.vl_projector.parameters()), **super().parts()}


def build(
    projector: int = 1024,
    queries: int = 64,
    width: int = 3584,
    hidden: int = 18_944,
    depth: int = 28,
    heads: int = 28,
    key_heads: int = 4,
    words: int = 152_064,
    readers: int = 8,
) -> MllmHwsi:
    """The released network, unless told otherwise."""
    return MllmHwsi(
        projector,
        queries,
        readers,
        hidden_size=width,
        intermediate_size=hidden,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        vocab_size=words,
        rope_theta=1_000_000.0,
        tie_word_embeddings=False,
    )
