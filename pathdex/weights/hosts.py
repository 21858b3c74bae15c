"""Where an entry's files are: a repository of the Hub, this machine's copy of it, or plain addresses."""

from pathlib import Path

from pathdex.schema.weights import Weights
from pathdex.weights import cached, direct, hub
from pathdex.weights.hub import Snapshot


def snapshot(weights: Weights, wanted: str | tuple[str, ...] | None = None, kept: Path | None = None) -> Snapshot:
    """The released files, or those that are wanted of them where each must be asked for; raises `Hindered`.

    Where the Hub's client is told to be offline, what lies below the folder `kept` is there, if one is given.
    """
    if not weights.repository and weights.url:
        return direct.snapshot(weights, wanted, kept)
    return cached.snapshot(weights, kept) if kept else hub.snapshot(weights)
