"""Evidence: what the verification job saw of one model. Written by the job, never by hand; it judges nothing."""

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from pathdex.schema.measured import Contents, Cost, Header, Measured, Vectors
from pathdex.schema.record import Record
from pathdex.schema.values import Line, Moment, Natural, Sha256

Height = Literal["architecture", "header", "weights", "embedding", "cost"]
HEIGHTS: tuple[Height, ...] = get_args(Height)
"""The rungs of the ladder, from the ground."""

Status = Literal[
    "passed",
    "mismatch",
    "gated",
    "missing",
    "drifted",
    "unsupported",
    "unsupported-environment",
    "unreachable",
    "timeout",
    "out-of-memory",
    "crashed",
    "not-attempted",
]


UNTRIED: tuple[Status, ...] = ("not-attempted", "unsupported")
"""Ends of a rung that there was nothing to try for."""


class Environment(Record):
    """With what it was measured."""

    python: Line
    """Python's version."""
    libraries: dict[str, Line]
    """Version of each library that took part."""
    device: Line
    """Device, such as meta, cpu or the GPU's name."""


class Rung(Record):
    """One rung of the ladder."""

    status: Status
    """How it ended."""
    reason: Line | None = None
    """Why it did not pass."""
    measured_at: Moment
    """When, in UTC."""
    passed_at: Moment | None = None
    """When it last passed, where it did not pass this time."""
    seconds: Annotated[float, Field(ge=0)]
    """How long it took."""
    bytes_moved: Natural
    """Bytes moved over the network."""
    environment: Environment
    """With what."""
    measured: Record | None = None
    """What was seen."""

    @model_validator(mode="after")
    def told(self) -> "Rung":
        """A pass has measurements, anything else a reason; what does not fit may show both."""
        if (self.status == "passed" and not self.measured) or (self.measured and self.status not in MEASURED):
            raise ValueError(f"status {self.status!r} and measured do not fit; let the job write evidence anew")
        if self.status != "passed" and not self.reason:
            raise ValueError(f"status {self.status!r} has a reason; let the job write evidence anew")
        return self


MEASURED = frozenset({"passed", "mismatch", "drifted"})


class ArchitectureRung(Rung):
    """The recipe built without weights."""

    measured: Measured | None = None
    """What was seen."""


class HeaderRung(Rung):
    """Names and shapes of the released files, without their contents."""

    measured: Header | None = None
    """What was seen."""


class WeightsRung(Rung):
    """Every byte of the released files, loaded strictly."""

    measured: Contents | None = None
    """What was seen."""


class EmbeddingRung(Rung):
    """Embeddings of the standard tiles."""

    measured: Vectors | None = None
    """What was seen."""


class CostRung(Rung):
    """Speed and memory."""

    measured: Cost | None = None
    """What was seen."""


class Rungs(Record):
    """The rungs that the job has tried."""

    architecture: ArchitectureRung | None = None
    """The recipe built without weights."""
    header: HeaderRung | None = None
    """Names and shapes of the released files."""
    weights: WeightsRung | None = None
    """Every byte of the released files."""
    embedding: EmbeddingRung | None = None
    """Embeddings of the standard tiles."""
    cost: CostRung | None = None
    """Speed and memory."""

    def tried(self) -> Iterator[tuple[Height, Rung]]:
        """The rungs that the job has tried, from the ground."""
        for height in HEIGHTS:
            if (rung := getattr(self, height)) is not None:
                yield height, rung

    @model_validator(mode="after")
    def some(self) -> "Rungs":
        """There is at least one."""
        if not any(self.tried()):
            raise ValueError("evidence has at least one rung; let the job write it anew")
        return self


RUNGS: dict[Height, type[Rung]] = {
    "architecture": ArchitectureRung,
    "header": HeaderRung,
    "weights": WeightsRung,
    "embedding": EmbeddingRung,
    "cost": CostRung,
}
"""Name of each rung to its record."""


def is_random(rung: Rung) -> bool:
    """Whether seeded random weights were measured in place of the released ones."""
    return getattr(rung.measured, "weights", "released") == "random"


class Evidence(Record):
    """What the job saw of one model, by rung."""

    recipe: Sha256
    """Hash of the recipe that was measured; a changed entry makes evidence stale."""
    pathdex: Line
    """Version of pathdex that measured."""
    rungs: Rungs
    """The rungs climbed."""
