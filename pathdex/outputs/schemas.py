"""The records as JSON Schemas, for editors and other languages."""

import json
from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing.contract import entry_schemas

COMMITTED = True
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One schema a kind of entry; the catalog's entries do not change them."""
    for name, schema in entry_schemas().items():
        yield f"schema/{name}.schema.json", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
