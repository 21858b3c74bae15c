"""Each check of the evidence trips on what it forbids, alone, at the right line; and not on what is only rounded or held open."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pathdex.catalog import read_catalog
from pathdex.judge import checks, judge
from pathdex.schema.recipe import fingerprint
from pathdex.tolerance import agrees

TODAY = date(2030, 1, 1)
MODEL = "models/tiny.yaml"
EVIDENCE = "evidence/tiny.json"
LISTING = "evidence/tiny.tensors.csv"

EARLIER = "2026-11-01T02:00:00Z"

Change = Callable[[Path], None]


def edit(file: str, *swaps: tuple[str, str]) -> Change:
    """Swap texts in a file of the catalog, each of which stands there."""

    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in swaps:
            assert old in text, old
            text = text.replace(old, new, 1)
        (folder / file).write_text(text, encoding="utf-8")

    return change


def seen(**fields: Any) -> Change:
    """Change what tiny's evidence says of the architecture rung; None takes a field away."""

    def change(folder: Path) -> None:
        data = json.loads((folder / EVIDENCE).read_text(encoding="utf-8"))
        rung = data["rungs"]["architecture"]
        for name, value in fields.items():
            target = rung if name in ("status", "reason", "measured") else rung["measured"]
            target[name] = value
            if value is None:
                del target[name]
        (folder / EVIDENCE).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    return change


def gone(*files: str) -> Change:
    """Take files of the catalog away."""
    return lambda folder: [(folder / file).unlink() for file in files] and None


PINNED = "0123456789abcdef0123456789abcdef01234567"
ANOTHER = "89abcdef0123456789abcdef0123456789abcdef"
FILE = {
    "name": "model.safetensors",
    "format": "safetensors",
    "bytes": 22_100_000,
    "tensors": 150,
    "elements": 5_524_416,
    "dtypes": {"float32": 5_524_416},
}
HEADER = {"revision": PINNED, "files": [FILE], "fit": {"matched": 150}}
VECTOR = {"width": 192, "norm": 1.0, "first": [0.1], "finite": True, "deterministic": True}
GONE, AWAY = "missing: the host has no such file", "unreachable: HTTP 503"


def climbed(height: str, status: str = "passed", measured: Any = None, **fields: Any) -> Change:
    """Let tiny's evidence have another rung."""

    def change(folder: Path) -> None:
        data = json.loads((folder / EVIDENCE).read_text(encoding="utf-8"))
        below = data["rungs"]["architecture"]
        rung = {
            **{key: below[key] for key in ("bytes_moved", "environment", "measured_at", "seconds")},
            "status": status,
            **fields,
        }
        data["rungs"][height] = rung | ({"measured": measured} if measured else {})
        (folder / EVIDENCE).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    return change


def vectors(weights: str = "released", **precisions: Any) -> dict[str, Any]:
    """What the embedding rung measured of the variant cls, with what differs by precision."""
    rows = {precision: VECTOR | fields for precision, fields in precisions.items()}
    return {"weights": weights, "tiles": "0" * 64, "device_class": "cpu", "variants": {"cls": rows}}


def published(**tolerance: float) -> Change:
    """Let tiny's authors publish an embedding of an image of theirs."""
    files = {
        part: {"url": f"https://example.org/{part}", "sha256": digit * 64} for part, digit in (("input", "1"), ("output", "2"))
    }
    stated = json.dumps([{**files, "variant": "cls", **tolerance, "source": "https://example.org/tiny"}])
    return edit(MODEL, ("pitfalls:\n", f"expected: {stated}\npitfalls:\n"))


def reproduced(**fields: Any) -> Change:
    """Let tiny's embedding be held against the published one."""
    one = {"variant": "cls", "input": "1" * 64, "output": "2" * 64, **fields}
    return climbed("embedding", measured={**vectors(fp32={}), "expected": [one]})


def renamed(old: str, new: str) -> Change:
    """Give evidence and its listing another model's name."""

    def change(folder: Path) -> None:
        for suffix in (".json", ".tensors.csv"):
            shutil.copy(folder / "evidence" / f"{old}{suffix}", folder / "evidence" / f"{new}{suffix}")

    return change


def remeasured(folder: Path) -> None:
    """Let tiny's evidence be of the recipe that the entry has now."""
    catalog, _ = read_catalog(folder.parent)
    data = json.loads((folder / EVIDENCE).read_text(encoding="utf-8"))
    data["recipe"] = fingerprint(catalog.models["tiny"])
    (folder / EVIDENCE).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def reported(count: str) -> Change:
    return edit(MODEL, ("reported: 5_500_000", f"reported: {count}"))


