"""Linear attention biases in the plane: a tile heeds another the less, the further away it lies (ALiBi in two dimensions)."""

import math

import torch
from torch import Tensor


def slopes(heads: int) -> list[float]:
    """How fast each head forgets: a geometric series for a power of two, and every other term of the next one for the rest."""
    power = 2 ** int(math.log2(heads))
    start = 2.0 ** (-8.0 / power)
    series = [start ** (index + 1) for index in range(power)]
    return series if power == heads else series + slopes(2 * power)[0::2][: heads - power]


def distances(places: Tensor) -> Tensor:
    """Euclidean distances [B, N, N] between places [B, N, 2]."""
    apart: Tensor = torch.linalg.vector_norm(places.unsqueeze(2) - places.unsqueeze(1), dim=-1)
    return apart


def penalties(places: Tensor, heads: int, prefix: int = 0) -> Tensor:
    """What is added to the scores, [B, heads, N, N]: minus slope times distance, and nothing for the first `prefix` tokens."""
    series = torch.tensor(slopes(heads), dtype=places.dtype, device=places.device)
    bias = -series.view(1, heads, 1, 1) * distances(places).unsqueeze(1)
    return torch.nn.functional.pad(bias, (prefix, 0, prefix, 0))
