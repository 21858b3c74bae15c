"""Where an entry's files are: a repository of the Hub, this machine's copy of it, or plain addresses."""

from pathlib import Path

from pathdex.schema.weights import Weights
from pathdex.weights import cached, direct, hub
from pathdex.weights.archives import PACKED
from pathdex.weights.hub import Remote, Snapshot


def snapshot(weights: Weights, wanted: str | tuple[str, ...] | None = None, kept: Path | None = None) -> Snapshot:
    """The released files, or those that are wanted of them where each must be asked for; raises `Hindered`.

    Where the Hub's client is told to be offline, what lies below the folder `kept` is there, if one is given.
    """
    if not weights.repository and weights.url:
        return direct.snapshot(weights, wanted, kept)
    return cached.snapshot(weights, kept) if kept else hub.snapshot(weights)


def chosen(weights: Weights, file: str | tuple[str, ...] | None, found: Snapshot) -> list[Remote]:
    """The files that fill the module, as `hub.chosen` has them, or the archives that are named; raises `Hindered`."""
    named = (file,) if isinstance(file, str) else file or tuple(one.name for one in weights.files)
    if not named or not all(name.endswith(PACKED) for name in named):
        return hub.chosen(weights, file, found)
    if lacking := [name for name in named if name not in found.files]:
        raise found.lacks(f"no file {lacking[0]!r}")
    return [found.files[name] for name in named]