def failed(folder: Path) -> None:
    seen(status="crashed", reason="RecipeError: timm has no such model", measured=None)(folder)
    gone(LISTING)(folder)


OPEN = """disputed:
  {field}:
    values:
      - value: 5_000_000
        source: https://example.org/tiny/paper
      - value: 6_000_000
        source: https://example.org/a-list
    why: Neither says how it was counted.
"""

TRIPS: list[tuple[str, list[Change], str]] = [
    (
        "belongs-to-a-model",
        [renamed("tiny", "tinny")],
        "catalog/evidence/tinny.json:1: 'tinny' is not in models; did you mean 'tiny'?",
    ),
    ("every-model-has-one", [gone(EVIDENCE, LISTING)], "{loader}: loader: was never measured; run pathdex verify tiny"),
    (
        "fits-the-recipe",
        [edit(MODEL, ("num_classes: 0", "num_classes: 10"))],
        "{loader}: loader: changed since {day}, when it was measured; run pathdex verify tiny",
    ),
    (
        "recipe-builds",
        [failed],
        "{loader}: loader: crashed: RecipeError: timm has no such model; mend the recipe and run pathdex verify tiny",
    ),
    (
        "parameters-differ",
        [reported("6_320_000")],
        "{reported}: parameters.image-encoder.reported: states 6_320_000, counted 5_524_416; correct it or move it to disputed",
    ),
    (
        "widths-differ",
        [seen(embeddings={"cls": 256, "cls+mean": 384})],
        "{width}: embeddings.cls.width: states 192, measured 256; correct it or its pooling",
    ),
    (
        "embeddings-exist",
        [seen(embeddings={"cls+mean": 384}, unavailable={"cls": "the module has no class token"})],
        "{pooling}: embeddings.cls.pooling: can't be 'cls': the module has no class token; correct the pooling or the recipe",
    ),
    (
        "every-embedding-is-told",
        [seen(embeddings={"cls+mean": 384}, unavailable={"mean": "the module has no patch tokens"})],
        "catalog/evidence/tiny.json:{told}: rungs.architecture.measured.embeddings: are not those of the entry; run pathdex verify tiny",
    ),
    (
        "listing-fits",
        [edit(LISTING, ("float32", "float16"))],
        "catalog/evidence/tiny.json:{sha}: rungs.architecture.measured.state_dict.sha256: "
        "tiny.tensors.csv was changed by hand; run pathdex verify tiny",
    ),
    (
        "released-files-fit",
        [climbed("weights", "mismatch", reason="2 missing from the file of 150 tensors (norm.bias: not in the file)")],
        "{weights}: weights: weights: mismatch: 2 missing from the file of 150 tensors (norm.bias: not in the file); "
        "correct the entry and run pathdex verify tiny --rung weights",
    ),
    (
        "access-fits",
        [edit(MODEL, ("access: gated", "access: open")), climbed("header", "gated", reason="ask for access on the model's page")],
        "{access}: weights.access: is open, but the header rung met a gate on {day}; correct the access",
    ),
    (
        "revision-is-the-pinned-one",
        [climbed("header", measured={**HEADER, "revision": ANOTHER})],
        "{revision}: weights.revision: is 0123456789ab, but the header rung read 89abcdef0123; run pathdex verify tiny --rung header",
    ),
    (
        "golden-vectors-hold",
        [climbed("embedding", measured=vectors(fp32={"golden": 0.9998}, bf16={"golden": 0.9991}))],
        "{variant}: embeddings.cls: in fp32 has cosine 0.999800 with its golden vector, below 0.9999; "
        "find what changed, or run pathdex verify tiny --rung embedding --accept",
    ),
    (
        "published-outputs-hold",
        [published(atol=0.01), reproduced(cosine=0.99, difference=0.02, greatest=3.0)],
        "{expected}: expected.0: cls comes out up to 0.02 apart, 0.01 is allowed; "
        "correct the preprocessing, the pooling or the recipe, or excuse the entry",
    ),
    (
        "precisions-agree",
        [climbed("embedding", measured=vectors(fp32={}, bf16={"agreement": 0.9995}, fp16={"agreement": 0.98}))],
        "{variant}: embeddings.cls: in fp16 has cosine 0.980000 with fp32, below 0.999; say so under pitfalls and excuse the entry",
    ),
    (
        "nothing-got-worse",
        [climbed("cost", "out-of-memory", reason="not one image fits into memory", passed_at="2026-11-01T02:00:00Z")],
        "{embeddings}: embeddings: cost passed on 2026-11-01, and on {day} was out-of-memory: not one image fits into memory; "
        "run pathdex verify tiny --rung cost",
    ),
]


def _line_of(file: Path, text: str) -> str:
    return str(next(number for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text in line))


