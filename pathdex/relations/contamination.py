"""Whether a model has seen the cohorts that a benchmark draws its images from: yes, no, or unknown, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pathdex.catalog import Catalog
from pathdex.once import once
from pathdex.relations.lineage import ancestors


@dataclass(frozen=True)
class Overlap:
    """The answer for one model and one data set.

    A cohort in common means that slides of the same cohort were used in training, not that the same slides or labels were.
    """

    answer: Literal["yes", "part", "no", "unknown"]
    reason: str
    cohorts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origins:
    """The cohorts that a data set comes from; `partly` holds those that gave only some of it."""

    cohorts: frozenset[str]
    partly: frozenset[str]
    known: bool


@once
def scored_on(catalog: Catalog) -> list[str]:
    """Data sets that the catalog's suites score on, by id."""
    return sorted({task.dataset for suite in catalog.benchmarks.values() for task in suite.tasks.values() if task.dataset})


@once
def origins(catalog: Catalog, dataset: str) -> Origins:
    """A data set's cohorts, through every step; itself when it is drawn from no other."""
    entry = catalog.datasets.get(dataset)
    if entry is None or entry.derived_from is None:
        return Origins(frozenset([dataset]), frozenset(), known=False)
    found, known = {dataset}, True
    partly: set[str] = set()
    for origin in entry.derived_from:
        above = origins(catalog, origin.dataset)
        found |= above.cohorts
        partly |= above.cohorts if origin.part != "all" else above.partly
        known = known and above.known
    return Origins(frozenset(found), frozenset(partly), known)


def overlap(catalog: Catalog, model: str, dataset: str) -> Overlap:
    """Whether the model, or a model whose weights it carries on, was trained on a cohort of the data set."""
    seen, unshared = _seen(catalog, model)
    asked = origins(catalog, dataset)
    if asked.cohorts.isdisjoint(seen):
        return unshared[asked.known]
    shared = tuple(sorted(asked.cohorts & seen.keys()))
    through = sorted({seen[cohort] for cohort in shared} - {model})
    reason = f"trained on {', '.join(shared)}" + (f", through {', '.join(through)}" if through else "")
    return Overlap("part" if set(shared) <= asked.partly else "yes", reason, shared)


@once
def _seen(catalog: Catalog, model: str) -> tuple[dict[str, str], dict[bool, Overlap]]:
    """Each cohort that the model has seen, with the model of its line that was trained on it; and the answer for a data set
    that shares none of them, by whether its origin is known."""
    lines = [model, *ancestors(catalog, model)]
    seen = {cohort: name for name in reversed(lines) for cohort in _trained_on(catalog, name)}
    unknown = _unknown_training(catalog, lines)
    nothing = Overlap("no", "its training data are named in full, and none shares a cohort with this")
    return seen, {
        True: Overlap("unknown", "; ".join(unknown)) if unknown else nothing,
        False: Overlap("unknown", "; ".join([*unknown, "the origin of the data set is not known"])),
    }


def _trained_on(catalog: Catalog, model: str) -> frozenset[str]:
    """Cohorts that the model is stated to have been trained on."""
    training = catalog.models[model].training
    named = [data.dataset for data in training.data if data.dataset] if training else []
    return frozenset(cohort for dataset in named for cohort in origins(catalog, dataset).cohorts)


def _unknown_training(catalog: Catalog, models: Iterable[str]) -> list[str]:
    """What of their training can't be compared with a cohort of the catalog."""
    reasons = []
    for name in models:
        training = catalog.models[name].training
        own = [data.name for data in training.data if data.name] if training else []
        if training is None or not training.data_complete:
            reasons.append(f"the training data of {name} are not all named")
        elif own:
            reasons.append(f"{name} was trained on {', '.join(map(str, own))}, which can't be compared")
    return reasons
