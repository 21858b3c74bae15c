"""The pages about the whole: home, what was measured, and the prose that people write."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pathdex.catalog import Catalog
from pathdex.schema import Model
from pathdex.schema.receipt import Receipted
from pathdex.writing.comparison import Compared, parameters, refuted, rung
from pathdex.writing.rendering import DOCS, environment, page

COMMITTED = False
AGGREGATE = True
PROSE = "pages/"


class Exhibit(NamedTuple):
    """A model whose number of parameters is claimed and counted."""

    id: str
    model: Model
    compared: Compared
    date: str


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Home, the page of what was measured, and the prose pages as written."""
    made = environment(prose)
    yield page(made, "home", "index.md", exhibit=exhibit(catalog), figures=_figures(catalog))
    yield page(made, "evidence", "evidence.md", rows=[_row(catalog, name) for name in catalog.models])
    for name in prose:
        if name.startswith(PROSE) and name.endswith(".md"):
            yield f"{DOCS}/{name.removeprefix(PROSE)}", prose[name].strip() + "\n"


def exhibit(catalog: Catalog) -> Exhibit | None:
    """A claim that the count refutes: the farthest from it, weighed by how many tables print the model."""
    found = [
        Exhibit(name, model, compared, seen.measured_at[:10])
        for name, model in catalog.models.items()
        if (seen := rung(catalog.evidence.get(name)))
        for compared in (*refuted(model, catalog.evidence[name]), *parameters(model, catalog.evidence[name]))
        if compared.difference is not None
    ]
    return max(found, key=lambda item: _weight(catalog, item), default=None)


def _weight(catalog: Catalog, item: Exhibit) -> tuple[bool, float, float]:
    away = abs(item.compared.difference or 0)
    return item.compared.agrees is False, away * len(catalog.results_of(item.id)), away


def _figures(catalog: Catalog) -> list[tuple[int, str, str]]:
    """How much there is: number, words, and where it leads."""
    entries = [record for _, _, record in catalog.entries() if isinstance(record, Receipted)]
    receipts = {receipt.url for record in entries for found in record.sources.values() for receipt in found}
    counted = [name for name in catalog.models if (seen := rung(catalog.evidence.get(name))) and seen.measured]
    figures = [
        (len(catalog.models), "model", "models", "models"),
        (len(counted), "counted by the job", "counted by the job", "evidence"),
        (len(catalog.papers), "paper", "papers", "papers"),
        (len(catalog.results), "published table", "published tables", "results"),
        (len(catalog.errata), "erratum", "errata", "errata"),
        (len(receipts), "source", "sources", "verification"),
    ]
    return [(number, one if number == 1 else many, leads) for number, one, many, leads in figures]


def _row(catalog: Catalog, name: str) -> dict[str, Any]:
    model, evidence = catalog.models[name], catalog.evidence.get(name)
    return {"id": name, "model": model, "seen": rung(evidence), "compared": parameters(model, evidence)}
