"""A run of the verification job: what it tried and how that ended. Written by the job only, never by hand."""

from typing import Literal

from pydantic import Field, model_validator

from pathdex.schema.evidence import Height, Status
from pathdex.schema.measured import Seconds
from pathdex.schema.record import Record, Some
from pathdex.schema.values import Line, Moment, Natural, Slug


class Worse(Record):
    """A rung that had passed before the run and did not in it."""

    model: Slug
    """The model."""
    rung: Height
    """The rung."""
    status: Status
    """How it ended."""
    reason: Line
    """Why it did not pass."""
    passed_at: Moment
    """When it last passed."""


class Run(Record):
    """One run of the job, in numbers."""

    ended_at: Moment
    """When it ended, in UTC."""
    seconds: Seconds
    """How long it took."""
    pathdex: Line
    """Version of pathdex that ran."""
    device: Line
    """Where it measured, such as cpu or cuda."""
    weights: Literal["released", "random"]
    """Whether the upper rungs loaded the released weights, or seeded random ones at true size."""
    rungs: Some[Height]
    """The rungs that it was to climb, from the ground."""
    models: Natural
    """Models that it was to take up them."""
    ended: dict[Height, dict[Status, Natural]]
    """How many models ended how on each of those rungs."""
    worse: Some[Worse] = ()
    """What had passed before and did not in this run."""
    stopped: bool = Field(default=False)
    """Whether it was ended before its work was done."""

    @model_validator(mode="after")
    def complete(self) -> "Run":
        """Each model has exactly one end on each rung."""
        for rung in self.rungs:
            if sum(self.ended.get(rung, {}).values()) != self.models:
                raise ValueError(f"rung {rung!r} does not account for {self.models} models; let the job write the run anew")
        return self
