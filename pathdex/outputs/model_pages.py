"""The pages about models, one each."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jinja2 import Environment

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.once import renewed
from pathdex.relations.lineage import PHRASES, Step, family, relations, steps
from pathdex.schema import Evidence, Model, Paper
from pathdex.writing import citing, linked
from pathdex.writing import ladder as ladders
from pathdex.writing.comparison import parameters, rung
from pathdex.writing.contaminated import contamination, drawn_from
from pathdex.writing.cost import cost
from pathdex.writing.drawing.descent import Descent, descent
from pathdex.writing.drawing.tokens import tokens, variant
from pathdex.writing.glance import glance
from pathdex.writing.heads import head
from pathdex.writing.licences import Licence, licences, told
from pathdex.writing.passage import passage
from pathdex.writing.placing import Standing, standings
from pathdex.writing.rendering import disputed, environment, page
from pathdex.writing.snippets import ways
from pathdex.writing.specification import ACCESS, quantity, specification

COMMITTED = False
AGGREGATE = False
NAME = "model page"

FORMS = ("APA", "BibTeX", "RIS", "CSL-JSON")


class Known(NamedTuple):
    """What all pages ask of the whole catalog, found once."""

    standings: Mapping[str, list[Standing]]
    steps: list[Step]
    drawn: Mapping[str, list[str]]
    licences: Mapping[str, Licence]


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One page a model; the explorer lists them."""
    made = environment(prose)
    made.filters.update(quantity=quantity)
    known = Known(standings(catalog), steps(catalog), drawn_from(catalog), licences(prose))
    for name in catalog.models:
        yield renewed(catalog, (NAME, name), _page, catalog, made, name, known)


def state(catalog: Catalog, name: str) -> str:
    """In one word, how far the job got: counted, a status, or not measured."""
    seen = rung(catalog.evidence.get(name))
    if not seen:
        return "not measured"
    return "counted" if seen.status == "passed" else seen.status.replace("-", " ")


def _page(catalog: Catalog, made: Environment, name: str, known: Known) -> tuple[str, str]:
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
        sides={item["field"]: item for item in disputed(model)},
        seen=rung(evidence),
        state=state(catalog, name),
        **_counted(model, evidence),
        **_loaded(catalog, name),
        **_placed(catalog, name, known),
        licence=told(model, known.licences),
        access=ACCESS[model.weights.access],
        training_data=[(found, catalog.datasets.get(found.dataset or "")) for found in _data(model)],
        errata=[(erratum, catalog.errata[erratum]) for erratum in catalog.errata_of("models", name)],
        cited=[(paper, _cited(paper, catalog.papers[paper])) for paper in model.papers],
    )


def _counted(model: Model, evidence: Evidence | None) -> dict[str, Any]:
    """Claims beside counts, the rungs, what the badge says, and what it costs."""
    said, _ = ladders.badge(model, evidence)
    return {
        "compared": parameters(model, evidence),
        "steps": ladders.ladder(model, evidence),
        "needs": ladders.NEEDS,
        "badge": said,
        "costs": cost(model, evidence),
    }


def _loaded(catalog: Catalog, name: str) -> dict[str, Any]:
    """The code that loads it, and the way from an image to each vector."""
    model = catalog.models[name]
    drawn = tokens(model)
    return {
        "ways": ways(name, model, catalog.evidence.get(name)),
        "passage": passage(catalog, name),
        "tokens": drawn,
        "variants": [variant(variant_name, found, drawn) for variant_name, found in model.embeddings.items()],
    }


def _placed(catalog: Catalog, name: str, known: Known) -> dict[str, Any]:
    """Where it stands among other models: results, data seen in training, descent."""
    stands = known.standings.get(name, [])
    found = family(known.steps, name)
    return {
        "glance": glance(catalog.models[name], catalog.evidence.get(name), stands),
        "standings": stands,
        "titles": {"benchmarks": {one.suite: catalog.benchmarks[one.suite].name for one in stands if one.suite}},
        "tables": {row.table: catalog.results[row.table] for one in stands for row in one.rows},
        "contamination": contamination(catalog, name, known.drawn, {one.suite for one in stands}),
        "lineage": _lineage(catalog, name),
        "descent": _descent(catalog, name, found) if found else None,
        "phrases": {field: child for field, (child, _) in PHRASES.items()},
    }


def _data(model: Model) -> tuple[Any, ...]:
    return tuple(model.training.data) if model.training else ()


def _lineage(catalog: Catalog, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Relations in both directions: a phrase and the models it leads to, as (id, name)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for relation in relations(catalog, name):
        found.setdefault(relation.phrase.capitalize(), []).append((relation.model, catalog.models[relation.model].name))
    return list(found.items())


def _descent(catalog: Catalog, name: str, found: list[Step]) -> Descent:
    """The family as a drawing, with date and kind beside each name."""
    named = {}
    for one in {name, *(model for step in found for model in step[1:])}:
        model = catalog.models[one]
        beside = f"{model.kind}, {text.date(model.released)}" if model.released else model.kind
        named[one] = (model.released or "9999", model.name, beside)
    return descent(name, found, named)


def _cited(name: str, paper: Paper) -> list[tuple[str, str]]:
    """The reference in each form."""
    forms = (citing.apa(paper), citing.bibtex(name, paper), citing.ris(name, paper), _csl(name, paper))
    return list(zip(FORMS, forms, strict=True))


def _csl(name: str, paper: Paper) -> str:
    return json.dumps([citing.csl(name, paper)], indent=1, ensure_ascii=False)
