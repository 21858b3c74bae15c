"""The pages about models, one each."""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment

from pathdex.catalog import Catalog
from pathdex.relations.contamination import Overlap, overlap, scored_on
from pathdex.relations.lineage import relations
from pathdex.schema import Evidence, Model
from pathdex.writing import ladder as ladders
from pathdex.writing import linked
from pathdex.writing.citing import bibtex
from pathdex.writing.comparison import parameters, rung
from pathdex.writing.heads import head
from pathdex.writing.rendering import environment, page
from pathdex.writing.snippets import snippet
from pathdex.writing.specification import quantity, specification

COMMITTED = False
AGGREGATE = False

ANSWERS = ("yes", "part", "no", "unknown")
"""In the order of the page."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One page a model; the explorer lists them."""
    made = environment(prose)
    made.filters.update(quantity=quantity)
    for name in catalog.models:
        yield _page(catalog, made, name)


def state(catalog: Catalog, name: str) -> str:
    """In one word, how far the job got: counted, a status, or not measured."""
    seen = rung(catalog.evidence.get(name))
    if not seen:
        return "not measured"
    return "counted" if seen.status == "passed" else seen.status.replace("-", " ")


def _page(catalog: Catalog, made: Environment, name: str) -> tuple[str, str]:
    model, evidence = catalog.models[name], catalog.evidence.get(name)
    return page(
        made,
        "model",
        f"models/{name}.md",
        id=name,
        head=head(linked.model(catalog, name)),
        model=model,
        papers=[(paper, catalog.papers[paper]) for paper in model.papers],
        groups=specification(model),
        compared=parameters(model, evidence),
        seen=rung(evidence),
        evidence=evidence,
        state=state(catalog, name),
        **_verified(model, evidence),
        snippet=snippet(model),
        lineage=_lineage(catalog, name),
        contamination=_contamination(catalog, name),
        training_data=[(found, catalog.datasets.get(found.dataset or "")) for found in _data(model)],
        results=[_result(catalog, result, name) for result in catalog.results_of(name)],
        errata=[(erratum, catalog.errata[erratum]) for erratum in catalog.errata_of("models", name)],
        bibtex="\n".join(bibtex(paper, catalog.papers[paper]) for paper in model.papers).strip(),
    )


def _verified(model: Model, evidence: Evidence | None) -> dict[str, Any]:
    """The rungs, and what the badge says."""
    steps = ladders.ladder(model, evidence)
    said, _ = ladders.badge(model, evidence)
    return {"steps": steps, "needs": ladders.NEEDS, "badge": said}


def _data(model: Model) -> tuple[Any, ...]:
    return tuple(model.training.data) if model.training else ()


def _lineage(catalog: Catalog, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Relations in both directions: a phrase and the models it leads to, as (id, name)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for relation in relations(catalog, name):
        found.setdefault(relation.phrase.capitalize(), []).append((relation.model, catalog.models[relation.model].name))
    return list(found.items())


def _contamination(catalog: Catalog, name: str) -> list[tuple[Overlap, list[tuple[str, str]]]]:
    """Each answer with its reason, yes first, and the data sets that suites score on that it holds for, as (id, name)."""
    found: dict[Overlap, list[tuple[str, str]]] = {}
    for dataset in scored_on(catalog):
        found.setdefault(overlap(catalog, name, dataset), []).append((dataset, catalog.datasets[dataset].name))
    return sorted(found.items(), key=lambda item: ANSWERS.index(item[0].answer))


def _result(catalog: Catalog, result: str, name: str) -> dict[str, Any]:
    """The rows of one table that are about a model: printed label, embedding used, and value by column."""
    record, table = catalog.results[result], catalog.tables[result]
    rows = [row for row in table.rows if row[0] in record.rows and record.rows[row[0]].model == name]
    columns = [_column(catalog, record.columns[column], column) for column in table.header[1:]]
    return {
        "id": result,
        "record": record,
        "rows": [(row[0], record.rows[row[0]].embedding or record.embedding) for row in rows],
        "cells": [(*column, [row[number] for row in rows]) for number, column in enumerate(columns, 1)],
    }


def _column(catalog: Catalog, holds: Any, printed: str) -> tuple[str, str]:
    """A printed column and what its numbers are."""
    if holds.task:
        suite, _, task = holds.task.partition("/")
        found = catalog.benchmarks[suite].tasks[task]
        return printed, f"{found.metric}, {found.better} is better"
    return printed, holds.about or f"average of {len(holds.average_of)} columns as printed"
