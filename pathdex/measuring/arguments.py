"""What every recipe obeys: classes come from a list, and nothing reaches for weights, code or the network."""

import importlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any

from pathdex.text import near

ROOTS = ("timm.layers.", "torch.nn.")
CLASSES = frozenset(
    {
        "timm.layers.GluMlp",
        "timm.layers.LayerNorm",
        "timm.layers.LayerNorm2d",
        "timm.layers.LayerNormFp32",
        "timm.layers.Mlp",
        "timm.layers.PatchEmbed",
        "timm.layers.QuickGELU",
        "timm.layers.RmsNorm",
        "timm.layers.SwiGLU",
        "timm.layers.SwiGLUPacked",
        "torch.nn.BatchNorm1d",
        "torch.nn.BatchNorm2d",
        "torch.nn.GELU",
        "torch.nn.GroupNorm",
        "torch.nn.Identity",
        "torch.nn.LayerNorm",
        "torch.nn.RMSNorm",
        "torch.nn.ReLU",
        "torch.nn.SiLU",
        "torch.nn.Tanh",
    }
)
FETCHING = frozenset(
    {
        "auto_map",
        "backbone",
        "cache_dir",
        "checkpoint_path",
        "pretrained",
        "pretrained_cfg",
        "pretrained_cfg_overlay",
        "pretrained_model_name_or_path",
        "trust_remote_code",
        "use_pretrained_backbone",
        "use_timm_backbone",
    }
)
ALONE = Lock()
"""One thread at a time turns the Hub's switch."""
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


class RecipeError(ValueError):
    """A recipe that must not or can't be followed; the message says what is wrong and how to mend it."""


def resolved(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with dotted names replaced by the classes they name; `RecipeError` for anything that is not on the list."""
    return {name: _value(name, value) for name, value in arguments.items() if not _idle(name, value)}


def _idle(name: str, value: Any) -> bool:
    """Whether the argument says only what holds anyway: that nothing is fetched."""
    if name.startswith("_") or name in FETCHING:
        if value is not False:
            raise RecipeError(f"kwargs.{name} may fetch weights or code; leave it out")
        return True
    return False


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_value(name, item) for item in value]
    if not isinstance(value, str) or not (DOTTED.fullmatch(value) or value.startswith(ROOTS)):
        return value
    if value not in CLASSES:
        mend = near(value, CLASSES) or "pathdex/measuring/arguments.py lists those that may be"
        raise RecipeError(f"kwargs.{name} names {value!r}, which is not on the list of classes; {mend}")
    module, _, attribute = value.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


class _Offline:
    """A switch that is on for the threads that asked for it, and for the others as it was before."""

    def __init__(self, before: object) -> None:
        self.before, self.asked = before, Counter[int]()

    def __bool__(self) -> bool:
        return bool(self.before) or self.asked[get_ident()] > 0


@contextmanager
def offline() -> Iterator[None]:
    """As under HF_HUB_OFFLINE=1: whatever this thread would ask the Hub fails at once; other threads go on asking."""
    from huggingface_hub import constants

    with ALONE:
        if not isinstance(constants.HF_HUB_OFFLINE, _Offline):
            constants.HF_HUB_OFFLINE = _Offline(constants.HF_HUB_OFFLINE)  # type: ignore[assignment]
        switch: Any = constants.HF_HUB_OFFLINE
        switch.asked[get_ident()] += 1
    try:
        yield
    finally:
        with ALONE:
            switch.asked[get_ident()] -= 1
            if not switch.asked.total() and isinstance(constants.HF_HUB_OFFLINE, _Offline):
                constants.HF_HUB_OFFLINE = switch.before
