"""Which evidence gives way to which: random weights to released ones, and neither to a door that is closed."""

from pathlib import Path
from typing import Any, Literal

import pytest

from pathdex.catalog import read_catalog
from pathdex.measuring.seen import Seen
from pathdex.nightly import plan as plans
from pathdex.schema.measured import Cost, Speed
from pathdex.verify import Ended, recorded

NAME = "tiny"


def measured(weights: Literal["released", "random"], rate: float) -> Ended:
    """A pass of the cost rung."""
    speed = Speed(precision="fp32", mode="eager", batch=1, per_second=rate, peak_memory=1)
    return Ended("passed", "", Seen(Cost(weights=weights, input=(3, 8, 8), load_seconds=1.0, speeds=(speed,))))


def kept(root: Path, *ends: Ended) -> Any:
    """The cost rung after these ends, one after the other."""
    for ended in ends:
        catalog, _ = read_catalog(root)
        recorded(catalog, root, NAME, "cost", ended)
    return read_catalog(root)[0].evidence[NAME].rungs.cost


GATED = Ended("gated", "the repository wants an accepted form")
BLOCKED = Ended("not-attempted", "the header rung ended as gated")
AWAY = Ended("unreachable", "the host does not answer as it should (HTTP 503)")
CRASHED = Ended("crashed", "RuntimeError")
RANDOM, RELEASED = measured("random", 5.0), measured("released", 7.0)


@pytest.mark.parametrize(
    ("ends", "status", "weights"),
    [
        ([RANDOM, GATED], "passed", "random"),
        ([RANDOM, BLOCKED], "passed", "random"),
        ([RANDOM, CRASHED], "crashed", None),
        ([RANDOM, RELEASED], "passed", "released"),
        ([RELEASED, RANDOM], "passed", "released"),
        ([RELEASED, GATED], "gated", None),
        ([CRASHED, RANDOM], "passed", "random"),
        ([RELEASED, AWAY], "passed", "released"),
        ([RELEASED, Ended("not-attempted", "the header rung ended as unreachable")], "passed", "released"),
        ([CRASHED, AWAY], "unreachable", None),
    ],
)
def test_what_was_measured_gives_way_only_to_what_says_more(
    ends: list[Ended], status: str, weights: str | None, toy_root: Path
) -> None:
    rung = kept(toy_root, *ends)
    assert (rung.status, rung.measured.weights if rung.measured else None) == (status, weights)


def test_a_pass_with_random_weights_is_no_pass_of_released_ones(toy_root: Path) -> None:
    assert kept(toy_root, RANDOM, CRASHED).passed_at is None
    assert kept(toy_root, RELEASED, CRASHED).passed_at is not None
    kept(toy_root, RANDOM)
    catalog, _ = read_catalog(toy_root)
    assert "cost" not in plans.before(catalog, (NAME,), ("cost",)).get(NAME, {})
    assert plans.before(catalog, (NAME,), ("cost",), random=True)[NAME]["cost"].status == "passed"
