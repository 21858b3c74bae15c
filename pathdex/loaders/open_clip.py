"""Recipes of open_clip: `factory` is an architecture's name or a class, `kwargs` change its configuration.

A part's fields are written as `vision_cfg.<field>`, `text_cfg.<field>`, `multimodal_cfg.<field>`.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pathdex.measuring.arguments import RecipeError, offline, resolved
from pathdex.measuring.configuring import configuration, parted, refuse_unknown
from pathdex.measuring.pooling import Features
from pathdex.schema.model import Loader
from pathdex.text import near

PRELOAD = ("torch.utils.flop_counter", "timm", "transformers.models.bert.modeling_bert", "open_clip")
FETCHING = ("hf_model_pretrained", "hf_tokenizer_name", "timm_model_pretrained", "tokenizer_kwargs", "tokenizer_mode")
TEXT = ("transformer", "token_embedding", "positional_embedding", "ln_final", "text_projection")
Module = Any  # torch.nn.Module, which is not imported before a module is built


def build(loader: Loader) -> Module:
    """The network in evaluation mode, without weights, on the default device; raises `RecipeError`.

    Where `text_cfg.hf_model_name` asks for a text tower of transformers, that name is its model type, such as bert, and
    `text_config.<field>` are the fields of its configuration, which open_clip would ask the Hub for.
    """
    own, below = parted(resolved(loader.kwargs))
    tower = below.pop("text_config", {})
    kind, parts = _shape(loader.factory, own)
    for part, fields in below.items():
        refuse_unknown(f"{kind.__name__}.{part}", fields, _fields(part))
        parts[part] = {**parts.get(part, {}), **fields}
    parts["vision_cfg"]["timm_model_pretrained"] = parts["text_cfg"]["hf_model_pretrained"] = False
    with offline(), _configured(parts["text_cfg"].get("hf_model_name"), tower):
        module = kind(**parts).eval()
    if not hasattr(module.visual, "trunk") and not hasattr(module.visual, "_pool"):
        raise RecipeError(f"open_clip builds a {type(module.visual).__name__} for {loader.factory!r}, which no loader reads yet")
    return module


def _shape(factory: str, changes: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The class that open_clip takes for a configuration, and the configuration itself: one of its own, or an empty one."""
    import open_clip
    from open_clip.coca_model import CoCa

    kinds = {"CLIP": open_clip.CLIP, "CustomTextCLIP": open_clip.CustomTextCLIP, "CoCa": CoCa}
    known = open_clip.list_models()
    if factory not in (*known, *kinds):
        mend = near(factory, known) or "write an architecture's name, without hf-hub:, or CLIP, CustomTextCLIP or CoCa"
        raise RecipeError(f"open_clip {open_clip.__version__} has no model {factory!r}; {mend}")
    refuse_unknown("an open_clip model", changes, ("embed_dim", "quick_gelu", "init_logit_bias", "nonscalar_logit_scale"))
    given: dict[str, Any] = {"vision_cfg": {}, "text_cfg": {}} if factory in kinds else open_clip.get_model_config(factory)
    custom = given.pop("custom_text", False) or "hf_model_name" in given["text_cfg"]
    name = factory if factory in kinds else "CoCa" if "multimodal_cfg" in given else "CustomTextCLIP" if custom else "CLIP"
    return kinds[name], {**given, **changes}


def _fields(part: str) -> list[str]:
    """Names that may be set in a part of the configuration: all but those by which open_clip fetches something."""
    from open_clip.coca_model import MultimodalCfg
    from open_clip.model import CLIPTextCfg, CLIPVisionCfg

    kinds: dict[str, Any] = {"vision_cfg": CLIPVisionCfg, "text_cfg": CLIPTextCfg, "multimodal_cfg": MultimodalCfg}
    refuse_unknown("an open_clip model", [part], [*kinds, "text_config"])
    return [field.name for field in dataclasses.fields(kinds[part]) if field.name not in FETCHING]


