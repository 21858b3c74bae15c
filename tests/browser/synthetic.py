"""A catalog of as many entries as a test asks for, made by varying those of the toy catalog; the same number gives the same catalog."""

from dataclasses import replace
from typing import Any

from pathdex.catalog import Catalog, Table
from pathdex.schema import Model, Paper, Result

KINDS = ("patch-encoder", "slide-encoder", "vision-language", "generative")
ACCESS = ("open", "gated", "request", "none")
LICENCES = ("MIT", "Apache-2.0", "CC-BY-NC-ND-4.0", None)
USES = ("allowed", "conditional", "forbidden", None)
WIDTHS = (384, 768, 1024, 1536, 2560, None)
SIZES = (22_000_000, 86_000_000, 304_000_000, 632_000_000, 1_135_000_000, 7_000_000_000)
STAINS = (("H&E",), ("H&E", "IHC"), ("IHC", "special stains"), ())
MAGNIFICATIONS = ((20.0,), (10.0, 20.0), (40.0,), ())
DATA = (("cohort",), ("patches",), ("cohort", "patches"), ())
LIBRARIES = ("timm", "transformers", "open_clip", None)
MAKERS = ("Toy Lab", "Other Lab", "Third Institute of Synthetic Slides", "Fourth & Sons")
FAMILIES = ("Lovelace, Ada", "Babbage, Charles", "Hopper, Grace", "Müller, Käthe", "Turing, Alan")
VENUES = ("Journal of Toys", "Conference on Slides", "Annals of Tiles")
TOPICS = (("self-supervised",), ("efficiency", "retrieval"), (), ("robustness",))
SOURCE = "https://example.org/made"


def synthetic(toy: Catalog, number: int) -> Catalog:
    """`number` models and papers beside the data sets and benchmarks of the toy catalog, and a table of the first models."""
    models = {f"made-{place:05}": _model(place) for place in range(number)}
    papers = {f"author{1990 + place % 37}made{place}": _paper(toy, place) for place in range(number)}
    evidence = {name: toy.evidence["tiny"] for place, name in enumerate(models) if place % 3 == 0}
    return replace(
        toy,
        models={**toy.models, **models},
        papers={**toy.papers, **papers},
        evidence={**toy.evidence, **evidence},
        **_results(toy, [*models][:8]),
    )


def _model(place: int) -> Model:
    def pick(values: tuple[Any, ...], step: int = 1) -> Any:
        return values[place // step % len(values)]

    access, use = pick(ACCESS), pick(USES, 2)
    weights = {"access": access, "license": pick(LICENCES, 3), "commercial_use": use}
    weights |= {"condition": "Ask first."} if use == "conditional" else {}
    weights |= {"url": SOURCE} if access != "none" else {}
    width, library = pick(WIDTHS), pick(LIBRARIES)
    raw = {
        "name": f"Made {place}",
        "kind": pick(KINDS, 2),
        "summary": "A made-up model.",
        "organizations": [pick(MAKERS)],
        "released": f"{2019 + place % 8}-{place % 12 + 1:02}",
        "papers": ["lovelace2024tiny"] if place % 2 else [],
        "weights": weights,
        "architecture": {"backbone": f"ViT-{'SBLHgG'[place % 6]}/{(14, 16)[place % 2]}", "input": (224, 256, 448)[place % 3]},
        "parameters": {"image-encoder": {"reported": pick(SIZES)}},
        "embeddings": {"cls": {"width": width, "pooling": "cls", "default": True}} if width else {},
        "loader": {"library": library, "factory": "made"} if library else None,
        "preprocess": {"magnification": pick(MAGNIFICATIONS)},
        "training": {"stains": pick(STAINS), "slides": 1000 + place, "data": [{"dataset": name} for name in pick(DATA)]},
        "sources": {"weights": SOURCE, "training": SOURCE, "parameters": SOURCE},
    }
    return Model.model_validate({key: value for key, value in raw.items() if value is not None})


def _paper(toy: Catalog, place: int) -> Paper:
    raw = toy.papers["lovelace2024tiny"].model_dump(exclude_unset=True)
    sections = tuple(toy.taxonomy.sections) if toy.taxonomy else ()
    year = 1990 + place % 37
    changes = {
        "title": f"On made thing {place}",
        "authors": (FAMILIES[place % 5], FAMILIES[(place + 1 + place // 5 % 3) % 5]),
        "year": year,
        "published": f"{year}-05",
        "preprinted": None,
        "venue": VENUES[place % 3],
        "topics": TOPICS[place % 4],
        "section": sections[place % len(sections)],
    }
    return Paper.model_validate({**raw, **changes})


def _results(toy: Catalog, names: list[str]) -> dict[str, Any]:
    """The toy table with rows about `names`, all of one embedding, and the same again with two embeddings."""
    table, raw = toy.tables["toytable"], toy.results["toytable"].model_dump(exclude_unset=True)
    rows = [(f"Row {place}", "1K", f"0.{500 + 7 * place}", "0.600", "0.720") for place in range(len(names))]
    same = {f"Row {place}": {"model": name} for place, name in enumerate(names)}
    apart = {row: {**said, "embedding": f"variant-{row[-1]}"} for row, said in same.items()}
    made = {"same": same, "apart": apart}
    results = {name: Result.model_validate({**raw, "title": f"Table {name}", "rows": found}) for name, found in made.items()}
    return {
        "results": {**toy.results, **results},
        "tables": {**toy.tables, **{name: Table(table.header, tuple(rows)) for name in made}},
    }
