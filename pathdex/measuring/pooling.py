"""How one vector an image is taken out of what a module gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Tensor = Any  # torch.Tensor, which is not imported before a module is built


class Unavailable(ValueError):
    """The module does not give what this pooling takes."""


@dataclass(frozen=True)
class Features:
    """What a module gives for B images.

    `tokens` is [B, N, D]: first `prefix` tokens (the class token where there is one, the registers), then the patches row by row.
    The others are [B, width], or None where the module has no such part.
    """

    tokens: Tensor
    prefix: int = 0
    has_class: bool = False
    pooler: Tensor = None
    projection: Tensor = None
    attention: Tensor = None


def take(features: Features, pooling: str) -> Tensor:
    """The vectors [B, width] of one pooling, or the tokens themselves for "none"; raises `Unavailable`."""
    return POOLINGS[pooling](features)


def _class(features: Features) -> Tensor:
    if not features.has_class:
        raise Unavailable("the module has no class token")
    return features.tokens[:, 0]


def _mean(features: Features) -> Tensor:
    return features.tokens[:, features.prefix :].mean(1)


def _class_and_mean(features: Features) -> Tensor:
    import torch

    return torch.cat([_class(features), _mean(features)], dim=-1)


def _registers(features: Features) -> Tensor:
    """The mean of the register tokens."""
    first = int(features.has_class)
    if features.prefix <= first:
        raise Unavailable("the module has no register tokens")
    return features.tokens[:, first : features.prefix].mean(1)


def _part(name: str, words: str) -> Callable[[Features], Tensor]:
    def part(features: Features) -> Tensor:
        found = getattr(features, name)
        if found is None:
            raise Unavailable(f"the module has no {words}")
        return found

    return part


POOLINGS: dict[str, Callable[[Features], Tensor]] = {
    "cls": _class,
    "mean": _mean,
    "cls+mean": _class_and_mean,
    "register": _registers,
    "pooler": _part("pooler", "pooler that gives one vector an image"),
    "projection": _part("projection", "projection"),
    "attention": _part("attention", "attention pooling"),
    "none": lambda features: features.tokens,
}
"""The poolings of the model record, each as a function of the features."""
