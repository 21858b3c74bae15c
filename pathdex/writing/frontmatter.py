"""What the Hugging Face Hub reads at the head of a model card: licence, library, task, tags and results."""

from collections.abc import Iterator
from typing import Any

import yaml

from pathdex.catalog import Catalog
from pathdex.once import once
from pathdex.schema import Model
from pathdex.schema.weights import Weights
from pathdex.writing.rendering import address
from pathdex.writing.scores import Score, scores

HUB_LICENCES = (
    "afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc-by-2.0 "
    "cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 "
    "cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 "
    "cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gpl-2.0 gpl-3.0 isc "
    "lgpl-2.1 lgpl-3.0 lppl-1.3c mit mpl-2.0 ms-pl ncsa ofl-1.1 osl-3.0 postgresql unlicense wtfpl zlib"
)
"""Licences that the Hub knows by their SPDX identifier in lower case."""

RENAMED = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl"}
LIBRARIES = ("timm", "transformers", "open_clip", "diffusers")
PIPELINES = {
    "patch-encoder": "image-feature-extraction",
    "slide-encoder": "image-feature-extraction",
    "vision-language": "zero-shot-image-classification",
    "multimodal-llm": "image-text-to-text",
    "segmentation": "image-segmentation",
    "virtual-staining": "image-to-image",
}
TASKS = {
    "classification": "image-classification",
    "slide-classification": "image-classification",
    "segmentation": "image-segmentation",
    "retrieval": "image-feature-extraction",
}
MOST = 60
"""Published numbers that a card repeats; the site shows all."""
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
TAGS = ("computational-pathology", "histopathology", "foundation-model")


def frontmatter(catalog: Catalog, name: str) -> str:
    """The block between the two lines of hyphens, those included."""
    model = catalog.models[name]
    fields = {
        **licence(model.weights),
        "library_name": model.loader.library if model.loader and model.loader.library in LIBRARIES else None,
        "pipeline_tag": PIPELINES.get(model.kind),
        "tags": [*TAGS, model.kind],
        "base_model": _parents(catalog, model),
        "model-index": _index(catalog, name),
    }
    known = {key: value for key, value in fields.items() if value}
    return f"---\n{yaml.dump(known, Dumper=DUMPER, sort_keys=False, allow_unicode=True, width=130)}---\n"


def licence(weights: Weights) -> dict[str, str]:
    """The licence by the Hub's name; what the Hub has no name for is other, with its own name and text."""
    spdx = weights.license
    if not spdx:
        return {}
    name = spdx.lower().removesuffix("-only").removesuffix("-or-later")
    name = RENAMED.get(name, name)
    if name in HUB_LICENCES.split() or name in RENAMED.values():
        return {"license": name}
    single = " " not in spdx and not spdx.startswith("LicenseRef-")
    text = weights.license_url or (f"https://spdx.org/licenses/{spdx}.html" if single else None)
    own = {"license": "other", "license_name": spdx.removeprefix("LicenseRef-").lower().replace(" ", "-")}
    return {**own, "license_link": text} if text else own


def _parents(catalog: Catalog, model: Model) -> list[str]:
    """Repositories of the models that training started from."""
    names = model.lineage.initialised_from if model.lineage else ()
    found = (catalog.models[name].weights.repository for name in names if name in catalog.models)
    return [repository for repository in found if repository]


def _index(catalog: Catalog, name: str) -> list[dict[str, Any]]:
    found = [_result(catalog, score) for score in repeated(catalog, name)[0]]
    return [{"name": catalog.models[name].name, "results": found}] if found else []


@once
def repeated(catalog: Catalog, name: str) -> tuple[list[Score], list[str]]:
    """The published numbers that a card repeats, whole tables only, and the tables that it leaves to the site."""
    found: list[Score] = []
    left: list[str] = []
    for table in catalog.results_of(name):
        printed = [score for score in scores(catalog, [table], name) if score.value is not None]
        if len(found) + len(printed) <= MOST:
            found += printed
        else:
            left.append(table)
    return found, left


def _result(catalog: Catalog, score: Score) -> dict[str, Any]:
    """One published number with the table that prints it."""
    benchmark, result = catalog.benchmarks[score.suite], catalog.results[score.table]
    task = benchmark.tasks[score.task]
    data = catalog.datasets.get(task.dataset or "")
    origin = next(filter(None, (address(found.url) for found in result.source)), "")
    return {
        "task": {"type": TASKS.get(task.kind, task.kind), "name": f"{benchmark.name}: {task.name}"},
        "dataset": {"type": task.dataset or f"{score.suite}-{score.task}", "name": data.name if data else task.name},
        "metrics": [{"type": task.metric.lower().replace(" ", "_"), "value": score.value, "name": _measure(task.metric, score)}],
        "source": {"name": f"{result.title}, row {score.row}", "url": origin},
    }


def _measure(metric: str, score: Score) -> str:
    """The metric with what the number depends on, as far as the table says."""
    return ", ".join(_conditions(metric, score))


def _conditions(metric: str, score: Score) -> Iterator[str]:
    yield metric
    yield "embedding not stated" if score.embedding == "not-stated" else f"{score.embedding} embedding"
    yield "precision not stated" if score.precision == "not-stated" else score.precision
