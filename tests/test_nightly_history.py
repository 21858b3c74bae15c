"""A run of the nightly job is kept in the catalog in numbers, and the status page can read it."""

from pathlib import Path

from pathdex.catalog import read_catalog
from pathdex.nightly.history import write
from pathdex.nightly.journal import Done
from pathdex.nightly.outcome import Report, row
from pathdex.nightly.plan import Before, Plan
from pathdex.schema.evidence import Height, Status

EARLIER, NOW = "2026-11-01T02:00:00Z", "2026-11-22T02:10:00Z"


def report(root: Path, **ended: Status) -> Report:
    """A run over the header and weights rungs that ended so; the weights of tiny had passed before."""
    rungs: tuple[Height, ...] = ("header", "weights")
    before: dict[str, dict[Height, Before]] = {"tiny": {"weights": Before(status="passed", passed_at=EARLIER)}}
    limits: dict[Height, float] = {"header": 1, "weights": 1}
    plan = Plan(root=str(root), models=("tiny", "tiny-slide"), rungs=rungs, limits=limits, memory=1, workers=1, before=before)

    def done(name: str, rung: Height) -> Done:
        status = ended[rung] if name == "tiny" else "not-attempted"
        return Done(model=name, rung=rung, key="", status=status, reason=f"it was {status}", ended_at=NOW)

    rows = {name: {rung: row(plan, done(name, rung)) for rung in rungs} for name in plan.models}
    return Report("nightly", plan, rows, seconds=61.23)


def test_a_run_is_kept_with_every_model_counted_and_what_got_worse(toy_root: Path) -> None:
    file = write(report(toy_root, header="passed", weights="crashed"), toy_root)
    catalog, problems = read_catalog(toy_root)
    assert problems == [] and file.parent == toy_root / "catalog" / "evidence" / "runs"
    kept = catalog.runs[file.stem]
    assert kept.ended == {"header": {"passed": 1, "not-attempted": 1}, "weights": {"crashed": 1, "not-attempted": 1}}
    assert (kept.models, kept.seconds, kept.device, kept.weights, kept.stopped) == (2, 61.2, "cpu", "released", False)
    [worse] = kept.worse
    assert (worse.model, worse.rung, worse.status, worse.passed_at) == ("tiny", "weights", "crashed", EARLIER)


def test_a_run_in_which_nothing_got_worse_says_nothing_of_it(toy_root: Path) -> None:
    text = write(report(toy_root, header="passed", weights="passed"), toy_root).read_text()
    assert '"worse"' not in text and text.endswith("}\n")
