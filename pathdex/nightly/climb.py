"""One model's way up the rungs: what comes next, and what is not tried because of what ended below."""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pathdex.nightly.journal import Done
from pathdex.schema.evidence import Height
from pathdex.verify import HARMLESS, Ended

LOADING = ("weights", "embedding", "cost")
"""Rungs that use the device."""


@dataclass
class Climb:
    """One model, the rungs that it has left, and how those below ended; `slot` is the GPU that it holds."""

    model: str
    left: list[Height]
    below: dict[Height, Done] = field(default_factory=dict)
    slot: str | None = None
    locked: bool = False
    """Whether no other process may climb for this model; asking twice would wait for oneself."""
    holds: ExitStack = field(default_factory=ExitStack)
    """What is given back when the climb ends."""

    def settle(self, done: Done) -> None:
        """A rung has ended."""
        self.left.remove(done.rung)
        self.below[done.rung] = done


def blocked(below: dict[Height, Done], random: bool) -> Ended | None:
    """How a rung ends that stands on one that did not hold; with random weights the released ones do not matter."""
    for rung, done in below.items():
        stands = done.status in HARMLESS or (done.status == "drifted" and done.measured)
        if not stands and not (random and rung in ("header", "weights")):
            return Ended("not-attempted", f"the {rung} rung ended as {done.status}")
    return None


def emptied(folder: Path) -> None:
    """Delete a cache that the run filled."""
    shutil.rmtree(folder, ignore_errors=True)
