"""Evidence: what the verification job saw of one model. Written by the job, never by hand; it judges nothing."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pathdex.schema.record import Record
from pathdex.schema.values import Line, Natural, Positive, Sha256

Status = Literal[
    "passed",
    "mismatch",
    "gated",
    "missing",
    "drifted",
    "unsupported-environment",
    "unreachable",
    "timeout",
    "out-of-memory",
    "crashed",
    "not-attempted",
]


def _moment(value: str) -> str:
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a moment; let the job write evidence anew") from error
    return value


Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"), AfterValidator(_moment)]


class Environment(Record):
    """With what it was measured."""

    python: Line
    """Python's version."""
    libraries: dict[str, Line]
    """Version of each library that took part."""
    device: Line
    """Device, such as meta, cpu or the GPU's name."""


class StateDict(Record):
    """Names and shapes of the module's parameters and stored buffers; listed in `<model>.tensors.csv` beside the evidence."""

    tensors: Natural
    """Number of entries."""
    sha256: Sha256
    """Hash of the listing."""


class Measured(Record):
    """What the architecture rung measures, without a download."""

    parameters: Annotated[dict[str, Positive], Field(min_length=1)]
    """Exact number of parameters by scope."""
    embeddings: dict[str, Positive] = {}
    """Width of each embedding variant, from a forward pass without data."""
    unavailable: dict[str, Line] = {}
    """Embedding variants that the module does not give, with the reason."""
    flops: Positive | None = None
    """Floating-point operations of the image encoder for one input at native size; a multiply-add counts as two."""
    input: Annotated[tuple[Positive, ...], Field(strict=False)] | None = None
    """Shape of that input: batch, channels, height, width; left out where the entry names no embedding and nothing was run."""
    state_dict: StateDict
    """Names and shapes."""


class Rung(Record):
    """One rung of the ladder: architecture, header, weights, embedding, cost."""

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
    measured: Measured | None = None
    """What was seen."""

    @model_validator(mode="after")
    def told(self) -> "Rung":
        """A pass has measurements, anything else a reason."""
        if (self.status == "passed") != (self.measured is not None):
            raise ValueError(f"status {self.status!r} and measured do not fit; let the job write evidence anew")
        if self.status != "passed" and not self.reason:
            raise ValueError(f"status {self.status!r} has a reason; let the job write evidence anew")
        return self


class Evidence(Record):
    """What the job saw of one model, by rung."""

    recipe: Sha256
    """Hash of the recipe that was measured; a changed entry makes evidence stale."""
    pathdex: Line
    """Version of pathdex that measured."""
    rungs: Annotated[dict[Literal["architecture"], Rung], Field(min_length=1)]
    """The rungs climbed."""
