"""What a run came to: exactly one status for every model and rung asked for, what got worse, and the exit code."""

from collections.abc import Mapping
from dataclasses import dataclass

from pathdex.nightly.journal import Done
from pathdex.nightly.plan import Plan
from pathdex.schema.evidence import UNTRIED, Height

EXPECTED = frozenset({"passed", "gated", *UNTRIED})
"""Ends that are no failure in themselves: a gate is its owner's right."""
LOADING: tuple[Height, ...] = ("weights", "embedding", "cost")
"""Rungs that load what was released, the last two unless they are climbed with random weights."""


@dataclass(frozen=True)
class Row:
    """One rung of one model."""

    done: Done
    passed_at: str | None
    """When it last really passed."""
    regressed: bool
    """Whether it had passed before and does not now."""

    @property
    def failed(self) -> bool:
        """Whether it is for someone to look at."""
        return self.regressed or self.done.status not in EXPECTED


@dataclass(frozen=True)
class Report:
    """A run's end."""

    run: str
    plan: Plan
    rows: Mapping[str, Mapping[Height, Row]]
    seconds: float
    stopped: bool = False
    """Whether it was ended before its work was done."""

    @property
    def aim(self) -> Height:
        """The highest rung asked for."""
        return self.plan.rungs[-1]

    @property
    def passed(self) -> list[str]:
        """The models that passed the highest rung asked for, in this run."""
        return [name for name, rungs in self.rows.items() if rungs[self.aim].done.status == "passed"]

    @property
    def loaded(self) -> list[str]:
        """Those of them whose released weights were loaded; a look at a header loads none."""
        invented = self.plan.random and self.aim in ("embedding", "cost")
        return self.passed if self.aim in LOADING and not invented else []

    @property
    def regressed(self) -> list[Row]:
        """What had passed before and does not now."""
        return [row for rungs in self.rows.values() for row in rungs.values() if row.regressed]

    @property
    def failed(self) -> list[Row]:
        """What is for someone to look at."""
        return [row for rungs in self.rows.values() for row in rungs.values() if row.failed]

    @property
    def code(self) -> int:
        """0 only if something was loaded and nothing failed; 1 with failures; 3 when nothing was loaded."""
        if self.failed or self.stopped:
            return 1
        return 0 if self.loaded else 3


def row(plan: Plan, done: Done, tried: bool = True) -> Row:
    """A rung's end beside how it stood before."""
    before = plan.before.get(done.model, {}).get(done.rung)
    passed = done.status == "passed"
    return Row(
        done,
        done.ended_at if passed else before.passed_at if before else None,
        tried and not passed and before is not None and before.status == "passed",
    )
