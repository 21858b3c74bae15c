"""The catalog as JSON files with their schemas: the site's API."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_json

from pathdex.catalog import Catalog
from pathdex.writing.contract import DIALECT, NAMES, identifier, schema
from pathdex.writing.served import SERVED, served

COMMITTED = False
AGGREGATE = True
FOLDER = "build/docs/api"
SINGLE = ("models", "papers")
"""Kinds that have a file for each entry beside the file of all."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The index, a file of each kind, a file of each model and paper, and the schemas of all."""
    contents = {kind: list(served(catalog, kind)) for kind in SERVED}
    yield f"{FOLDER}/index.json", _text(_index(contents))
    for kind, entries in contents.items():
        yield f"{FOLDER}/{kind}.json", _text(entries)
        for entry in entries if kind in SINGLE else ():
            yield f"{FOLDER}/{kind}/{entry['id']}.json", _text(entry)
    for name, found in _schemas():
        yield f"{FOLDER}/schema/{name}.json", _text(found)


def _index(contents: Mapping[str, list[Any]]) -> dict[str, Any]:
    """What there is and where, every path counted from the index."""
    return {
        kind: {
            "entries": len(entries),
            "all": f"{kind}.json",
            "schema": f"schema/{kind}.json",
            **({"each": f"{kind}/{{id}}.json", "schema_of_each": f"schema/{NAMES[kind]}.json"} if kind in SINGLE else {}),
        }
        for kind, entries in contents.items()
    }


def _schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each kind, the schema of one entry and of the list of all."""
    for kind, record in SERVED.items():
        name = NAMES[kind]
        yield name, schema(name, record, "serialization")
        head = {"$schema": DIALECT, "$id": identifier(f"api-{kind}"), "title": kind.capitalize()}
        yield kind, {**head, "description": f"Every {name}.", "type": "array", "items": {"$ref": identifier(f"api-{name}")}}


def _text(value: Any) -> str:
    return to_json(value, indent=1).decode() + "\n"
