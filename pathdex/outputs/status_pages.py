"""The status page: how every rung of every model stands, what got worse, how old the evidence is, and what was measured when."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pathdex.catalog import Catalog
from pathdex.schema.evidence import HEIGHTS, Height
from pathdex.schema.run import Run
from pathdex.writing.ladder import Step, badge, ladder, whole
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = True

Ladders = Mapping[str, list[Step]]
TONES = ("yes", "no", "open", "never")
"""In the order of the bars."""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The one page."""
    ladders = {name: ladder(model, catalog.evidence.get(name)) for name, model in catalog.models.items()}
    steps = [step for found in ladders.values() for step in found]
    yield page(
        environment(prose),
        "status",
        "status.md",
        rows=[_row(catalog, name, ladders[name]) for name in sorted(ladders, key=lambda name: catalog.models[name].name.lower())],
        heights=HEIGHTS,
        statuses=_statuses(steps),
        rungs=[_summary(height, [found[number] for found in ladders.values()]) for number, height in enumerate(HEIGHTS)],
        choices=_choices(ladders),
        kinds=sorted({model.kind for model in catalog.models.values()}),
        worse=[(name, catalog.models[name], step) for name, found in ladders.items() for step in found if step.worse],
        days=_days(steps),
        runs=_runs(catalog),
        badge=whole(catalog)[0],
    )


def _row(catalog: Catalog, name: str, steps: list[Step]) -> dict[str, Any]:
    said, tone = badge(catalog.models[name], catalog.evidence.get(name))
    days = [step.day for step in steps if step.day]
    return {"id": name, "model": catalog.models[name], "steps": steps, "said": said, "tone": tone, "last": max(days, default="")}


def _statuses(steps: list[Step]) -> list[str]:
    """The words that occur, the usual ones first."""
    found = Counter(step.word for step in steps if step.status)
    return [word for word, _ in found.most_common()]


def _summary(height: Height, steps: list[Step]) -> dict[str, Any]:
    """One rung over all models: how many by word and by tone, and the days of the newest and the oldest evidence."""
    days = sorted(step.day for step in steps if step.day)
    tones = Counter(step.tone for step in steps)
    starts = [sum(tones[tone] for tone in TONES[:number]) for number in range(len(TONES))]
    return {
        "height": height,
        "words": Counter(step.word for step in steps),
        "models": len(steps),
        "bars": [(tone, start, tones[tone]) for tone, start in zip(TONES, starts, strict=True) if tones[tone]],
        "newest": days[-1] if days else "",
        "oldest": days[0] if days else "",
    }


def _choices(ladders: Ladders) -> list[tuple[Height, list[str]]]:
    """For each rung the words that a filter offers."""
    return [(height, sorted({steps[number].word for steps in ladders.values()})) for number, height in enumerate(HEIGHTS)]


def _days(steps: list[Step]) -> list[tuple[str, dict[Height, str]]]:
    """The days of the evidence that stands, newest first, with what was measured on each: rung, and how many by word."""
    found: dict[str, dict[Height, Counter[str]]] = {}
    for step in steps:
        if step.day:
            found.setdefault(step.day, {}).setdefault(step.height, Counter())[step.word] += 1
    newest_first = sorted(found.items(), reverse=True)
    return [(day, {height: _told(words) for height, words in seen.items()}) for day, seen in newest_first]


def _told(words: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {word}" for word, number in sorted(words.items(), key=lambda item: -item[1]))


def _runs(catalog: Catalog) -> list[dict[str, Any]]:
    """The runs of the job that the catalog keeps, newest first, with how each rung ended."""
    newest_first = sorted(catalog.runs.values(), key=lambda run: run.ended_at, reverse=True)
    return [{"run": run, "rungs": {height: _ended(run, height) for height in run.rungs}} for run in newest_first]


def _ended(run: Run, height: Height) -> str:
    return _told({status.replace("-", " "): number for status, number in run.ended[height].items()})
