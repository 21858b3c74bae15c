"""Builds a module whose parameters take no memory and whose buffers are real, ready to be filled from a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from typing import Any

ALONE = RLock()
"""Two threads at it would undo each other's changes in the wrong order, and leave every later module empty."""


@contextmanager
def skeleton() -> Iterator[None]:
    """Within it, new parameters go to the meta device as they are registered, so that filling them at random costs nothing.

    Modules that another thread makes meanwhile stay as they are; a second skeleton waits for the first.
    """
    import torch

    with ALONE:
        register, owner = torch.nn.Module.register_parameter, get_ident()

        def on_meta(module: Any, name: str, parameter: Any) -> None:
            if parameter is not None and parameter.device.type != "meta" and get_ident() == owner:
                parameter = torch.nn.Parameter(parameter.data.to("meta"), requires_grad=False)
            register(module, name, parameter)

        torch.nn.Module.register_parameter = on_meta  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            torch.nn.Module.register_parameter = register  # type: ignore[method-assign]
