"""The whole catalog to take away, as JSON, CSV, Parquet, SQLite and references, and the page that says what each file holds."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pathdex.catalog import Catalog
from pathdex.writing.contract import DIALECT, NAMES, identifier, schema
from pathdex.writing.database import database
from pathdex.writing.flat import MAIN, tables
from pathdex.writing.parquet import parquet
from pathdex.writing.references import references
from pathdex.writing.rendering import environment, page
from pathdex.writing.served import SERVED, served
from pathdex.writing.tabular import Flat, comma_separated, described

COMMITTED = False
AGGREGATE = True
FOLDER = "downloads"


class File(NamedTuple):
    """A file, what it is, and where its schema is: a file beside it, or the address of a standard."""

    name: str
    label: str
    content: str | bytes
    about: str
    schema: str

    @property
    def bytes(self) -> int:
        """Its size."""
        return len(self.content if isinstance(self.content, bytes) else self.content.encode())


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str | bytes]]:
    """downloads/: the files, their schemas and the page."""
    every = tables(catalog)
    mains = every[: len(MAIN)]
    files = [_whole(catalog), *map(_csv, mains), *map(_parquet, mains), _sqlite(every), *_references(catalog)]
    for file in files:
        yield f"build/docs/{FOLDER}/{file.name}", file.content
    for table in mains:
        yield f"build/docs/{FOLDER}/{table.name}.csv-metadata.json", described(table, f"{table.name}.csv")
    yield f"build/docs/{FOLDER}/pathdex.schema.json", json.dumps(_schema(), indent=1, ensure_ascii=False) + "\n"
    yield page(environment(prose), "downloads", f"{FOLDER}/index.md", files=files, tables=every, csv=MAIN)


def _whole(catalog: Catalog) -> File:
    """Every entry of every kind, one a line."""
    kinds = [f"{json.dumps(kind)}: [\n" + ",\n".join(map(_line, served(catalog, kind))) + "\n]" for kind in SERVED]
    about = "Every entry of every kind with its receipts and what was measured; one entry a line."
    return File("pathdex.json", "JSON", "{\n" + ",\n".join(kinds) + "\n}\n", about, "pathdex.schema.json")


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, allow_nan=False)


def _schema() -> dict[str, Any]:
    """The schema of the whole, with those of the entries inside."""
    entries = {NAMES[kind]: schema(NAMES[kind], record, "serialization") for kind, record in SERVED.items()}
    lists = {kind: {"type": "array", "items": {"$ref": identifier(f"api-{NAMES[kind]}")}} for kind in SERVED}
    head = {"$schema": DIALECT, "$id": identifier("api-catalog"), "title": "Catalog", "description": "Every entry by kind."}
    return {**head, "type": "object", "properties": lists, "required": list(lists), "$defs": entries}


def _csv(table: Flat) -> File:
    return File(f"{table.name}.csv", "CSV", comma_separated(table), table.about, f"{table.name}.csv-metadata.json")


def _parquet(table: Flat) -> File:
    about = "The same with types, for data frames; what each column means stands in the file as well."
    return File(f"{table.name}.parquet", "Parquet", parquet(table), about, f"{table.name}.csv-metadata.json")


def _sqlite(every: tuple[Flat, ...]) -> File:
    names = ", ".join(table.name.replace("_", " ") for table in every)
    return File("pathdex.sqlite", "SQLite", database(every), f"A database of {len(every)} tables: {names}.", "#columns")


def _references(catalog: Catalog) -> Iterator[File]:
    for name, text in references(catalog).items():
        label, about, standard = FORMATS[name]
        yield File(name, label, text, about, standard)


FORMATS = {
    "references.bib": ("BibTeX", "Every paper; BibTeX and biblatex read it.", "https://ctan.org/pkg/biblatex"),
    "references.ris": ("RIS", "Every paper, for reference managers.", "https://en.wikipedia.org/wiki/RIS_(file_format)"),
    "references.csl.json": (
        "CSL\N{NON-BREAKING HYPHEN}JSON",
        "Every paper, for Zotero, Pandoc and citeproc.",
        "https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json",
    ),
}
