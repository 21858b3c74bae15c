"""When a claimed number is the counted one as people print it, and when two embeddings are the same."""

import math

TOLERANCE = 0.01
"""A claim within this share of the count agrees with it."""

LEAST_FIGURES = 2
"""A claim with fewer figures than this must still be right to so many."""


def agrees(claimed: int, counted: int) -> bool:
    """Whether the claim is within 1 % of the count, or is the count rounded to as many figures as the claim has, at least two.

    1.1 B agrees with 1,134,774,272 and 22 M with 21,665,664, both more than 1 % away; 632 M does not agree with 681,394,176.
    """
    figures = max(LEAST_FIGURES, len(str(claimed).rstrip("0")))
    unit = 10 ** max(0, math.floor(math.log10(counted)) + 1 - figures)
    rounded = (counted + unit // 2) // unit * unit
    return claimed == rounded or abs(claimed - counted) <= TOLERANCE * counted


COSINE = {"fp32": 0.9999}
REDUCED = 0.999
"""Least cosine of an embedding with what it should be, by precision; all but fp32 are reduced."""


def least_cosine(precision: str) -> float:
    """How near an embedding in this precision comes to what it should be, at least."""
    return COSINE.get(precision, REDUCED)
