"""What a folder offers: each module in it is a plug-in, named after its file."""

import importlib
import pkgutil
from types import ModuleType


def names(package: str) -> tuple[str, ...]:
    """The modules in the folder of `package`, sorted, without importing them."""
    folder = importlib.import_module(package).__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(folder)))


def load(package: str, name: str) -> ModuleType:
    """Import one plug-in of `package`."""
    return importlib.import_module(f"{package}.{name}")


def load_all(package: str) -> dict[str, ModuleType]:
    """Import every plug-in of `package`, by name, in sorted order."""
    return {name: load(package, name) for name in names(package)}
