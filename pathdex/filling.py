"""A recipe's module filled from files, strictly: every name and every shape accounted for, or not at all."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pathdex import plugins
from pathdex.hindrance import Hindered
from pathdex.measuring.fitting import complaint, fit, together, used
from pathdex.measuring.skeleton import skeleton
from pathdex.schema import Model
from pathdex.schema.measured import Fit
from pathdex.schema.model import Loader
from pathdex.weights import opening
from pathdex.weights.index import Index

Module = Any  # torch.nn.Module, which is not imported before a module is built


def library(loader: Loader) -> Any:
    """The module of pathdex/loaders that builds the recipe."""
    return plugins.load("pathdex.loaders", loader.library)


def recipe(model: Model) -> Loader:
    """The recipe of an entry that pathdex can follow; raises `Hindered`."""
    if model.unsupported:
        raise Hindered("unsupported", model.unsupported.what)
    if model.loader is None:
        raise Hindered("not-attempted", "no recipe")
    if model.loader.library not in plugins.names("pathdex.loaders"):
        raise Hindered("not-attempted", f"library {model.loader.library}: no module in pathdex builds it yet")
    return model.loader


def named(loader: Loader, module: Module, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Stored tensors by the module's names: the recipe's prefix taken off, its layout converted, what is unused left out."""
    below = {name: stored[path] for path, name in used(loader, stored).items()}
    adapted = getattr(library(loader), "adapted", None)
    return adapted(loader, module, below) if adapted else below


def compared(loader: Loader, files: Iterable[tuple[str, Index]]) -> tuple[Fit, str]:
    """How the indexes of files fit the recipe, on the meta device, and what is wrong in one line; raises `Hindered`."""
    import torch

    stored = together(loader, ((name, holds.tensors) for name, holds in files))
    with torch.device("meta"), torch.no_grad():
        module = library(loader).build(loader)
        hollow = {name: torch.empty(one.shape, dtype=getattr(torch, one.dtype, None)) for name, one in stored.items()}
        wanted, given = module.state_dict(), named(loader, module, hollow)
    found = fit(wanted, given)
    return found, complaint(found, wanted, stored)


def filled(loader: Loader, files: Mapping[Path, Index], device: str = "cpu") -> tuple[Module, Fit, str]:
    """The module with the files' tensors in it, without a copy on the CPU; what does not fit leaves it empty and says so."""
    import torch

    with torch.no_grad():
        with skeleton():
            module = library(loader).build(loader)
        stored = together(loader, ((path.name, opening.tensors(path, holds)) for path, holds in files.items()))
        wanted, given = module.state_dict(), named(loader, module, stored)
        found = fit(wanted, given)
        wrong = complaint(found, wanted, stored)
        if not wrong:
            module.load_state_dict(given, strict=True, assign=True)
            module.to(device).eval().requires_grad_(False)
    return module, found, wrong


def not_finite(module: Module) -> list[str]:
    """Names of the tensors that hold NaN or Inf, found where they lie, without a copy."""
    import torch

    found = []
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and tensor.numel():
            least, most = torch.aminmax(tensor)
            if not bool(torch.isfinite(least) & torch.isfinite(most)):
                found.append(name)
    return found
