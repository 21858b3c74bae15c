"""Low-rank changes of a network, as the package peft stores them beside the layers that they change."""

from collections.abc import Mapping

from torch import Tensor

WRAPPED = "base_model.model."
"""What stands before a network's names inside peft's wrapper."""


def merged(tensors: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """The network's own tensors with the changes added in; whatever lies outside the wrapper is left out.

    A change of rank r is the product of its two factors times `alpha` / r.
    """
    inside = {name.partition(WRAPPED)[2]: tensor for name, tensor in tensors.items() if WRAPPED in name}
    own = {name.replace(".base_layer.", "."): tensor for name, tensor in inside.items() if ".lora_" not in name}
    for name, down in inside.items():
        layer, factor, _ = name.partition(".lora_A.default.weight")
        if factor:
            up = inside[f"{layer}.lora_B.default.weight"]
            own[f"{layer}.weight"] = own[f"{layer}.weight"] + up @ down * (alpha / len(down))
    return own
