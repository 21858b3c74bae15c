"""What the job can measure of one model, rung by rung."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pathdex.schema.record import Record, Some
from pathdex.schema.values import Commit, Line, Moment, Natural, Positive, Sha256, Url

Seconds = Annotated[float, Field(ge=0)]
Precision = Literal["fp32", "bf16", "fp16"]


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
    """Floating-point operations of the encoder for one input; a multiply-add counts as two."""
    input: Annotated[tuple[Positive, ...], Field(strict=False)] | None = None
    """Shape of that input: batch, channels, height, width; of a slide encoder batch, tiles, width of their embeddings."""
    state_dict: StateDict
    """Names and shapes."""


class Stored(Record):
    """One file of weights, as its index and its host describe it."""

    name: Line
    """Path inside the repository."""
    format: Literal["safetensors", "torch-zip", "torch-legacy"]
    """How the tensors are stored."""
    bytes: Positive
    """Size."""
    sha256: Sha256 | None = None
    """Hash of the whole file: as the host states it in the header rung, as computed in the weights rung."""
    tensors: Natural
    """Number of tensors."""
    elements: Natural
    """Numbers in all tensors; buffers, heads and copies of a teacher count here, so this is no number of parameters."""
    dtypes: dict[Line, Positive]
    """Elements by type."""
    classes: Some[Line] = ()
    """Classes that the file's pickle names beside those of tensors; none was imported."""


class Fit(Record):
    """How the stored names and shapes fit the module that the recipe builds."""

    matched: Natural
    """Tensors of the module that the file has, in their shape."""
    missing: Natural = 0
    """Tensors of the module that the file lacks."""
    unexpected: Natural = 0
    """Tensors of the file that the module has no place for."""
    misshapen: Natural = 0
    """Tensors of another shape."""
    examples: Some[Line] = ()
    """Some of those that do not fit, each with what is wrong."""


class Header(Record):
    """What the header rung measures, by reading the beginning or the index of each file."""

    revision: Commit | None = None
    """Commit of the repository whose files were read; left out where they are in no repository of the Hub."""
    url: Url | None = None
    """Where they were read instead."""
    latest: Commit | None = None
    """Commit that the main branch pointed at, where it is another."""
    files: Annotated[Some[Stored], Field(min_length=1)]
    """The files of weights."""
    fit: Fit | None = None
    """How they fit the recipe; left out without one."""


class Contents(Record):
    """What the weights rung measures, by reading every byte."""

    revision: Commit | None = None
    """Commit of the repository whose files were read; left out where they are in no repository of the Hub."""
    url: Url | None = None
    """Where they were read instead."""
    files: Annotated[Some[Stored], Field(min_length=1)]
    """The files of weights."""
    fit: Fit
    """How they fit the recipe."""
    not_finite: Natural = 0
    """Loaded tensors that hold NaN or Inf."""
    fetch_seconds: Seconds
    """Time to have the files on disk, with their hashes."""
    load_seconds: Seconds
    """Time from there to a filled module."""
    peak_memory: Positive
    """Greatest resident memory of the process, in bytes."""


class Vector(Record):
    """What one embedding variant of the standard tiles was, at one precision."""

    width: Positive
    """Length."""
    norm: Annotated[float, Field(gt=0)] | None = None
    """Mean Euclidean length over the tiles; left out where a value is not finite."""
    first: Some[float]
    """First values of the first tile's vector."""
    finite: bool
    """Whether every value was finite."""
    deterministic: bool
    """Whether a second run gave the same bits."""
    agreement: float | None = None
    """Least cosine with the fp32 vectors of the same run; left out for fp32 itself."""
    golden: float | None = None
    """Least cosine with the golden vectors of this device class and precision, where they exist."""
    difference: Annotated[float, Field(ge=0)] | None = None
    """Greatest absolute difference from those golden vectors."""


class Reproduced(Record):
    """How the model's embedding of an image of its authors' compares with the one that they publish, in fp32."""

    variant: Line
    """Which embedding it is."""
    input: Sha256
    """Hash of the image's file."""
    output: Sha256
    """Hash of the file with the published embedding."""
    cosine: float | None = None
    """Cosine of the two; left out where they could not be compared."""
    difference: Annotated[float, Field(ge=0)] | None = None
    """Greatest absolute difference."""
    greatest: Annotated[float, Field(ge=0)] | None = None
    """Greatest absolute value of the published one."""
    hindered: Line | None = None
    """Why they could not be compared: a status and a reason."""
    compared_at: Moment | None = None
    """When the comparison was made, where it is an earlier one: the last that there was before they could not be compared."""

    @model_validator(mode="after")
    def told(self) -> "Reproduced":
        """There is a comparison, or a reason for none; both only where the comparison has an earlier date."""
        numbers = [one is not None for one in (self.cosine, self.difference, self.greatest)]
        wanted = self.hindered is None or self.compared_at is not None
        if numbers != [wanted] * 3 or (self.compared_at and not self.hindered):
            raise ValueError("a comparison and hindered do not fit; let the job write evidence anew")
        return self


class Vectors(Record):
    """What the embedding rung measures on the standard tiles."""

    weights: Literal["released", "random"]
    """Whether the released weights were loaded, or seeded random ones at true size."""
    tiles: Sha256
    """Hash of the standard tiles."""
    device_class: Line
    """Kind of device that golden vectors are kept for, such as cpu or cuda-sm90."""
    variants: Annotated[dict[str, dict[Precision, Vector]], Field(min_length=1)]
    """Variant, then precision."""
    tf32: bool | None = None
    """Whether products in fp32 were rounded to the ten bits of TF32; left out for a device that has no such thing."""
    expected: Some[Reproduced] = ()
    """The outputs that the authors publish, in the order of the entry."""


class Speed(Record):
    """How fast one setting encodes."""

    precision: Precision
    """Arithmetic."""
    mode: Literal["eager", "compiled"]
    """Whether torch.compile was used."""
    batch: Positive
    """Images at a time."""
    per_second: Annotated[float, Field(gt=0)]
    """Images a second."""
    peak_memory: Positive
    """Greatest memory in use on the device, in bytes; of the process on a CPU."""


class Cost(Record):
    """What the cost rung measures."""

    weights: Literal["released", "random"]
    """Whether the released weights were loaded, or seeded random ones at true size."""
    input: Annotated[tuple[Positive, ...], Field(strict=False)]
    """Shape of one input: channels, height, width."""
    fetch_seconds: Seconds | None = None
    """Time to have the files on disk; left out where no file was needed."""
    load_seconds: Seconds
    """Time from there to a filled module on the device."""
    tf32: bool | None = None
    """Whether products in fp32 were rounded to the ten bits of TF32; left out for a device that has no such thing."""
    speeds: Annotated[Some[Speed], Field(min_length=1)]
    """Every setting that was tried and fitted into memory."""
    failed: dict[Line, Line] = {}
    """Settings that ended in an error, such as compiled in bf16, each with the reason."""
