"""The training of a model: method, amount and sources of its data, cost."""

from typing import Annotated

from pydantic import model_validator

from pathdex.schema.quantity import Quantity
from pathdex.schema.record import Record, Some
from pathdex.schema.values import Length, Line, Positive, Reference, Slug


class TrainingData(Record):
    """One source of training images."""

    dataset: Annotated[Slug, Reference("datasets")] | None = None
    """Id of the data set, where the catalog has it."""
    name: Line | None = None
    """Name, where the catalog has no entry for it."""
    public: bool | None = None
    """Whether others can get the images."""
    slides: Quantity | None = None
    """Slides taken from it."""

    @model_validator(mode="after")
    def named(self) -> "TrainingData":
        """Either an id or a name."""
        if (self.dataset is None) == (self.name is None):
            raise ValueError("training data has either an entry or a name; give dataset or name")
        return self


class Compute(Record):
    """What the training cost."""

    gpu: Line | None = None
    """Kind of accelerator."""
    gpus: Positive | None = None
    """Number of accelerators."""
    gpu_hours: Length | None = None
    """Accelerator hours."""
    steps: Positive | None = None
    """Optimiser steps."""
    batch: Positive | None = None
    """Images a step over all devices."""


class Training(Record):
    """What it was trained on and how."""

    algorithm: Line | None = None
    """Training method, such as DINOv2."""
    initialisation: Line | None = None
    """Starting weights that are no entry of this catalog; entries stand in lineage."""
    slides: Quantity | None = None
    """Whole-slide images."""
    tiles: Quantity | None = None
    """Distinct tiles."""
    patients: Quantity | None = None
    """Patients."""
    pairs: Quantity | None = None
    """Image-text pairs."""
    data: Some[TrainingData] = ()
    """Sources of the images."""
    data_complete: bool | None = None
    """Whether `data` names all of them; without it, contamination stays unknown."""
    stains: Some[Line] = ()
    """Stains, such as H&E, IHC."""
    magnifications: Some[Length] = ()
    """Objective magnifications of the training tiles."""
    mpp: Some[Length] = ()
    """Microns per pixel of the training tiles."""
    compute: Compute | None = None
    """What it cost."""