@contextmanager
def _configured(model_type: str | None, fields: dict[str, Any]) -> Iterator[None]:
    """Within it, a text tower of transformers takes its configuration from the recipe instead of asking the Hub for it."""
    from open_clip import hf_model
    from transformers import CONFIG_MAPPING

    if model_type and model_type not in CONFIG_MAPPING:
        mend = near(model_type, CONFIG_MAPPING) or "write a model type, such as bert, and its fields as text_config.<field>"
        raise RecipeError(f"transformers has no model type {model_type!r}; {mend}")
    before = hf_model.AutoConfig
    hf_model.AutoConfig = _Given(configuration(CONFIG_MAPPING[model_type], fields) if model_type else None)
    try:
        yield
    finally:
        hf_model.AutoConfig = before


class _Given:
    """Answers any name with the one configuration that it was given."""

    def __init__(self, config: Any) -> None:
        self.config = config

    def from_pretrained(self, _: str) -> Any:
        return self.config


def adapted(_: Loader, module: Module, tensors: dict[str, Any]) -> dict[str, Any]:
    """Stored tensors by the network's names, with what open_clip itself takes off when it loads a checkpoint of its training."""
    for prefix in ("state_dict.", "module."):
        below = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        tensors = below or tensors
    gone = "text.transformer.embeddings.position_ids"  # which transformers 4.31 and later do not store
    return {name: tensor for name, tensor in tensors.items() if name != gone or name in module.state_dict()}


def parts(module: Module) -> dict[str, list[Any]]:
    """The parameters by scope: each tower with its projection, the decoder of a captioner, and the whole."""
    text = (module.text,) if hasattr(module, "text") else tuple(getattr(module, name) for name in TEXT)
    found = {"image-encoder": list(module.visual.parameters()), "text-encoder": [one for part in text for one in _below(part)]}
    if hasattr(module, "text_decoder"):
        found["decoder"] = list(module.text_decoder.parameters())
    return {**found, "full-model": list(module.parameters())}


def _below(part: Any) -> list[Any]:
    """The parameters of a part, which may be a parameter itself, or None."""
    if hasattr(part, "parameters"):
        return list(part.parameters())
    return [] if part is None else [part]


def side(module: Module) -> int | None:
    """Native side of the input in pixels."""
    return int(module.visual.image_size[0])


def features(module: Module, images: Any) -> Features:
    """Tokens, what the image tower pools of them, and its projection, as `encode_image` gives it before it is normalised.

    Of a tower with an attention pooler, `attention` is what the pooler gives, and the tokens are those that it reads.
    """
    import torch

    tower = module.visual
    if hasattr(tower, "trunk"):
        tokens = tower.trunk.forward_features(images)
        pooled = tower.trunk.forward_head(tokens, pre_logits=True)
        prefix = tower.trunk.num_prefix_tokens
        return Features(tokens, prefix, prefix > 0, pooler=pooled, projection=tower.head(tower.trunk.forward_head(tokens)))
    raw = tower.transformer(tower._embeds(images))
    pooled, patches = tower._pool(raw)
    projection = pooled if tower.proj is None else pooled @ tower.proj
    if tower.attn_pool is not None:
        return Features(raw, prefix=1, has_class=True, projection=projection, attention=pooled)
    first = pooled if tower.pool_type == "tok" else tower.ln_post(raw)[:, 0]
    tokens = torch.cat([first[:, None], patches[:, -(raw.shape[1] - 1) :]], dim=1)
    return Features(tokens, prefix=1, has_class=True, pooler=pooled, projection=projection)


def encode_text(module: Module, ids: Any) -> Any:
    """Texts as token ids [B, L] to vectors [B, D] in the space of the projected images, not normalised.

    Ids are padded to the length that open_clip's tokenizer for the network pads to.
    """
    return module.encode_text(ids, normalize=False)
