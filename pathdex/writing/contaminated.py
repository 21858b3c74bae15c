"""Which benchmarks score on cohorts that a model was trained on: one answer a benchmark, with the data sets behind it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pathdex.catalog import Catalog
from pathdex.once import once
from pathdex.relations.contamination import Overlap, overlap, scored_on
from pathdex.writing.titles import title

ANSWERS = ("yes", "part", "no", "unknown")
"""In the order of the page."""
MOST = 100
"""Benchmarks, or data sets of one reason, that a model's page names: if all pages named all, they would grow with the square."""


@dataclass(frozen=True)
class Suite:
    """One benchmark: whether the model stands in its tables, and the names of its data sets by answer."""

    id: str
    name: str
    stands: bool
    datasets: Mapping[str, tuple[str, ...]]

    @property
    def answer(self) -> str:
        """Yes where any data set's cohort was seen whole, part where only in part, else unknown where any is not known."""
        return next(answer for answer in ("yes", "part", "unknown", "no") if self.datasets.get(answer))


@dataclass(frozen=True)
class Contamination:
    """All answers: by benchmark, and each reason with the data sets, as id and name, that it holds for."""

    suites: tuple[Suite, ...]
    reasons: tuple[tuple[Overlap, tuple[tuple[str, str], ...]], ...]

    @property
    def most(self) -> int:
        """How many benchmarks or data sets a list of the page names."""
        return MOST

    def count(self, answer: str) -> int:
        """Benchmarks with that answer."""
        return sum(suite.answer == answer for suite in self.suites)


@once
def drawn_from(catalog: Catalog) -> dict[str, list[str]]:
    """The data sets that each benchmark scores on, by id; benchmarks without any are left out."""
    found = {name: {task.dataset for task in suite.tasks.values()} for name, suite in catalog.benchmarks.items()}
    return {name: sorted(filter(None, datasets)) for name, datasets in found.items() if any(datasets)}


@once
def _names(catalog: Catalog) -> dict[str, str]:
    """The data sets that benchmarks score on, by id."""
    return {dataset: catalog.datasets[dataset].name for dataset in scored_on(catalog)}


def contamination(catalog: Catalog, model: str, drawn: Mapping[str, list[str]], stands: Collection[str]) -> Contamination:
    """Of one model; `stands` are the benchmarks whose tables it is in, which come first."""
    names, suites = _names(catalog), []
    found = {dataset: overlap(catalog, model, dataset) for dataset in names}
    reasons: dict[Overlap, list[tuple[str, str]]] = {}
    for dataset, one in found.items():
        reasons.setdefault(one, []).append((dataset, names[dataset]))
    for name, datasets in drawn.items():
        answers: dict[str, tuple[str, ...]] = dict.fromkeys(ANSWERS, ())
        for dataset in datasets:
            answers[found[dataset].answer] += (names[dataset],)
        suites.append(Suite(name, title(catalog, "benchmarks", name), name in stands, answers))
    answered = [answer for answer in ANSWERS if len(suites) > MOST]  # what is cut off is the least telling
    ordered = sorted(suites, key=lambda suite: (not suite.stands, answered and answered.index(suite.answer), suite.name.lower()))
    told = sorted(reasons.items(), key=lambda item: ANSWERS.index(item[0].answer))
    return Contamination(tuple(ordered), tuple((one, tuple(datasets)) for one, datasets in told))
