"""What stands for the objects of a pickle, none of which is made, and the tree of what they hold."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

LONGEST_NAME = 500
MOST_NODES = 500_000
"""Values that are looked at at most; a file that says more is built to exhaust its reader."""
MODULE_PARTS = ("_parameters", "_buffers", "_modules")
MODULE = 10
"""Values that a module counts for."""
PASSING = "_non_persistent_buffers_set"
"""Where a module says which of its buffers its state dictionary leaves out."""


class Stand:
    """Stands for an instance of any class: takes whatever a pickle gives it and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> "Stand":
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        self.given: dict[Any, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.given = state if isinstance(state, dict) else {}

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__dict__.setdefault("given", {})[key] = value

    def __call__(self, *_: Any, **__: Any) -> "Stand":
        return self

    def append(self, _: Any) -> None:
        """Forget it."""

    def extend(self, _: Any) -> None:
        """Forget them."""


def opened(tree: Any, nodes: Iterator[int]) -> Any:
    """The tree with stand-ins replaced by what they were given; the inner names of modules are left out."""
    if next(nodes) > MOST_NODES:
        raise ValueError("more values than any checkpoint has")
    if isinstance(tree, Stand):
        given = tree.__dict__.get("given", {})
        return opened(_module(given, nodes) if all(part in given for part in MODULE_PARTS) else given, nodes)
    if isinstance(tree, dict):
        if any(isinstance(key, str) and (len(key) > LONGEST_NAME or not key.isprintable()) for key in tree):
            raise ValueError("a name that is none")
        return {key: opened(value, nodes) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [opened(value, nodes) for value in tree]
    return tree


def _module(given: dict[Any, Any], nodes: Iterator[int]) -> dict[str, Any]:
    """What a pickled module holds, by the names of its state dictionary; nothing of the module is made or run."""
    parts = [given[part] for part in MODULE_PARTS]
    if not all(isinstance(part, dict) for part in parts):
        raise ValueError("a module whose parts are none")
    names = [name for part in parts for name in part]
    if len(set(names)) < len(names) or not all(isinstance(name, str) and name and "." not in name for name in names):
        raise ValueError("a module with a part whose name is none")
    passing = given.get(PASSING, ())
    if not isinstance(passing, set | tuple) or len(passing) > len(given["_buffers"]):
        raise ValueError("a module with more buffers in passing than it has")
    looked_at = MODULE + len(passing)
    next(islice(nodes, looked_at, looked_at), None)
    gone = {name for name in passing if isinstance(name, str)}
    return {name: one for part in parts for name, one in part.items() if part is not given["_buffers"] or name not in gone}
