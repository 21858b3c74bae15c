"""Mamba-2 in plain PyTorch: the recurrence of a state space model, computed piece by piece instead of by a CUDA kernel."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad, rms_norm, silu, softplus

PIECE = 64


class GatedNorm(nn.Module):
    """Root mean square norm of tokens that a gate has been laid on."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, tokens: Tensor, gate: Tensor) -> Tensor:
        """Tokens of the same shape."""
        return rms_norm(tokens * silu(gate), self.weight.shape, self.weight, 1e-5)


class Mamba2(nn.Module):
    """One layer over tokens [B, N, width], each seeing those before it; parameters are named as in mamba-ssm."""

    def __init__(self, width: int, state: int = 128, kernel: int = 4, expand: int = 2, head: int = 64) -> None:
        super().__init__()
        inner = expand * width
        self.inner, self.state, self.heads = inner, state, inner // head
        self.in_proj = nn.Linear(width, 2 * inner + 2 * state + self.heads, bias=False)
        self.conv1d = nn.Conv1d(inner + 2 * state, inner + 2 * state, kernel, groups=inner + 2 * state)
        self.dt_bias = nn.Parameter(torch.zeros(self.heads))
        self.A_log = nn.Parameter(torch.zeros(self.heads))
        self.D = nn.Parameter(torch.ones(self.heads))
        self.norm = GatedNorm(inner)
        self.out_proj = nn.Linear(inner, width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens of the same shape."""
        gate, mixed, step = self.in_proj(tokens).split([self.inner, self.inner + 2 * self.state, self.heads], dim=-1)
        mixed = silu(self._convolved(mixed))
        values, inward, outward = torch.split(mixed, [self.inner, self.state, self.state], dim=-1)
        values = torch.unflatten(values, -1, (self.heads, -1))
        step = softplus(step + self.dt_bias)
        # Sums over thousands of tokens want single precision.
        decay, moved = -step.float() * torch.exp(self.A_log.float()), (values * step.unsqueeze(-1)).float()
        seen = scan(moved, decay, inward.float(), outward.float()).to(values.dtype)
        seen = seen + values * self.D.unsqueeze(-1)
        out: Tensor = self.out_proj(self.norm(seen.flatten(2), gate))
        return out

    def _convolved(self, mixed: Tensor) -> Tensor:
        """Each channel convolved along the tokens, none of which sees one after it."""
        padded = pad(mixed.transpose(1, 2), (self.conv1d.kernel_size[0] - 1, 0))
        return conv1d(padded, self.conv1d.weight, self.conv1d.bias, groups=self.conv1d.groups).transpose(1, 2)


def scan(values: Tensor, decay: Tensor, inward: Tensor, outward: Tensor, piece: int = PIECE) -> Tensor:
    """The outputs [B, N, H, P] of the recurrence state = exp(decay) * state + value * inward, output = state * outward.

    Values are [B, N, H, P], logarithms of the decay [B, N, H], `inward` and `outward` [B, N, S], common to all heads.
    Within a piece of tokens all pairs are weighed at once; between pieces the state [B, H, P, S] is carried on.
    """
    batch, _, heads, width = values.shape
    carried = values.new_zeros(batch, heads, width, inward.shape[-1])
    outputs = []
    for value, log, into, out in zip(*(torch.split(one, piece, dim=1) for one in (values, decay, inward, outward)), strict=True):
        total = log.cumsum(1)
        weight = torch.exp(_between(total)) * torch.einsum("bis,bjs->bij", out, into).unsqueeze(1)
        local = torch.einsum("bhij,bjhp->bihp", weight, value)
        earlier = torch.einsum("bis,bhps->bihp", out, carried) * torch.exp(total).unsqueeze(-1)
        outputs.append(local + earlier)
        left = torch.exp(total[:, -1:] - total)
        fresh = torch.einsum("bjhp,bjs->bhps", value * left.unsqueeze(-1), into)
        carried = carried * torch.exp(total[:, -1])[:, :, None, None] + fresh
    return torch.cat(outputs, dim=1)


def _between(total: Tensor) -> Tensor:
    """From running sums [B, L, H], what decays from token j to token i, [B, H, i, j]; minus infinity where j comes after i."""
    sums = total.transpose(1, 2)
    after = torch.ones(sums.shape[-1], sums.shape[-1], dtype=torch.bool, device=sums.device).triu(1)
    return (sums.unsqueeze(-1) - sums.unsqueeze(-2)).masked_fill(after, float("-inf"))
