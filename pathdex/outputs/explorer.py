"""The data behind the explorer, the guided choice and the comparison: one small file a kind, and one a model for its details."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pathdex.catalog import Catalog
from pathdex.once import renewed
from pathdex.writing import model_columns, paper_columns
from pathdex.writing.columns import packed
from pathdex.writing.comparing import compared

COMMITTED = False
AGGREGATE = True
FOLDER = "build/docs/data"


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """All models and all papers as columns, and each model's part of a comparison."""
    for kind, columns in (("models", model_columns), ("papers", paper_columns)):
        yield renewed(catalog, ("explorer data", kind), _packed, catalog, kind, columns)
    for name in catalog.models:
        yield renewed(catalog, ("comparison data", name), _compared, catalog, name)


def _packed(catalog: Catalog, kind: str, columns: Any) -> tuple[str, str]:
    return f"{FOLDER}/{kind}.json", _text(packed(columns.ordered(catalog), columns.columns(catalog)))


def _compared(catalog: Catalog, name: str) -> tuple[str, str]:
    return f"{FOLDER}/models/{name}.json", _text(compared(catalog, name))


def _text(value: Any) -> str:
    """Without blanks: readers are programs."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
