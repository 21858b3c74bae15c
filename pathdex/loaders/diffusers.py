"""Recipes of diffusers: `factory` is a model class such as PixArtTransformer2DModel, `kwargs` the fields of its configuration.

What is built is one network, such as the denoiser or the autoencoder of a pipeline, and not the pipeline that draws images.
"""

import inspect
from typing import Any

from pathdex.measuring.arguments import RecipeError, offline, resolved
from pathdex.measuring.configuring import refuse_unknown
from pathdex.measuring.pooling import Features
from pathdex.schema.model import Loader
from pathdex.text import near

PRELOAD = ("torch.utils.flop_counter", "diffusers.models.modeling_utils")
ENCODER, DECODER = ("encoder", "quant_conv"), ("decoder", "post_quant_conv")
CONDITION = ("caption_channels", "cross_attention_dim")
Module = Any  # torch.nn.Module, which is not imported before a module is built


def build(loader: Loader) -> Module:
    """The network in evaluation mode, without weights, on the default device; raises `RecipeError`."""
    model = _model_class(loader.factory)
    arguments = resolved(loader.kwargs)
    refuse_unknown(loader.factory, arguments, set(inspect.signature(model.__init__).parameters) - {"self"})
    with offline():
        return model(**arguments).eval()


def _model_class(factory: str) -> Any:
    import diffusers

    known = [name for name in dir(diffusers) if name.endswith(("Model", "ModelV2")) or name.startswith("Autoencoder")]
    found = getattr(diffusers, factory, None) if factory in known else None
    if not (inspect.isclass(found) and issubclass(found, diffusers.ModelMixin)):
        mend = near(factory, known) or "write the class itself, such as UNet2DModel"
        raise RecipeError(f"diffusers {diffusers.__version__} has no model class {factory!r}; {mend}")
    return found


def parts(module: Module) -> dict[str, list[Any]]:
    """The parameters by scope: of an autoencoder its two halves and the whole, of any other network the whole."""
    whole = {"full-model": list(module.parameters())}
    if not hasattr(module, "decoder"):
        return whole
    return {"image-encoder": _below(module, ENCODER), "decoder": _below(module, DECODER), **whole}


def _below(module: Module, names: tuple[str, ...]) -> list[Any]:
    found = [getattr(module, name, None) for name in names]
    return [parameter for part in found if part is not None for parameter in part.parameters()]


def side(module: Module) -> int | None:
    """Native side in pixels of an autoencoder; None for a denoiser, which reads latents."""
    return module.config.get("sample_size") if hasattr(module, "decoder") else None


def example(module: Module) -> tuple[Any, ...] | None:
    """Of a denoiser one latent of native size, a step, and one token of condition where it takes any; None for images."""
    import torch

    if hasattr(module, "decoder"):
        return None
    config = module.config
    latent = torch.zeros(1, config["in_channels"], config["sample_size"], config["sample_size"])
    width = next((config[name] for name in CONDITION if config.get(name)), None)
    condition = () if width is None else (torch.zeros(1, 1, width),)
    return (latent, torch.zeros(1, dtype=torch.long), *condition)


def features(module: Module, *inputs: Any) -> Features:
    """As tokens [B, N, channels]: the mean of an autoencoder's latents, or what a denoiser foretells."""
    if hasattr(module, "decoder"):
        latents = module.encode(*inputs).latent_dist.mean
    else:
        latent, step, *condition = inputs
        latents = module(latent, timestep=step, **({"encoder_hidden_states": condition[0]} if condition else {})).sample
    return Features(latents.flatten(2).transpose(1, 2))


def denoised(module: Module, latents: Any, steps: Any, tokens: Any) -> Any:
    """The noise that a denoiser finds in latents [B, C, H, W] at steps [B], guided by tokens; [B, C or 2C, H, W]."""
    return module(latents, timestep=steps, encoder_hidden_states=tokens).sample


def decoded(module: Module, latents: Any) -> Any:
    """Pixels [B, 3, H, W] from -1 to 1 that an autoencoder makes of latents."""
    return module.decode(latents).sample
