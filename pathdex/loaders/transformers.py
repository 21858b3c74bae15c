"""Recipes of transformers: `factory` is a model class, `kwargs` its configuration's fields, `vision_config.<field>` a part's."""

import inspect
from collections.abc import Iterable
from typing import Any

from pathdex.measuring.arguments import RecipeError, offline, resolved
from pathdex.measuring.configuring import configuration
from pathdex.measuring.converting import converted, renamed_llava
from pathdex.measuring.pooling import Features, Unavailable
from pathdex.measuring.seeing import kinds, shown, spread
from pathdex.schema.model import Loader

PRELOAD = ("torch.utils.flop_counter", "transformers.modeling_utils", "transformers.modeling_layers")
SCOPES = {"image-encoder": ("vision_model", "visual_projection"), "text-encoder": ("text_model", "text_projection")}
SEEING = ("visual", "vision_tower")
"""Names of the image tower in language models that see."""
Module = Any  # torch.nn.Module, which is not imported before a module is built


def build(loader: Loader) -> Module:
    """The network in evaluation mode, without weights, on the default device; raises `RecipeError`.

    Keywords of the class itself, such as `add_pooling_layer`, go to the class, all others to its configuration.
    """
    model = _model_class(loader.factory)
    own = {name for name in inspect.signature(model.__init__).parameters if name not in ("self", "config", "args", "kwargs")}
    arguments = resolved(loader.kwargs)
    with offline():
        config = configuration(model.config_class, {name: value for name, value in arguments.items() if name not in own})
        return model(config, **{name: value for name, value in arguments.items() if name in own}).eval()


def _model_class(factory: str) -> Any:
    import transformers

    found = getattr(transformers, factory, None)
    if factory.startswith("Auto") or not (inspect.isclass(found) and issubclass(found, transformers.PreTrainedModel)):
        mend = "write the class itself, such as Dinov2Model"
        raise RecipeError(f"transformers {transformers.__version__} has no model class {factory!r}; {mend}")
    return found


def adapted(loader: Loader, module: Module, tensors: dict[str, Any]) -> dict[str, Any]:
    """Stored tensors by the names that the library has today; many files were written under older ones.

    Files leave out a head that is the table of words once more; it gets the table.
    """
    found = converted(module, renamed_llava(tensors) if loader.layout == "llava" else tensors)
    tied: dict[str, str] = getattr(module, "all_tied_weights_keys", {})
    return {**{name: found[source] for name, source in tied.items() if source in found}, **found}


def parts(module: Module) -> dict[str, list[Any]]:
    """The parameters by scope. Of two towers each counts with its projection; the whole also holds what belongs to neither.

    Of a language model that sees, its image tower, the language model with its head as decoder, and the whole.
    """
    inner = getattr(module, "model", None)
    if hasattr(inner, "language_model"):
        found = {
            "image-encoder": _below(inner, SEEING),
            "decoder": _below(inner, ("language_model",)) + _below(module, ("lm_head",)),
        }
        return {**found, "full-model": list(module.parameters())}
    if all(hasattr(module, towers[0]) for towers in SCOPES.values()):
        found = {scope: _below(module, names) for scope, names in SCOPES.items()}
        return {**found, "full-model": list(module.parameters())}
    return {"image-encoder" if module.main_input_name == "pixel_values" else "full-model": list(module.parameters())}


def _below(module: Module, names: Iterable[str]) -> list[Any]:
    return [parameter for name in names if hasattr(module, name) for parameter in getattr(module, name).parameters()]


def side(module: Module) -> int | None:
    """Native side of the input in pixels."""
    size = getattr(_vision_config(module), "image_size", None)
    return size[0] if isinstance(size, list | tuple) else size


def features(module: Module, images: Any) -> Features:
    """Last hidden state, and what the network's own pooler and projection make of it."""
    tower = _tower(module)
    given = tower(pixel_values=images)
    tokens = _tokens(given.last_hidden_state)
    pooler = given.get("pooler_output")
    pooler = pooler.flatten(1) if pooler is not None else None
    prefix = _prefix(module, images, tokens)
    projection = getattr(module, "visual_projection", None)
    return Features(
        tokens=tokens,
        prefix=prefix,
        has_class=prefix > 0,
        pooler=pooler,
        projection=projection(pooler) if projection is not None else None,
        attention=pooler if "AttentionPooling" in type(getattr(tower, "head", None)).__name__ else None,
    )


def _tower(module: Module) -> Module:
    """What reads images: one of two towers, the image tower of a language model, or the network itself."""
    return getattr(module, "vision_model", None) or getattr(getattr(module, "model", None), "vision_tower", module)


def _tokens(raw: Any) -> Any:
    return raw.flatten(2).transpose(1, 2) if raw.ndim == 4 else raw


def _prefix(module: Module, images: Any, tokens: Any) -> int:
    """Tokens before the first patch: what is left over when each patch of the image has one."""
    patch = getattr(_vision_config(module), "patch_size", None)
    if not isinstance(patch, int):
        return 0
    patches: int = (images.shape[-2] // patch) * (images.shape[-1] // patch)
    return max(0, int(tokens.shape[1]) - patches)


def _vision_config(module: Module) -> Any:
    return getattr(module.config, "vision_config", module.config)


def encode_text(module: Module, ids: Any) -> Any:
    """Texts as token ids [B, L] to vectors [B, D] in the space of the images', not normalised.

    A network that reads no text raises `Unavailable`.
    """
    if not hasattr(module, "text_model"):
        raise Unavailable(f"{type(module).__name__} reads no text")
    pooled = module.text_model(input_ids=ids).pooler_output
    return module.text_projection(pooled) if hasattr(module, "text_projection") else pooled


def write(module: Module, ids: Any, *inputs: Any, length: int, end: int | None) -> Any:
    """The ids [B, L] that follow on ids [B, N]: the likeliest each time, until all texts have ended or `length` are there.

    The one input are images [B, 3, H, W], one a text, which has the id SEEN in the image's place. Raises `Unavailable` for a
    network that writes nothing.
    """
    from pathdex.layers.language import SEEN

    if not (hasattr(module, "generate") and module.can_generate()):
        raise Unavailable(f"{type(module).__name__} writes nothing")
    given: dict[str, Any] = {}
    if inputs:
        token = module.config.image_token_id
        given, count = shown(module, *inputs)
        ids = spread(ids, SEEN, token, count)
        given |= kinds(module, ids, token)
    asked = {"attention_mask": ids.new_ones(ids.shape), "max_new_tokens": length, "do_sample": False, "eos_token_id": end}
    return module.generate(input_ids=ids, pad_token_id=end or 0, **asked, **given)[:, ids.shape[1] :]
