"""LongNet's dilated attention in plain PyTorch: segments of several lengths, of each of which a head sees every r-th token."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

SCORES = 2**27
"""Scores that are held at once."""
UNSEEN = -1e8
"""Weight, as a logarithm, of a branch whose head does not see the token."""


class DilatedAttention(nn.Module):
    """Attention among tokens [B, N, width], the mean of its branches weighted by their normalisers; named as in torchscale."""

    def __init__(self, width: int, heads: int, segments: Sequence[int], ratios: Sequence[int]) -> None:
        super().__init__()
        self.heads, self.branches = heads, tuple(zip(segments, ratios, strict=True))
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))
        self.inner_attn_ln = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        packed = torch.unflatten(
            torch.stack([self.q_proj(tokens), self.k_proj(tokens), self.v_proj(tokens)]), -1, (self.heads, -1)
        )
        outputs, logs = zip(*(branch(packed, segment, ratio) for segment, ratio in self.branches), strict=True)
        weights = torch.softmax(torch.stack(logs), dim=0).unsqueeze(-1)
        mixed = (weights * torch.stack(outputs)).sum(0)
        out: Tensor = self.out_proj(self.inner_attn_ln(mixed.flatten(2)))
        return out


def branch(packed: Tensor, segment: int, ratio: int) -> tuple[Tensor, Tensor]:
    """Queries, keys and values [3, B, N, H, D] to outputs [B, N, H, D] and normalisers [B, N, H], as logarithms.

    The heads fall into `ratio` groups, of which group g sees the tokens g, g + ratio, g + 2 ratio and so on of each segment;
    heads of zeros fill up the last groups.
    What fills up the last segment and the last stride is zeros that take part as keys, and a segment that is no multiple of
    the ratio pushes those after it back, as in the authors' code; the latter only where a slide outgrows such a segment.
    """
    batch, length, heads = packed.shape[1:4]
    segment = min(segment, length)
    packed = _filled(packed, ratio, 3)
    pieces = torch.unflatten(_filled(packed, segment, 2), 2, (-1, segment)).flatten(1, 2)
    strided = torch.unflatten(torch.unflatten(_filled(pieces, ratio, 2), 2, (-1, ratio)), 4, (ratio, -1))
    seen = strided.diagonal(dim1=3, dim2=4).movedim(2, -2)  # [3, B * pieces, heads of a group, D, steps, group]
    queries, keys, values = seen.permute(0, 1, 5, 2, 4, 3).flatten(2, 3)
    outputs, logs = _attended(queries, keys, values)
    marked = torch.cat([outputs, logs, torch.ones_like(logs)], dim=-1)
    dense = torch.unflatten(_spread(marked, ratio), 0, (batch, -1)).flatten(1, 2)[:, :length, :heads]
    return dense[..., :-2], dense[..., -2].masked_fill(dense[..., -1] == 0, UNSEEN)


def _attended(queries: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs and normalisers of attention among [B, H, L, D], some queries at a time, so that a large slide fits in memory."""
    parts = []
    rows = max(1, SCORES // keys[..., 0].numel())
    for some in torch.split(queries, rows, dim=2):
        scores = some @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
        logs = torch.logsumexp(scores, dim=-1, keepdim=True)
        parts.append((torch.exp(scores - logs) @ values, logs))
    outputs, normalisers = zip(*parts, strict=True)
    return torch.cat(outputs, dim=2), torch.cat(normalisers, dim=2)


def _filled(tokens: Tensor, multiple: int, dim: int) -> Tensor:
    """Zeros after the last token, up to a multiple."""
    return pad(tokens, (0, 0) * (tokens.ndim - dim - 1) + (0, -tokens.shape[dim] % multiple))


def _spread(seen: Tensor, ratio: int) -> Tensor:
    """From [B, groups * H, steps, D] to [B, steps * ratio, groups * H, D], zero where a group does not see the token."""
    grouped = torch.unflatten(seen, 1, (ratio, -1)).permute(0, 3, 2, 4, 1)  # [B, steps, H, D, group]
    return torch.diag_embed(grouped).permute(0, 1, 4, 5, 2, 3).flatten(3, 4).flatten(1, 2)