def _filled(line: str, folder: Path) -> str:
    """The expected line, with the lines at which the toy entry has its fields."""
    model, evidence = folder / MODEL, folder / EVIDENCE
    places = {"loader": "loader:", "reported": "reported:", "width": "width: 192", "pooling": "pooling: cls"}
    places |= {
        "weights": "weights:",
        "access": "access:",
        "revision": "revision:",
        "variant": "  cls:",
        "embeddings": "embeddings:",
        "expected": "expected:",
    }
    written = model.read_text(encoding="utf-8")
    spots = {name: f"catalog/{MODEL}:{_line_of(model, text)}" for name, text in places.items() if text in written}
    spots["width"] = f"catalog/{MODEL}:{int(_line_of(model, '  cls:')) + 1}"
    if evidence.exists():
        text = evidence.read_text(encoding="utf-8")
        spots["day"] = json.loads(text)["rungs"]["architecture"]["measured_at"][:10]
        spots["told"] = _line_of(evidence, '"embeddings"') if '"embeddings"' in text else ""
        spots["sha"] = _line_of(evidence, '"sha256"') if '"sha256"' in text else ""
    return line.format(**spots)


def _found(root: Path) -> list[str]:
    catalog, problems = read_catalog(root)
    return [str(problem) for problem in [*problems, *judge(catalog, TODAY)]]


@pytest.mark.parametrize(("rule", "changes", "line"), TRIPS, ids=[rule for rule, _, _ in TRIPS])
def test_a_check_trips_alone_at_the_right_line(rule: str, changes: list[Change], line: str, toy_root: Path) -> None:
    for change in changes:
        change(toy_root / "catalog")
    assert _found(toy_root) == [f"{_filled(line, toy_root / 'catalog')} [evidence/{rule}]"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([published(atol=0.01), reproduced(cosine=0.99, difference=0.009, greatest=3.0)], ""),
        ([published(rtol=0.01), reproduced(cosine=0.99, difference=0.02, greatest=3.0)], ""),
        ([published(), reproduced(cosine=0.9991, difference=9.0, greatest=3.0)], ""),
        ([published(), reproduced(cosine=0.9989, difference=0.0, greatest=3.0)], "comes out with cosine 0.998900, below 0.999"),
        ([published(), reproduced(hindered="unreachable: HTTP 503")], ""),
        (
            [published(), reproduced(hindered="mismatch: it has another SHA-256")],
            "was not compared: mismatch: it has another SHA-256",
        ),
        ([published(), reproduced(cosine=1.0, difference=0.0, greatest=3.0, hindered=AWAY, compared_at=EARLIER)], ""),
        ([published(), reproduced(cosine=0.9, difference=0.0, greatest=3.0, hindered=AWAY, compared_at=EARLIER)], "cosine 0.900"),
        ([published(), reproduced(cosine=1.0, difference=0.0, greatest=3.0, hindered=GONE, compared_at=EARLIER)], GONE),
        ([reproduced(cosine=0.1, difference=9.0, greatest=3.0)], ""),
    ],
)
def test_a_published_output_is_judged_by_its_authors_tolerance_or_by_its_cosine(
    changes: list[Change], told: str, toy_root: Path
) -> None:
    for change in changes:
        change(toy_root / "catalog")
    found = _found(toy_root)
    assert (len(found), told in "".join(found)) == (int(bool(told)), True), found


def test_a_listing_that_cannot_be_read_is_told_once(toy_root: Path) -> None:
    (toy_root / "catalog" / LISTING).write_bytes(b"\xff\xfe")
    assert _found(toy_root) == [f"catalog/{LISTING}:1: is not UTF-8 (byte 0xff); let the job write it anew [reading/readable]"]


def test_stale_evidence_of_a_rung_above_the_first_judges_nothing(toy_root: Path) -> None:
    climbed("weights", "mismatch", reason="2 missing")(toy_root / "catalog")
    edit(MODEL, ("num_classes: 0", "num_classes: 10"))(toy_root / "catalog")
    assert [line.rpartition("[")[2] for line in _found(toy_root)] == ["evidence/fits-the-recipe]"]


def test_a_gate_before_open_weights_is_told_once_though_they_were_loaded_before(toy_root: Path) -> None:
    edit(MODEL, ("access: gated", "access: open"))(toy_root / "catalog")
    climbed("weights", "gated", reason="no consent", passed_at=EARLIER)(toy_root / "catalog")
    assert [line.rpartition("[")[2] for line in _found(toy_root)] == ["evidence/access-fits]"]


