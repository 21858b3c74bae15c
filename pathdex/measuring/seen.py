"""How a measurement is to be made, and what it gives."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pathdex.schema.record import Record


@dataclass(frozen=True)
class Way:
    """How to measure: where, with what room, with which weights."""

    device: str = "cpu"
    """Torch's name of the device."""
    cache: Path | None = None
    """Folder for downloads; the Hub's own where there is none."""
    quota: int | None = None
    """Bytes of disk that one file may take."""
    random: bool = False
    """Whether seeded random weights stand in for the released ones."""
    golden: Path | None = None
    """File of the model's golden vectors."""
    limit: float | None = None
    """Seconds that the rung has for the model, after which it is ended and nothing of it kept."""
    environment: str = "default"
    """Name of the environment group that this process runs in."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What else a rung lets its caller choose."""


@dataclass(frozen=True)
class Seen:
    """What a rung saw of one model."""

    measured: Record
    status: str = "passed"
    reason: str = ""
    """Why it did not pass."""
    device: str = "meta"
    moved: int = 0
    """Bytes moved over the network."""
    beside: dict[str, str] = field(default_factory=dict)
    """Files to stand beside the evidence: the end of each name, and its text."""
