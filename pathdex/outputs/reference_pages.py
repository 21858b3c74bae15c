"""The reference: every field of every record, and every check, from their docstrings."""

from collections.abc import Iterator, Mapping
from typing import Any

from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.schema import KINDS, Record, Taxonomy
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = True
RECORDS: dict[str, type[Record]] = {**KINDS, "taxonomy": Taxonomy}


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A page for each kind of record, one for the checks, and the way to all of them."""
    made = environment(prose)
    made.globals.update(said=said)
    schemas = {kind: record.model_json_schema() for kind, record in RECORDS.items()}
    abouts = {kind: _first(schema) for kind, schema in schemas.items()}
    yield page(made, "reference", "reference/index.md", abouts=abouts)
    yield page(made, "checks", "reference/checks.md", families=_families())
    for kind, schema in schemas.items():
        yield page(made, "record", f"reference/{kind}.md", kind=kind, about=abouts[kind], parts=_parts(schema))


def _first(schema: Mapping[str, Any]) -> str:
    return str(schema.get("description", "")).strip()


def _parts(schema: Mapping[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The record and the records within it: name, what it is, and its fields."""
    inner = schema.get("$defs", {})
    records = {schema["title"]: schema, **{name: found for name, found in inner.items() if "properties" in found}}
    return [(name, _first(found), _fields(found)) for name, found in records.items()]


def _fields(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "needed": name in schema.get("required", ()), "says": said(found), "about": found.get("description", "")}
        for name, found in schema["properties"].items()
    ]


def said(found: Mapping[str, Any]) -> str:
    """A field's type in words: "text", "one of open, gated", "list of Files"."""
    if "$ref" in found:
        return str(found["$ref"]).rpartition("/")[2]
    if "enum" in found or "const" in found:
        return f"one of {', '.join(map(str, found.get('enum', [found.get('const')])))}"
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in found:
            options = [said(option) for option in found[joined] if option.get("type") != "null"]
            return " or ".join(dict.fromkeys(options))
    return _plain(found)


def _plain(found: Mapping[str, Any]) -> str:
    kind = found.get("type")
    if kind == "array":
        items = found.get("items") or (found.get("prefixItems") or [{}])[0]
        number = f"{found['minItems']} times " if "prefixItems" in found else "list of "
        return f"{number}{said(items)}"
    if kind == "object":
        return f"mapping to {said(found.get('additionalProperties') or {})}" if found.get("additionalProperties") else "mapping"
    words = {"integer": "whole number", "number": "number", "boolean": "true or false"}
    return words.get(str(kind), "web address" if found.get("format") == "uri" else "text")


def _families() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Family, its law in a line, and each check of it with its law."""
    modules = plugins.load_all("pathdex.checks")
    return [(family, (module.__doc__ or "").strip(), list(_laws(family, module))) for family, module in modules.items()]


def _laws(family: str, module: Any) -> Iterator[tuple[str, str]]:
    for name, function in sorted(vars(module).items()):
        if not name.startswith("_") and getattr(function, "__module__", "") == module.__name__ and callable(function):
            yield f"{family}/{name.replace('_', '-')}", " ".join((function.__doc__ or "").split())
