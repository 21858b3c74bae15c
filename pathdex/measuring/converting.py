"""Tensors of released files by the names of today's transformers, which renames and splits them as it loads."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Module = Any  # transformers.PreTrainedModel, which is not imported before a module is built
LLAVA = (
    ("model.vision_tower.vision_tower.", "vision_tower."),
    ("vision_model.", "vision_tower.vision_model."),
    ("model.mm_projector.0.", "multi_modal_projector.linear_1."),
    ("model.mm_projector.2.", "multi_modal_projector.linear_2."),
    ("model.", "language_model.model."),
    ("lm_head.", "language_model.lm_head."),
)
"""Beginnings of names in files of LLaVA's first code, and in those of transformers' LLaVA. An image tower in a file of its own
has the names of CLIP."""


def renamed_llava(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors of LLaVA's first code, with a projector of two layers, by the names that transformers gives files of its own."""
    return {_begun(name): tensor for name, tensor in tensors.items()}


def _begun(name: str) -> str:
    old, new = next(((old, new) for old, new in LLAVA if name.startswith(old)), ("", ""))
    return new + name.removeprefix(old)


def converted(module: Module, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors as transformers itself would hand them to the module; names that it does not know stay as they are."""
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

    steps = get_model_conversion_mapping(module)
    renamings = [step for step in steps if isinstance(step, WeightRenaming)]
    converters = [step for step in steps if isinstance(step, WeightConverter)]
    wanted = module.state_dict()
    whole: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, tensor in tensors.items():
        renamed, pattern = rename_source_key(name, renamings, converters, module.base_model_prefix, wanted)
        if name in wanted and renamed not in wanted:
            renamed, pattern = name, None
        if pattern is None:
            whole[renamed] = tensor
        else:
            fitting = next(one for one in converters if pattern in one.source_patterns)
            parts.setdefault(renamed, deepcopy(fitting)).add_tensor(renamed, name, pattern, tensor)
    for renamed, converter in parts.items():
        whole |= _plain(converter.convert(renamed, model=module, config=module.config))
    return whole


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tensor[0] if isinstance(tensor, list) else tensor for name, tensor in found.items()}
