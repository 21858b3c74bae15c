"""A result: one published table; its rows, as printed, stand in the CSV beside it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pathdex.schema.receipt import Receipted, Sources
from pathdex.schema.record import Record, Some
from pathdex.schema.values import Line, Plain, Reference, Slug, Text, Variant

Precision = Literal["fp32", "fp16", "bf16", "mixed", "not-stated"]


class Row(Record):
    """Who a printed row is about."""

    model: Annotated[Slug, Reference("models"), Plain()] | None = None
    """The model's entry; left out when the catalog has none."""
    about: Annotated[Text, Plain()] | None = None
    """What the row is, when it is no entry or needs a word."""
    embedding: Variant | None = None
    """Variant used, when it differs from the table's."""

    @model_validator(mode="after")
    def known(self) -> "Row":
        """A row is about something."""
        if self.model is None and self.about is None:
            raise ValueError("a row is about a model or says what it is; give model or about")
        return self


class Column(Record):
    """What a printed column holds: a task's number, an average of columns, or something beside."""

    task: Annotated[str, Field(pattern=r"^[a-z0-9.+-]+/[a-z0-9.-]+$"), Reference("tasks"), Plain()] | None = None
    """Suite and task, as eva/bach."""
    average_of: Annotated[Some[Line], Plain()] = ()
    """Printed columns that the source averages here."""
    about: Annotated[Line, Plain()] | None = None
    """What else the column holds, such as a number of slides."""

    @model_validator(mode="after")
    def one(self) -> "Column":
        """Exactly one meaning."""
        if sum((self.task is not None, bool(self.average_of), self.about is not None)) != 1:
            raise ValueError("a column means one thing; give one of task, average_of, about")
        return self


class Result(Receipted):
    """One published table, as printed."""

    title: Annotated[Line, Plain()]
    """What the table shows."""
    summary: Annotated[Text, Plain()]
    """One or two sentences in our own words."""
    source: Annotated[Sources, Plain()]
    """Where the table is printed."""
    papers: Annotated[Some[Annotated[Slug, Reference("papers")]], Plain()] = ()
    """The publication that prints it."""
    reported_by: Annotated[Literal["authors", "third-party"], Plain()]
    """Whether the printed numbers come from makers of a model in the table."""
    protocol: Text
    """How the numbers came about, as far as the source says, in our own words."""
    embedding: Variant
    """Variant used in all rows, or not-stated."""
    precision: Precision
    """Arithmetic precision, or not-stated."""
    label: Annotated[Line, Plain()]
    """Header of the printed column that names the rows."""
    models_in: Annotated[Literal["rows", "columns"], Plain()] = "rows"
    """Where the source prints the models. The CSV keeps its order; either way `rows` is about models, `columns` about numbers."""
    rows: Annotated[dict[Line, Row], Plain(), Field(min_length=1)]
    """Printed row label to what it is about."""
    columns: Annotated[dict[Line, Column], Plain(), Field(min_length=1)]
    """Printed column header to what it holds."""
    remarks: Annotated[Some[Text], Plain()] = ()
    """Where the table contradicts itself or its text."""
