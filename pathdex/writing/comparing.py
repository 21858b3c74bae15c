"""What one model brings to a comparison: its specification with receipts, and its printed numbers with all that must match."""

from collections.abc import Iterator
from typing import Any

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Evidence, Model
from pathdex.schema.model import Embedding
from pathdex.writing.comparison import parameters, rung
from pathdex.writing.rendering import Link, address, receipts
from pathdex.writing.scores import scores
from pathdex.writing.specification import Fact, specification

OWN = ("family", "code", "weights.repository", "weights.url", "weights.revision", "weights.files")
"""What is each model's own, so that comparing it says nothing."""
COUNTED = "#claimed-and-counted"
"""The part of a model's page that shows what was counted."""


def compared(catalog: Catalog, name: str) -> dict[str, Any]:
    """Groups of facts, each with its receipts, and scores with suite, task, embedding and precision."""
    model, evidence = catalog.models[name], catalog.evidence.get(name)
    groups = dict(specification(model))
    groups["Identity"] = [Fact("Kind", model.kind, "kind"), *groups.get("Identity", [])]
    shown = {
        heading: [_fact(model, fact) for fact in facts if not fact.path.startswith(OWN)] for heading, facts in groups.items()
    }
    shown["Training"] = [*shown.get("Training", []), *_cohorts(catalog, model)]
    shown["Size"] = list(_size(model, evidence))
    shown["Embedding"] = list(_embeddings(model))
    shown["Verified"] = list(_rungs(evidence))
    order = ("Identity", "Weights", "Size", "Embedding", "Architecture", "Preprocessing", "Training", "Verified")
    found = [{"heading": heading, "facts": shown[heading]} for heading in order if shown.get(heading)]
    return {"id": name, "name": model.name, "groups": found, **_numbers(catalog, name)}


def _fact(model: Model, fact: Fact) -> dict[str, Any]:
    """A fact as plain data; what leads nowhere has no address."""
    url = address(fact.url) if fact.url else None
    said: dict[str, Any] = {"label": fact.label, "value": fact.value}
    said |= {"url": url} if url else {}
    return said | _marks(receipts(model, fact.path))


def _marks(found: list[Link]) -> dict[str, Any]:
    marks = [[link.url, link.tip, link.method] for link in found if link.url]
    return {"receipts": marks} if marks else {}


def _cohorts(catalog: Catalog, model: Model) -> Iterator[dict[str, Any]]:
    data = model.training.data if model.training else ()
    named = [catalog.datasets[source.dataset].name if source.dataset else source.name or "" for source in data]
    if named:
        yield _fact(model, Fact("Data", "; ".join(named), "training.data"))
        complete = "the authors name all sources" if model.training and model.training.data_complete else "may have more sources"
        yield {"label": "Data named in full", "value": complete}


def _size(model: Model, evidence: Evidence | None) -> Iterator[dict[str, Any]]:
    """Claimed and counted parameters by part, and operations."""
    for found in parameters(model, evidence):
        if found.claimed:
            yield _fact(model, Fact(f"Claimed, {found.scope}", text.count(found.claimed), f"parameters.{found.scope}"))
        if found.counted:
            yield {"label": f"Counted, {found.scope}", "value": text.whole(found.counted), **_job(evidence)}
    seen = rung(evidence)
    if seen and seen.measured and seen.measured.flops and seen.measured.input:
        shape = " × ".join(map(str, seen.measured.input))
        yield {"label": "Operations", "value": f"{text.operations(seen.measured.flops)} for {shape}", **_job(evidence)}


def _job(evidence: Evidence | None) -> dict[str, Any]:
    """The receipt of what the job counted: the part of the model's page that tells how."""
    seen = rung(evidence)
    return {"receipts": [[COUNTED, f"Counted by the job on {seen.measured_at[:10]}", "computed"]]} if seen else {}


def _embeddings(model: Model) -> Iterator[dict[str, Any]]:
    for name, found in model.embeddings.items():
        label = "Default variant" if found.default else f"Variant {name}"
        yield _fact(model, Fact(label, _variant(name, found), f"embeddings.{name}"))


def _variant(name: str, found: Embedding) -> str:
    """Name, width and, where the name does not tell it, pooling."""
    return ", ".join([name, f"{found.width} wide", *([found.pooling] if found.pooling != name else [])])


def _rungs(evidence: Evidence | None) -> Iterator[dict[str, Any]]:
    for height, found in evidence.rungs.tried() if evidence else ():
        value = f"{found.status.replace('-', ' ')}, {text.date(found.measured_at[:10])}"
        yield {"label": height.capitalize(), "value": value, "receipts": [[COUNTED, found.reason or "Evidence", "computed"]]}


def _numbers(catalog: Catalog, name: str) -> dict[str, Any]:
    """The tables that print numbers of it, each with its cells: column, task, embedding, row label, as printed, value."""
    found = [score for score in scores(catalog, catalog.results_of(name), name) if score.value is not None]
    tables = {table: _table(catalog, table) for table in dict.fromkeys(score.table for score in found)}
    for one in found:
        cell = [one.column, f"{one.suite}/{one.task}", one.embedding, one.row, text.shortened(one.printed), one.value]
        tables[one.table]["cells"].append(cell)
    tasks = {f"{one.suite}/{one.task}": _task(catalog, one.suite, one.task) for one in found}
    return {"tables": tables, "tasks": tasks}


def _table(catalog: Catalog, table: str) -> dict[str, Any]:
    record = catalog.results[table]
    return {
        "title": record.title,
        "by": record.reported_by,
        "precision": record.precision,
        "protocol": record.protocol,
        "cells": [],
    }


def _task(catalog: Catalog, suite: str, name: str) -> list[str]:
    """Names of suite and task, metric, and which way is better."""
    task = catalog.benchmarks[suite].tasks[name]
    return [catalog.benchmarks[suite].name, task.name, task.metric, task.better]
