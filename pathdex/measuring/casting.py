"""A module in another precision, but for the few numbers that must not be rounded."""

from typing import Any

Module = Any  # torch.nn.Module
TURNING = "inv_freq"
"""How the names of buffers end that say how fast rotary positions turn. Rounded to 16 bits, words some hundred places on would
stand elsewhere; transformers keeps them whole when it loads, but not when it casts."""


def cast(module: Module, device: str, dtype: Any) -> Module:
    """The module itself on the device, its floating-point numbers of the type, and its rotary frequencies as they were."""
    kept = {name: one.clone() for name, one in module.named_buffers() if name.endswith(TURNING)}
    module.to(device, dtype)
    for name, one in kept.items():
        owner, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(owner), leaf, one.to(device))
    return module
