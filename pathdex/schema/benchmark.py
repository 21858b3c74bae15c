"""A benchmark: one suite with its tasks."""

from typing import Annotated, Literal

from pydantic import Field

from pathdex.schema.receipt import Receipted
from pathdex.schema.record import Record, Some
from pathdex.schema.values import Licence, Line, Plain, Positive, Reference, Slug, Text, Url


class Task(Record):
    """One task: a data set, a question and a number."""

    name: Annotated[Line, Plain()]
    """Name as the suite prints it."""
    dataset: Annotated[Slug, Reference("datasets")] | None = None
    """Data set that it is scored on."""
    kind: Literal[
        "classification",
        "slide-classification",
        "segmentation",
        "regression",
        "survival",
        "retrieval",
        "robustness",
        "generation",
        "average",
    ]
    """What is asked."""
    metric: Line
    """Name of the number, such as balanced accuracy."""
    better: Literal["higher", "lower"]
    """Which way is better."""
    scale: Literal["unit", "percent", "other"] = "unit"
    """Unit: from 0 to 1. Percent: from 0 to 100."""
    classes: Positive | None = None
    """Number of classes."""
    private: Annotated[bool, Plain()] = False
    """Whether its data are closed, so that nobody outside can repeat the number."""
    notes: Text | None = None
    """What the reader must know to compare."""


class Benchmark(Receipted):
    """One suite of tasks with its protocol."""

    name: Annotated[Line, Plain()]
    """Name as its authors write it."""
    summary: Annotated[Text, Plain()]
    """One or two sentences in our own words."""
    organizations: Some[Line] = ()
    """Who runs it."""
    papers: Annotated[Some[Annotated[Slug, Reference("papers")]], Plain()] = ()
    """Papers that describe it."""
    code: Url | None = None
    """Code that runs it."""
    url: Url | None = None
    """Leaderboard or page."""
    license: Licence | None = None
    """Licence of the code."""
    protocol: Text
    """How a number comes about, in our own words."""
    pitfalls: Some[Text] = ()
    """Why two of its numbers may not be comparable."""
    tasks: Annotated[dict[Slug, Task], Field(min_length=1)]
    """The tasks by id."""
