"""A data set: one cohort of slides, or a set of images cut from cohorts."""

from typing import Annotated, Literal

from pydantic import model_validator

from pathdex.schema.quantity import Quantity
from pathdex.schema.receipt import Receipted
from pathdex.schema.record import Record, Some
from pathdex.schema.values import Length, Licence, Line, PartialDate, Plain, Positive, Reference, Slug, Text, Url


class Origin(Record):
    """A cohort that images were drawn from."""

    dataset: Annotated[Slug, Reference("datasets")]
    """Id of the cohort."""
    part: Literal["all", "train", "validation", "test", "some"] = "all"
    """Which part of this data set comes from there."""


class Dataset(Receipted):
    """One cohort or data set."""

    name: Annotated[Line, Plain()]
    """Full or usual name."""
    kind: Annotated[Literal["cohort", "images", "patches", "slides", "spatial-omics", "text-pairs"], Plain()]
    """Cohort: slides of patients. The rest is cut or collected from cohorts."""
    summary: Annotated[Text, Plain()]
    """One or two sentences in our own words."""
    url: Url | None = None
    """Its page."""
    papers: Annotated[Some[Annotated[Slug, Reference("papers")]], Plain()] = ()
    """Papers that describe it."""
    released: PartialDate | None = None
    """When it came out."""
    access: Literal["open", "registration", "request", "private"] | None = None
    """Who can get it."""
    license: Licence | None = None
    """SPDX expression, or LicenseRef-Name."""
    license_url: Url | None = None
    """The licence's text; needed for a LicenseRef."""
    organs: Some[Line] = ()
    """Organs or sites."""
    stains: Some[Line] = ()
    """Stains, such as H&E."""
    classes: Positive | None = None
    """Number of classes, where it is labelled."""
    images: Quantity | None = None
    """Images or patches."""
    slides: Quantity | None = None
    """Whole-slide images."""
    patients: Quantity | None = None
    """Patients."""
    mpp: Some[Length] = ()
    """Microns per pixel."""
    derived_from: Some[Origin] | None = None
    """Cohorts its images come from: left out while unknown, [] when it is a cohort of its own."""

    @model_validator(mode="after")
    def licensed(self) -> "Dataset":
        """A licence of one's own links to its text."""
        if "LicenseRef-" in (self.license or "") and not self.license_url:
            raise ValueError(f"{self.license!r} needs its text; add license_url")
        return self
