"""The layers of LongNet, named as in torchscale."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import gelu

from pathdex.layers.dilated_attention import DilatedAttention


class FeedForward(nn.Module):
    """Two layers with a GELU and a norm between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.ffn_layernorm = nn.LayerNorm(hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape; the GELU is taken in full precision."""
        out: Tensor = self.fc2(self.ffn_layernorm(gelu(self.fc1(tokens).float()).type_as(tokens)))
        return out


class Layer(nn.Module):
    """Attention and feed-forward, each after a norm and beside a way past it."""

    def __init__(self, width: int, hidden: int, heads: int, segments: Sequence[int], ratios: Sequence[int]) -> None:
        super().__init__()
        self.self_attn = DilatedAttention(width, heads, segments, ratios)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.ffn = FeedForward(width, hidden)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        tokens = tokens + self.self_attn(self.self_attn_layer_norm(tokens))
        out: Tensor = tokens + self.ffn(self.final_layer_norm(tokens))
        return out


class LongNet(nn.Module):
    """The layers and the norm after them."""

    def __init__(self, width: int, hidden: int, depth: int, heads: int, segments: Sequence[int], ratios: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, hidden, heads, segments, ratios) for _ in range(depth))
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        for layer in self.layers:
            tokens = layer(tokens)
        out: Tensor = self.layer_norm(tokens)
        return out
