"""What is claimed of a model held beside what the job counted."""

from collections.abc import Iterator
from dataclasses import dataclass

from pathdex.schema import Evidence, Model
from pathdex.schema.evidence import ArchitectureRung
from pathdex.schema.receipt import Receipt
from pathdex.tolerance import agrees


@dataclass(frozen=True)
class Compared:
    """One scope's claimed and counted number of parameters, None where there is no such number; `source` where the entry's own
    receipts do not cover the claim."""

    scope: str
    claimed: int | None
    counted: int | None
    source: tuple[Receipt, ...] = ()

    @property
    def difference(self) -> float | None:
        """By what share of the count the claim lies above it; None without both."""
        return (self.claimed - self.counted) / self.counted if self.claimed and self.counted else None

    @property
    def agrees(self) -> bool | None:
        """Whether the claim is the count, rounded; None without both."""
        return agrees(self.claimed, self.counted) if self.claimed and self.counted else None


def rung(evidence: Evidence | None) -> ArchitectureRung | None:
    """The architecture rung, if the job has tried it."""
    return evidence.rungs.architecture if evidence else None


def parameters(model: Model, evidence: Evidence | None) -> list[Compared]:
    """Every scope that is claimed or counted, the claimed ones first."""
    seen = rung(evidence)
    counted = seen.measured.parameters if seen and seen.measured else {}
    claimed = {str(scope): stated.reported for scope, stated in model.parameters.items()}
    return [Compared(scope, claimed.get(scope), counted.get(scope)) for scope in {**claimed, **counted}]


def refuted(model: Model, evidence: Evidence | None) -> Iterator[Compared]:
    """Disputed claims of a number of parameters that the count contradicts, as each source has them."""
    for found in parameters(model, evidence):
        dispute = model.disputed.get(f"parameters.{found.scope}.reported") or model.disputed.get(f"parameters.{found.scope}")
        for claim in dispute.values if dispute else ():
            if isinstance(claim.value, int | float) and claim.value:
                compared = Compared(found.scope, int(claim.value), found.counted, claim.source)
                if compared.agrees is False:
                    yield compared