def test_every_check_of_the_evidence_has_an_example() -> None:
    assert sorted(rule for rule in checks() if rule.startswith("evidence/")) == sorted(f"evidence/{rule}" for rule, _, _ in TRIPS)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([], id="the toy as it is"),
        pytest.param([reported("5_530_000")], id="a claim within 1 %"),
        pytest.param([reported("5_500_000")], id="the count rounded to two figures"),
        pytest.param(
            [edit("models/tiny-slide.yaml", ("factory: tinyslide.build", "factory: tinyslide.make"))],
            id="a changed recipe that nothing here builds",
        ),
        pytest.param([gone("evidence/tiny-slide.json")], id="no evidence of a recipe that nothing here builds"),
        pytest.param(
            [reported("6_320_000"), edit(MODEL, ("  image-encoder:\n", "  full-model:\n"))],
            id="a claim about a scope that was not counted",
        ),
        pytest.param(
            [edit(MODEL, ("num_classes: 0", "num_classes: 0\n    img_size: 224")), remeasured],
            id="a changed recipe measured anew",
        ),
        pytest.param(
            [climbed("header", measured=HEADER), climbed("weights", "unreachable", reason="no answer", passed_at=EARLIER)],
            id="an hour when the host was away",
        ),
        pytest.param([climbed("header", "gated", reason="no consent")], id="a gate that the entry states"),
        pytest.param(
            [climbed("header", "drifted", HEADER, reason="main has another file", passed_at=EARLIER)],
            id="a main branch that moved on",
        ),
        pytest.param([climbed("weights", "timeout", reason="1800 s")], id="a rung that never passed and ran out of time"),
        pytest.param(
            [climbed("embedding", measured=vectors(fp32={"golden": 0.9999}, bf16={"golden": 0.999, "agreement": 0.999}))],
            id="vectors just near enough",
        ),
        pytest.param(
            [climbed("embedding", measured=vectors("random", fp32={}, fp16={"agreement": 0.5}))],
            id="random weights, which say nothing of a model",
        ),
    ],
)
def test_what_fits_the_count_trips_nothing(changes: list[Change], toy_root: Path) -> None:
    for change in changes:
        change(toy_root / "catalog")
    assert _found(toy_root) == []


@pytest.mark.parametrize("field", ["parameters.image-encoder.reported", "parameters.image-encoder"])
def test_a_claim_that_the_entry_holds_open_is_not_judged(field: str, toy_root: Path) -> None:
    reported("6_320_000")(toy_root / "catalog")
    edit(MODEL, ("disputed:\n", OPEN.format(field=field)))(toy_root / "catalog")
    assert [line for line in _found(toy_root) if "[evidence/" in line] == []


def test_a_judged_dispute_does_not_shield_a_wrong_claim(toy_root: Path) -> None:
    judged = OPEN.format(field="parameters.image-encoder.reported").replace("    why", "    judged: 6_000_000\n    why")
    reported("6_000_000")(toy_root / "catalog")
    edit(MODEL, ("disputed:\n", judged))(toy_root / "catalog")
    assert [line.rpartition("[")[2] for line in _found(toy_root)] == ["evidence/parameters-differ]"]


def test_stale_evidence_is_told_once_and_judges_nothing(toy_root: Path) -> None:
    edit(MODEL, ("num_classes: 0", "num_classes: 10"), ("reported: 5_500_000", "reported: 9_000_000"))(toy_root / "catalog")
    assert [line.rpartition("[")[2] for line in _found(toy_root)] == ["evidence/fits-the-recipe]"]


@pytest.mark.parametrize(("change", "words"), [(gone(LISTING), "is missing"), (failed, "is left over")])
def test_a_listing_is_there_when_something_was_measured_and_only_then(change: Change, words: str, toy_root: Path) -> None:
    change(toy_root / "catalog")
    if words == "is left over":
        (toy_root / "catalog" / LISTING).write_text("name,dtype,shape\n", encoding="utf-8")
    assert [line for line in _found(toy_root) if "listing-fits" in line and words in line]


@pytest.mark.parametrize(
    ("claimed", "counted", "right"),
    [
        (86_000_000, 85_798_656, True),
        (632_000_000, 681_394_176, False),
        (1_100_000_000, 1_134_774_272, True),
        (1_130_000_000, 1_134_774_272, True),
        (1_000_000_000, 1_134_774_272, False),
        (1_200_000_000, 1_134_774_272, False),
        (22_000_000, 21_665_664, True),
        (21_000_000, 21_665_664, False),
        (300_000_000, 303_350_784, True),
        (304_000_000, 303_350_784, True),
        (300_000_000, 310_000_000, False),
        (10, 10, True),
        (7, 10, False),
    ],
)
def test_a_claim_agrees_within_1_percent_or_as_rounded(claimed: int, counted: int, right: bool) -> None:
    assert agrees(claimed, counted) is right
