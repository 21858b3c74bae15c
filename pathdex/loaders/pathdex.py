"""Recipes of pathdex itself: `factory` is a module of pathdex/architectures, `kwargs` are its keywords."""

from typing import Any

from pathdex import plugins
from pathdex.measuring.arguments import RecipeError, resolved
from pathdex.measuring.pooling import Features, Unavailable
from pathdex.schema.model import Loader
from pathdex.text import near

PRELOAD = ("torch.utils.flop_counter",)
ARCHITECTURES = "pathdex.architectures"
Module = Any  # torch.nn.Module, which is not imported before a module is built


def build(loader: Loader) -> Module:
    """The network in evaluation mode, without weights, on the default device; raises `RecipeError`."""
    known = plugins.names(ARCHITECTURES)
    if loader.factory not in known:
        mend = near(loader.factory, known) or "pathdex/architectures has the modules that there are"
        raise RecipeError(f"pathdex has no architecture {loader.factory!r}; {mend}")
    return plugins.load(ARCHITECTURES, loader.factory).build(**resolved(loader.kwargs)).eval()


def adapted(_: Loader, module: Module, tensors: dict[str, Any]) -> dict[str, Any]:
    """Stored tensors by the module's names, where its architecture converts them."""
    return module.adapted(tensors) if hasattr(module, "adapted") else tensors


def parts(module: Module) -> dict[str, list[Any]]:
    """The parameters by scope, as the architecture divides them."""
    return dict(module.parts())


def side(module: Module) -> int | None:
    """Native side of the input in pixels; None where the input is no image."""
    return getattr(module, "side", None)


def example(module: Module) -> tuple[Any, ...] | None:
    """Inputs of a module that reads something else than images, such as the embeddings of a slide's tiles; None for images."""
    return module.example() if hasattr(module, "example") else None


def features(module: Module, *inputs: Any) -> Features:
    """What the architecture makes of its inputs."""
    return Features(**module.represent(*inputs))


def encode_text(module: Module, ids: Any) -> Any:
    """Texts as token ids [B, L] to vectors [B, D], as the architecture makes them; raises `Unavailable` where it reads none."""
    if not hasattr(module, "encode_text"):
        raise Unavailable(f"{type(module).__name__} reads no text")
    return module.encode_text(ids)


def denoised(module: Module, latents: Any, steps: Any, tokens: Any, **more: Any) -> Any:
    """The noise that a denoiser finds in latents [B, C, H, W] at steps [B], guided by tokens; [B, C, H, W].

    Where the architecture is a part of another network, that one is `foundation`; `control` is what a ControlNet adds.
    """
    return module(latents, steps, tokens, **more)


def decoded(module: Module, latents: Any) -> Any:
    """Pixels [B, 3, H, W] from -1 to 1 that a decoder makes of latents."""
    return module.decode(latents)


def stained(module: Module, *inputs: Any, **frozen: Any) -> Any:
    """Images as virtual stains [B, channels, H, W], through a frozen network where one is needed.

    Raises `Unavailable` where the architecture stains nothing.
    """
    if not hasattr(module, "stain"):
        raise Unavailable(f"{type(module).__name__} stains no images")
    return module.stain(*inputs, **frozen)


def write(module: Module, ids: Any, *inputs: Any, length: int, end: int | None) -> Any:
    """The ids [B, L] that follow on ids [B, N] and on what is seen, as the architecture writes; raises `Unavailable` where it
    writes nothing."""
    if not hasattr(module, "write"):
        raise Unavailable(f"{type(module).__name__} writes nothing")
    return module.write(ids, *inputs, length=length, end=end)
