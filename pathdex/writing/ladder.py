"""The ladder of a model as a page shows it: every rung, what was seen there, with what and when; what was never tried says so."""

from dataclasses import dataclass

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Evidence, Model
from pathdex.schema.evidence import HEIGHTS, UNTRIED, Height, Rung, Status
from pathdex.schema.measured import Contents, Cost, Header, Measured, Vectors
from pathdex.schema.recipe import fingerprint
from pathdex.writing.measurements import parts_of

NEVER = "not run yet"
WORSE = frozenset({"mismatch", "missing", "crashed"})
"""Ends that speak against the entry or what was released."""

NEEDS: dict[Height, str] = {
    "architecture": "the recipe, built without weights",
    "header": "the index of the released files, some kilobytes",
    "weights": "every byte of the released files",
    "embedding": "the standard tiles, encoded on a GPU or, slowly, a CPU",
    "cost": "speed and memory, on a GPU",
}
"""What each rung looks at."""


@dataclass(frozen=True)
class Step:
    """One rung of a model; `rung` is None where it was never tried, `stale` says why what was seen no longer holds."""

    height: Height
    rung: Rung | None
    stale: str = ""

    @property
    def status(self) -> Status | None:
        """How it ended, or None."""
        return self.rung.status if self.rung else None

    @property
    def word(self) -> str:
        """How it ended, for people."""
        return self.status.replace("-", " ") if self.status else NEVER

    @property
    def tone(self) -> str:
        """Yes: a pass that still holds; no: it speaks against the model or its entry; never: not tried; open: the rest."""
        if self.status is None:
            return "never"
        if self.status == "passed":
            return "open" if self.stale else "yes"
        return "no" if self.status in WORSE else "open"

    @property
    def random(self) -> bool:
        """Whether seeded random weights stood in for the released ones."""
        measured = self.rung.measured if self.rung else None
        return isinstance(measured, Vectors | Cost) and measured.weights == "random"

    @property
    def day(self) -> str:
        """When it was last tried, or ""."""
        return self.rung.measured_at[:10] if self.rung else ""

    @property
    def passed(self) -> str:
        """The day of the last real pass, or ""."""
        if self.rung is None:
            return ""
        return (self.rung.measured_at if self.status == "passed" else self.rung.passed_at or "")[:10]

    @property
    def worse(self) -> bool:
        """Whether it once passed and does not now."""
        return self.status != "passed" and bool(self.passed)

    @property
    def parts(self) -> list[str]:
        """What was seen, piece by piece; nothing where nothing was."""
        return list(parts_of(self.rung.measured)) if self.rung and self.rung.measured else []

    @property
    def tools(self) -> str:
        """With what it was tried: device, versions."""
        if self.rung is None:
            return ""
        used = self.rung.environment
        device = "shapes only" if used.device == "meta" else used.device
        return ", ".join((device, f"Python {used.python}", *(f"{name} {version}" for name, version in used.libraries.items())))

    @property
    def effort(self) -> str:
        """How long it took, and what moved over the network."""
        if self.rung is None:
            return ""
        moved = f", {text.size(self.rung.bytes_moved)} over the network" if self.rung.bytes_moved else ""
        return f"{self.rung.seconds:g} s{moved}"


def ladder(model: Model, evidence: Evidence | None) -> list[Step]:
    """All five rungs, from the ground."""
    tried = dict(evidence.rungs.tried()) if evidence else {}
    old = evidence is not None and evidence.recipe != fingerprint(model)
    return [Step(height, tried.get(height), _stale(model, tried.get(height), old)) for height in HEIGHTS]


def _stale(model: Model, rung: Rung | None, old: bool) -> str:
    """Why a rung does not speak of today's entry, or ""."""
    if rung is None:
        return ""
    read = read_revision(rung)
    pinned = model.weights.revision
    if read and pinned and read != pinned:
        return f"read revision {read[:12]}, the entry pins {pinned[:12]}"
    return "the recipe has changed since" if old else ""


def read_revision(rung: Rung) -> str | None:
    """The commit of the repository whose files a rung read, where it says."""
    return rung.measured.revision if isinstance(rung.measured, Header | Contents) else None


def badge(model: Model, evidence: Evidence | None) -> tuple[str, str]:
    """What a badge says of a model, and its tone: what speaks against it, else the highest rung that holds.

    What was measured with random weights says nothing of the released ones, and does not count.
    """
    steps = ladder(model, evidence)
    for tone, said in (("no", _against), ("yes", _holds)):
        if found := [step for step in steps if step.tone == tone and not step.random]:
            return said(found[-1]), tone
    return _open(model, steps), "open"


def _against(step: Step) -> str:
    return f"{step.height} {step.word} {step.day}"


def _holds(step: Step) -> str:
    measured = step.rung.measured if step.rung else None
    if isinstance(measured, Measured):
        return f"counted {text.count(max(measured.parameters.values()), 4)}"
    return f"{step.height} {'measured' if step.height == 'cost' else 'passed'} {step.day}"


def _open(model: Model, steps: list[Step]) -> str:
    """Why no rung holds."""
    tried = [step for step in steps if step.rung and step.status not in UNTRIED and not step.random]
    if tried:
        return f"{tried[-1].height} {'out of date' if tried[-1].stale else tried[-1].word} {tried[-1].day}"
    return "weights never released" if model.weights.access == "none" else "not loaded yet"


def whole(catalog: Catalog) -> tuple[str, str]:
    """What the badge of the whole catalog says, and its tone."""
    reached = [name for name, model in catalog.models.items() if _stands(ladder(model, catalog.evidence.get(name)))]
    return f"{len(catalog.models)} models, {len(reached)} counted", "yes" if reached else "open"


def _stands(steps: list[Step]) -> bool:
    return steps[0].tone == "yes"
