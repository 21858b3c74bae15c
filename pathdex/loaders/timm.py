"""Recipes of timm: `factory` is an architecture's name, `kwargs` are its keywords."""

import re
from typing import Any

from pathdex.measuring.arguments import RecipeError, offline, resolved
from pathdex.measuring.pooling import Features
from pathdex.schema.model import Loader
from pathdex.text import near

PRELOAD = ("torch.utils.flop_counter", "timm")
CHUNKED = re.compile(r"^blocks\.\d+\.(?=\d+\.)")
Module = Any  # torch.nn.Module, which is not imported before a module is built


def build(loader: Loader) -> Module:
    """The network in evaluation mode, without weights, on the default device; raises `RecipeError`."""
    import timm

    if not timm.is_model(loader.factory):
        mend = near(loader.factory, timm.list_models()) or "write an architecture's name, without hf-hub:"
        raise RecipeError(f"timm {timm.__version__} has no model {loader.factory!r}; {mend}")
    arguments = resolved(loader.kwargs)
    if _fills_for_nothing(loader.factory):
        arguments.setdefault("weight_init", "skip")
    with offline():
        return timm.create_model(loader.factory, pretrained=False, **arguments).eval()


def _fills_for_nothing(factory: str) -> bool:
    """Whether the network would draw random weights on the meta device, which takes nine tenths of the time and fills nothing."""
    import timm
    import torch

    plain = timm.models.model_entrypoint(factory).__module__ == "timm.models.vision_transformer"
    return plain and torch.get_default_device().type == "meta"


def adapted(loader: Loader, module: Module, tensors: dict[str, Any]) -> dict[str, Any]:
    """Stored tensors by timm's names: those of DINOv2's code are converted by timm's own filter.

    Training checkpoints of that code keep blocks in chunks, `blocks.2.17.` for block 17; the filter wants `blocks.17.`.
    """
    if loader.layout != "dinov2":
        return tensors
    from timm.models.vision_transformer import checkpoint_filter_fn

    return dict(checkpoint_filter_fn({CHUNKED.sub("blocks.", name): value for name, value in tensors.items()}, module))


def parts(module: Module) -> dict[str, list[Any]]:
    """The parameters by scope: the network is one image encoder, its head included where the recipe keeps one."""
    return {"image-encoder": list(module.parameters())}


def side(module: Module) -> int | None:
    """Native side of the input in pixels."""
    embedding = getattr(module, "patch_embed", None)
    size = getattr(embedding, "img_size", None) or module.default_cfg.get("input_size", (None,))[-2:]
    return int(size[0]) if size[0] else None


def features(module: Module, images: Any) -> Features:
    """Tokens after the last norm, and what the network's own head makes of them.

    `projection` is the head's output where the recipe keeps a head, `attention` the attention pooling's where there is one.
    """
    raw = module.forward_features(images)
    pooled = module.forward_head(raw, pre_logits=True)
    pooler = pooled if pooled.ndim == 2 else None
    return Features(
        tokens=_tokens(module, raw),
        prefix=getattr(module, "num_prefix_tokens", 0),
        has_class=getattr(module, "cls_token", None) is not None,
        pooler=pooler,
        projection=module.forward_head(raw) if getattr(module, "num_classes", 0) else None,
        attention=pooler if getattr(module, "attn_pool", None) is not None else None,
    )


def _tokens(module: Module, raw: Any) -> Any:
    """[B, N, D] from a map as well: [B, H, W, D] in networks that say NHWC, else [B, D, H, W]."""
    if raw.ndim == 3:
        return raw
    return raw.flatten(1, 2) if getattr(module, "output_fmt", "NCHW") == "NHWC" else raw.flatten(2).transpose(1, 2)
