"""Which evidence gives way to which: random weights to released ones, and neither to a door that is closed.

What once came out as the authors publish it is not forgotten because their host is away later.
"""

from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Literal

import pytest

from pathdex.catalog import read_catalog
from pathdex.measuring.seen import Seen
from pathdex.nightly import plan as plans
from pathdex.schema.measured import Cost, Reproduced, Speed, Vector, Vectors
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


NEAR: dict[str, Any] = {"cosine": 0.999998, "difference": 0.0012, "greatest": 3.25}
FAR: dict[str, Any] = {"cosine": 0.5, "difference": 2.0, "greatest": 3.25}
HOST_AWAY, HOST_EMPTY = "unreachable: HTTP 503", "missing: the host has no such file (HTTP 404)"


def compared(output: str = "2", weights: Literal["released", "random"] = "released", **seen: Any) -> Ended:
    """A pass of the embedding rung, with what came of the comparison with the authors' output."""
    one = Reproduced.model_validate({"variant": "cls", "input": "1" * 64, "output": output * 64, **seen})
    vector = Vector(width=192, first=(0.5,), finite=True, deterministic=True)
    expected = () if weights == "random" else (one,)
    vectors = Vectors(weights=weights, tiles="0" * 64, device_class="cpu", variants={"cls": {"fp32": vector}}, expected=expected)
    return Ended("passed", "", Seen(vectors))


def after(root: Path, monkeypatch: pytest.MonkeyPatch, *ends: Ended) -> tuple[Any, list[bool]]:
    """The comparison after these ends on days in a row from the first of November, and which of them were written."""
    changed = []
    for day, ended in enumerate(ends, 1):

        class Day(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None, day: int = day) -> "Day":
                return cls(2026, 11, day, 2, tzinfo=tz)

        monkeypatch.setattr("pathdex.verify.datetime", Day)
        changed.append(recorded(read_catalog(root)[0], root, NAME, "embedding", ended).changed)
    rung = read_catalog(root)[0].evidence[NAME].rungs.embedding
    assert rung is not None and rung.measured is not None
    return rung.measured.expected[0], changed


def test_a_comparison_that_was_made_stays_with_its_date_beside_later_reasons(
    toy_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, away = compared(**NEAR), compared(hindered=HOST_AWAY)
    seen, changed = after(toy_root, monkeypatch, near, away, away, compared(hindered=HOST_EMPTY))
    assert (seen.cosine, seen.compared_at, seen.hindered) == (0.999998, "2026-11-01T02:00:00Z", HOST_EMPTY)
    assert changed == [True, True, False, True]


def test_a_new_comparison_takes_the_place_of_an_earlier_one(toy_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, changed = after(toy_root, monkeypatch, compared(**NEAR), compared(hindered=HOST_AWAY), compared(**FAR))
    assert (seen.cosine, seen.compared_at, seen.hindered, changed) == (0.5, None, None, [True] * 3)


def test_a_comparison_with_another_file_is_none_of_this_one(toy_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, _ = after(toy_root, monkeypatch, compared(**NEAR), compared(output="3", hindered=HOST_AWAY))
    assert (seen.cosine, seen.compared_at, seen.hindered) == (None, None, HOST_AWAY)


def test_a_comparison_of_another_recipe_is_none_of_this_one(toy_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after(toy_root, monkeypatch, compared(**NEAR))
    entry = toy_root / "catalog" / "models" / f"{NAME}.yaml"
    entry.write_text(entry.read_text(encoding="utf-8").replace("input: 224", "input: 240"), encoding="utf-8")
    seen, _ = after(toy_root, monkeypatch, compared(hindered=HOST_AWAY))
    assert (seen.cosine, seen.hindered) == (None, HOST_AWAY)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {**NEAR, "hindered": HOST_AWAY},
        {**NEAR, "compared_at": "2026-11-01T02:00:00Z"},
        {"cosine": 1.0, "hindered": HOST_AWAY},
    ],
    ids=["neither", "both without a date", "a date without a reason", "half of one"],
)
def test_a_comparison_and_a_reason_stand_together_only_with_a_date(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a comparison and hindered do not fit"):
        compared(**fields)
