"""The records as JSON Schemas: what an entry may say, and what the API serves."""

import functools
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from pathdex.schema import KINDS, Record, Taxonomy

DIALECT = "https://json-schema.org/draft/2020-12/schema"
GROUPED = r"^[1-9][0-9]{0,2}(_[0-9]{3})+$"
NAMES = {
    "models": "model",
    "papers": "paper",
    "datasets": "dataset",
    "benchmarks": "benchmark",
    "results": "result",
    "errata": "erratum",
    "evidence": "evidence",
}
"""Folder of the catalog to the name of one of its entries."""


class Stated(GenerateJsonSchema):
    """Unknown is left out: an optional field does not offer null, and no default repeats it."""

    schema_dialect = DIALECT

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default", ...) in (None, [], {}):
            found.pop("default")
        return found


class Written(Stated):
    """As people write it in YAML: editors that follow YAML 1.2 take 350_000 for text, so grouped digits pass as well."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"anyOf": [super().int_schema(schema), {"type": "string", "pattern": GROUPED}]}


def entry_schemas() -> dict[str, dict[str, Any]]:
    """Name of a kind to the schema of its entries as written; the taxonomy is one of them."""
    kinds: dict[str, type[Record]] = {NAMES[kind]: record for kind, record in KINDS.items()}
    kinds["taxonomy"] = Taxonomy
    return {name: schema(name, record) for name, record in kinds.items()}


@functools.cache
def schema(name: str, record: type[Record], mode: JsonSchemaMode = "validation") -> dict[str, Any]:
    """The schema of one record: as written (validation) or as the API serves it (serialization)."""
    by_hand = mode == "validation" and name != "evidence"
    found = record.model_json_schema(mode=mode, schema_generator=Written if by_hand else Stated)
    return {"$schema": DIALECT, "$id": identifier(name if mode == "validation" else f"api-{name}"), **found}


def identifier(name: str) -> str:
    """The name by which other schemas refer to this one; it is not an address."""
    return f"urn:pathdex:schema:{name}"
