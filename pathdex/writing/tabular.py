"""A table of the catalog for programs: columns with their meaning, rows of bare values; as CSV and as a column list."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pathdex.schema import Record

Kind = Literal["text", "integer", "real", "yes-no"]
DATATYPES: dict[Kind, str] = {"text": "string", "integer": "integer", "real": "number", "yes-no": "boolean"}
BETWEEN = "; "
"""What parts the items of a list within a cell."""


@dataclass(frozen=True)
class Column:
    """One column; `take` gets its value from what a row is about."""

    name: str
    kind: Kind
    about: str
    take: Callable[[Any], Any]


@dataclass(frozen=True)
class Flat:
    """One table; `key` names the columns that tell its rows apart, none where only the place does."""

    name: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    key: tuple[str, ...] = ()


def stated(record: type[Record], field: str, kind: Kind = "text", at: str = "", name: str = "") -> Column:
    """A field of the schema as a column, with the field's own meaning; `at` is the way from the row's subject to the record."""
    about = record.model_fields[field].description or ""
    steps = [step for step in (*at.split("."), field) if step]

    def take(subject: Any) -> Any:
        for step in steps:
            subject = None if subject is None else getattr(subject, step)
        return subject

    return Column(name or field, kind, about, take)


def flat(name: str, about: str, columns: tuple[Column, ...], subjects: Iterator[Any], key: tuple[str, ...] = ()) -> Flat:
    """The table with a row for each subject."""
    rows = tuple(tuple(cell(column.take(subject)) for column in columns) for subject in subjects)
    return Flat(name, about, columns, rows, key)


def cell(value: Any) -> Any:
    """A value as one cell: a list in one text, what is not known as None."""
    if isinstance(value, tuple | list):
        return BETWEEN.join(map(str, value)) or None
    return None if value == "" else value


def comma_separated(table: Flat) -> str:
    """The table as CSV with a header; an empty cell is not known."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([_plain(value) for value in row] for row in table.rows)
    return stream.getvalue()


def _plain(value: Any) -> Any:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def described(table: Flat, file: str) -> str:
    """The columns as the W3C's metadata for CSV on the web, which programs read beside the file."""
    columns = [
        {"name": column.name, "titles": column.name, "datatype": DATATYPES[column.kind], "dc:description": column.about}
        for column in table.columns
    ]
    keyed = {"primaryKey": list(table.key)} if table.key else {}
    found = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": file,
        "dc:title": table.name,
        "dc:description": table.about,
        "dc:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
        "tableSchema": {"columns": columns, **keyed},
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
