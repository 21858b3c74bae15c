"""The ladder, the status page, badges and the API tell every rung of every model, whatever it ended in, and what was never tried."""

import functools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import jsonschema
import markdown
import pytest
from pydantic import ValidationError

from pathdex.catalog import Catalog, read_catalog
from pathdex.outputs import api, badges, model_pages, status_pages
from pathdex.schema import Evidence
from pathdex.schema.evidence import HEIGHTS, MEASURED, Status
from pathdex.schema.run import Run
from pathdex.writing import ladder
from pathdex.writing.badges import COLOURS, badge
from pathdex.writing.contract import schema
from pathdex.writing.served import ServedModel

SITE = Path(__file__).parent.parent / "site"
STATUSES: tuple[Status, ...] = get_args(Status)
PINNED = "0123456789abcdef0123456789abcdef01234567"
WHEN, EARLIER = "2026-11-20T02:00:00Z", "2026-11-01T02:00:00Z"
FILE = {
    "name": "model.safetensors",
    "format": "safetensors",
    "bytes": 22_100_000,
    "sha256": "a" * 64,
    "tensors": 150,
    "elements": 5_524_416,
    "dtypes": {"float32": 5_524_416},
}
FIT = {"matched": 148, "missing": 2, "examples": ["norm.bias: not in the file"]}
VECTOR = {"width": 192, "norm": 12.5, "first": [0.1], "finite": True, "deterministic": True}
ROWS = {"fp32": {**VECTOR, "golden": 0.99999}, "bf16": {**VECTOR, "agreement": 0.9995}}
SPEEDS = [
    {"precision": "fp32", "mode": "eager", "batch": 1, "per_second": 210.5, "peak_memory": 91_000_000},
    {"precision": "bf16", "mode": "compiled", "batch": 32, "per_second": 4321.0, "peak_memory": 410_000_000},
]
SEEN: dict[str, dict[str, Any]] = {
    "header": {"revision": PINNED, "files": [FILE], "fit": FIT},
    "weights": {
        "revision": PINNED,
        "files": [FILE],
        "fit": {"matched": 150},
        "fetch_seconds": 3.2,
        "load_seconds": 0.4,
        "peak_memory": 600_000_000,
    },
    "embedding": {"weights": "released", "tiles": "0" * 64, "device_class": "cuda-sm90", "variants": {"cls": ROWS}},
    "cost": {"weights": "random", "input": [3, 224, 224], "load_seconds": 1.5, "speeds": SPEEDS},
}
ENVIRONMENT = {"python": "3.11.7", "libraries": {"torch": "2.15.0"}, "device": "NVIDIA H200"}


@functools.cache
def texts() -> dict[str, str]:
    return {file.relative_to(SITE).as_posix(): file.read_text(encoding="utf-8") for file in sorted(SITE.rglob("*.jinja"))}


def rung(status: str = "passed", measured: Any = None, **fields: Any) -> dict[str, Any]:
    """One rung as evidence has it."""
    told = {} if status == "passed" else {"reason": f"it was {status}"}
    seen = {"measured": measured} if measured and status in MEASURED else {}
    base = {"status": status, "measured_at": WHEN, "seconds": 2.5, "bytes_moved": 32_288, "environment": ENVIRONMENT}
    return {**base, **told, **seen, **fields}


def tiny_with(toy: Catalog, old: bool = False, **rungs: dict[str, Any]) -> Catalog:
    """The toy catalog in which Tiny has these rungs beside its architecture."""
    own = toy.evidence["tiny"]
    raw = own.model_dump(exclude_unset=True)
    raw = {**raw, "recipe": "f" * 64 if old else own.recipe, "rungs": {**raw["rungs"], **rungs}}
    return replace(toy, evidence={**toy.evidence, "tiny": Evidence.model_validate(raw)})


@pytest.fixture(scope="module")
def whole(toy: Catalog) -> Catalog:
    """Tiny has passed all five rungs."""
    return tiny_with(toy, **{height: rung(measured=seen) for height, seen in SEEN.items()})


def model_page(catalog: Catalog, name: str = "tiny") -> str:
    page = dict(model_pages.render(catalog, texts()))[f"build/docs/models/{name}.md"]
    return page.split("## What has been verified")[1].split("## Cost")[0]


def status_page(catalog: Catalog) -> str:
    [(path, text)] = status_pages.render(catalog, texts())
    assert path == "build/docs/status.md"
    return text


def steps_of(page: str) -> dict[str, str]:
    """What the drawn ladder tells of each rung."""
    found = re.findall(r'<li class="ladder__step">.*?</li>', page, re.S)
    return {re.search(r"<strong>(\w+)</strong>", step)[1].lower(): step for step in found}  # type: ignore[index]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("height", ["header", "embedding"])
def test_a_model_page_tells_how_a_rung_ended_why_when_and_with_what(status: Status, height: str, toy: Catalog) -> None:
    step = steps_of(model_page(tiny_with(toy, **{height: rung(status, SEEN[height])})))[height]
    assert f">{status.replace('-', ' ')}</span>" in step
    assert (f"<p>it was {status}</p>" in step) == (status != "passed")
    assert '<time datetime="2026-11-20" data-age>20 November 2026</time>' in step
    assert "NVIDIA H200, Python 3.11.7, torch 2.15.0; 2.5 s, 32.3 kB over the network" in step
    assert ("never passed" in step) == (status != "passed")


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "passed"])
def test_the_last_real_pass_stays_told(status: Status, toy: Catalog) -> None:
    step = steps_of(model_page(tiny_with(toy, weights=rung(status, SEEN["weights"], passed_at=EARLIER))))["weights"]
    assert 'last passed <time datetime="2026-11-01" data-age>1 November 2026</time>' in step and "got worse" in step


def test_rungs_that_were_never_tried_say_so(toy: Catalog) -> None:
    steps = steps_of(model_page(toy))
    assert list(steps) == list(reversed(HEIGHTS))
    assert ["not run yet" in steps[height] for height in HEIGHTS] == [False, True, True, True, True]
    bare = steps_of(model_page(Catalog(models=toy.models, papers=toy.papers, datasets=toy.datasets)))
    assert all("not run yet" in step and "<time" not in step for step in bare.values())


@pytest.mark.parametrize(
    ("height", "words"),
    [
        ("architecture", "image-encoder 5,524,416 · cls 192 · cls+mean 384 · 2.51 GFLOPs"),
        ("header", "model.safetensors, 22.1 MB, float32 in safetensors · 148 tensors fit · 2 missing"),
        ("weights", "fetched in 3.2 s, loaded in 0.4 s · 600 MB of memory"),
        ("embedding", "cls in bf16 192 wide, norm 12.5, cosine 0.999500 with fp32"),
        ("cost", "random weights · 4321 images a second in bf16, compiled, 32 at a time · 410 MB of memory"),
    ],
)
def test_what_was_measured_stands_on_its_rung(height: str, words: str, whole: Catalog) -> None:
    assert words in steps_of(model_page(whole))[height].replace("&#43;", "+")


def test_files_vectors_and_speeds_stand_in_tables(whole: Catalog) -> None:
    page = model_page(whole)
    assert page.count("<details") == page.count("</details>") == 4
    assert "norm.bias: not in the file" in page and "a" * 64 in page
    assert "<td>bf16</td>" in page and ">0.999990</td>" in page
    assert '<th scope="row">bf16</th><td>compiled</td><td class="number">32</td><td class="number">4321</td>' in page
    assert "Speed and memory of 2 settings, with random weights" in page


def test_the_drawing_shows_each_rung_by_its_shape(toy: Catalog) -> None:
    page = model_page(tiny_with(toy, header=rung("gated"), weights=rung("mismatch", SEEN["weights"]), embedding=rung("timeout")))
    assert re.findall(r'ladder__rung--(\w+)"', page) == ["never", "open", "no", "open", "yes"]
    assert page.count("M2 8L22 14M34 14L54 8") == 1


def test_what_was_seen_with_another_recipe_or_revision_is_out_of_date(toy: Catalog) -> None:
    old = steps_of(model_page(tiny_with(toy, old=True)))["architecture"]
    assert "out of date" in old and "the recipe has changed since" in old and "rung--open" in old
    other = {**SEEN["header"], "revision": "89abcdef" * 5}
    step = steps_of(model_page(tiny_with(toy, header=rung(measured=other))))["header"]
    assert "read revision 89abcdef89ab, the entry pins 0123456789ab" in step


def test_a_hostile_reason_stays_text(toy: Catalog) -> None:
    changed = tiny_with(toy, weights=rung("crashed", reason="*a* `b` [c](javascript:d) {{ 7*7 }}"))
    for text in (model_page(changed), status_page(changed)):
        made = markdown.markdown(text, extensions=["tables", "toc"])
        assert "<em>" not in made and "javascript:d" not in re.findall(r'href="([^"]*)', made) and "49" not in made


@pytest.mark.parametrize(
    ("rungs", "words", "tone"),
    [
        ({}, "counted 5.524 M", "yes"),
        ({"header": rung("gated")}, "counted 5.524 M", "yes"),
        ({"header": rung(measured=SEEN["header"])}, "header passed 2026-11-20", "yes"),
        ({"weights": rung(measured=SEEN["weights"])}, "weights passed 2026-11-20", "yes"),
        ({"weights": rung("mismatch", SEEN["weights"])}, "weights mismatch 2026-11-20", "no"),
        ({"weights": rung(measured=SEEN["weights"]), "embedding": rung("timeout")}, "weights passed 2026-11-20", "yes"),
        ({"embedding": rung(measured=SEEN["embedding"])}, "embedding passed 2026-11-20", "yes"),
        ({"cost": rung(measured=SEEN["cost"])}, "counted 5.524 M", "yes"),
        ({"weights": rung("missing"), "cost": rung(measured=SEEN["cost"])}, "weights missing 2026-11-20", "no"),
        ({"header": rung("crashed"), "weights": rung(measured=SEEN["weights"])}, "header crashed 2026-11-20", "no"),
        ({"cost": rung(measured={**SEEN["cost"], "weights": "released"})}, "cost measured 2026-11-20", "yes"),
    ],
)
def test_a_badge_tells_what_speaks_against_the_model_else_the_highest_rung_that_holds(
    rungs: dict[str, Any], words: str, tone: str, toy: Catalog
) -> None:
    catalog = tiny_with(toy, **rungs)
    assert ladder.badge(catalog.models["tiny"], catalog.evidence["tiny"]) == (words, tone)


def test_a_badge_claims_nothing_that_was_not_seen(toy: Catalog) -> None:
    tiny, slide = toy.models["tiny"], toy.models["tiny-slide"]
    assert ladder.badge(tiny, None) == ("not loaded yet", "open")
    assert ladder.badge(slide, toy.evidence["tiny-slide"]) == ("weights never released", "open")
    assert ladder.badge(tiny, tiny_with(toy, old=True).evidence["tiny"]) == ("architecture out of date 2026-11-21", "open")


@pytest.mark.parametrize("tone", COLOURS)
def test_a_badge_is_a_picture_of_its_own_with_a_title(tone: str) -> None:
    text = badge('passed <b>&"quoted"', tone)
    root = ElementTree.fromstring(text)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert root.get("role") == "img" and title is not None and root.get("aria-labelledby") == title.get("id")
    assert title.text == 'pathdex: passed <b>&"quoted"'
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert "<script" not in text and "style=" not in text


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", COLOURS.values())
def test_a_badge_is_readable(colour: str) -> None:
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.5


def test_every_model_has_a_badge_and_so_has_the_catalog(toy: Catalog) -> None:
    made = dict(badges.render(toy, {}))
    assert set(made) == {f"build/docs/badges/{name}.svg" for name in (*toy.models, "index")}
    assert "2 models, 1 counted" in made["build/docs/badges/index.svg"]
    page = model_page(toy)
    assert '<img src="../../badges/tiny.svg" alt="pathdex: counted 5.524 M"' in page
    assert "[![pathdex: counted 5.524 M](SITE/badges/tiny.svg)](SITE/models/tiny/)" in page


def test_the_status_page_has_a_row_for_each_model_and_a_word_for_each_rung(toy: Catalog) -> None:
    page = status_page(tiny_with(toy, weights=rung("out-of-memory")))
    rows = {
        name: row for row in re.findall(r"<tr data-kind=.*?</tr>", page, re.S) for name in re.findall(r"models/([\w-]+)/", row)
    }
    words = {
        name: re.findall(r'<td class="(?:never"|words"><span class="state state--\w+")>([^<]+)<', row)
        for name, row in rows.items()
    }
    assert words == {
        "tiny": ["passed", "not run yet", "out of memory", "not run yet", "not run yet"],
        "tiny-slide": ["not attempted", *["not run yet"] * 4],
    }
    assert "it was out-of-memory" in rows["tiny"] and "2026-11-21" in rows["tiny"]
    assert '<select name="weights"><option value="">any</option><option value="not run yet">' in page


def test_the_counts_of_each_rung_add_up_to_all_models(whole: Catalog) -> None:
    page = status_page(whole)
    for row in re.findall(r"<tr><th scope=\"row\">(?:architecture|header|weights|embedding|cost)</th>.*?</tr>", page):
        numbers = [int(found) for found in re.findall(r'<td class="number">(\d+)</td>', row)]
        widths = [int(found) for found in re.findall(r'<rect class="bars__\w+" x="\d+" width="(\d+)"', row)]
        assert sum(numbers) == sum(widths) == len(whole.models), row


def test_what_was_never_run_is_told_plainly(toy: Catalog, whole: Catalog) -> None:
    assert "The header, weights, embedding and cost rungs have not been run for any model yet." in status_page(toy)
    assert "not been run for any model" not in status_page(whole)


def test_what_got_worse_is_listed_with_its_last_pass(toy: Catalog) -> None:
    assert "no rung that once passed has ended otherwise since" in status_page(toy)
    page = status_page(tiny_with(toy, weights=rung("unreachable", passed_at=EARLIER)))
    told = page.split("## What got worse")[1].split("## Every model")[0]
    assert "Tiny</a>, weights" in told and "1 November 2026" in told and "it was unreachable" in told


def run(**fields: Any) -> dict[str, Any]:
    ended = {"header": {"passed": 1, "not-attempted": 1}}
    base = {"ended_at": "2026-11-22T02:10:00Z", "seconds": 600.0, "pathdex": "0.1.0", "device": "cpu", "weights": "released"}
    return {**base, "rungs": ["header"], "models": 2, "ended": ended, **fields}


def test_the_history_is_of_runs_where_some_are_kept_and_else_of_the_evidence(toy: Catalog) -> None:
    assert "No run of the nightly job has been kept yet" in status_page(toy)
    later = Run.model_validate(run(ended_at="2026-11-23T02:10:00Z", stopped=True))
    page = status_page(replace(toy, runs={"a": Run.model_validate(run()), "b": later}))
    assert "The last run ended on" in page and "1 passed, 1 not attempted" in page and "stopped early" in page
    assert page.index(">2026-11-23</time> <span") < page.index(">2026-11-22</time>")
    assert "No run of the nightly job" not in page


def test_a_run_accounts_for_every_model() -> None:
    with pytest.raises(ValidationError, match="does not account for 3 models; let the job write the run anew"):
        Run.model_validate(run(models=3))


def test_runs_are_read_from_beside_the_evidence(toy_root: Path) -> None:
    folder = toy_root / "catalog" / "evidence" / "runs"
    folder.mkdir()
    (folder / "20261122t021000z.json").write_text(json.dumps(run()))
    catalog, problems = read_catalog(toy_root)
    assert problems == [] and list(catalog.runs) == ["20261122t021000z"]
    (folder / "20261122t021000z.json").write_text(json.dumps(run(models=3)))
    (folder / "notes.txt").write_text("")
    assert [problem.file.rpartition("/")[2] for problem in read_catalog(toy_root)[1]] == ["20261122t021000z.json", "notes.txt"]


def test_an_empty_catalog_has_a_status_and_a_badge() -> None:
    assert "Nothing has been measured yet" in status_page(Catalog())
    assert "0 models" in dict(badges.render(Catalog(), {}))["build/docs/badges/index.svg"]


def test_the_api_serves_every_rung_that_was_tried_and_names_the_others(toy: Catalog, whole: Catalog) -> None:
    files = {path: json.loads(text) for path, text in api.render(whole, {}) if path.endswith("models/tiny.json")}
    [tiny] = files.values()
    assert list(tiny["rungs"]) == list(HEIGHTS) and "never_run" not in tiny
    assert tiny["rungs"]["weights"]["measured"]["files"][0]["sha256"] == "a" * 64
    assert tiny["rungs"]["cost"]["measured"]["weights"] == "random"
    bare = next(json.loads(text) for path, text in api.render(toy, {}) if path.endswith("models/tiny.json"))
    assert list(bare["rungs"]) == ["architecture"] and bare["never_run"] == list(HEIGHTS[1:])
    old = next(json.loads(text) for path, text in api.render(tiny_with(toy, old=True), {}) if path.endswith("models/tiny.json"))
    assert old["out_of_date"] is True and "out_of_date" not in bare


@pytest.mark.parametrize("status", STATUSES)
def test_the_api_keeps_to_its_schema_whatever_a_rung_ended_in(status: Status, toy: Catalog) -> None:
    rungs = {
        height: rung(status, seen, **({} if status == "passed" else {"passed_at": EARLIER})) for height, seen in SEEN.items()
    }
    text = next(text for path, text in api.render(tiny_with(toy, **rungs), {}) if path.endswith("models/tiny.json"))
    check = jsonschema.Draft202012Validator(schema("model", ServedModel, "serialization"))
    assert [error.message for error in check.iter_errors(json.loads(text))] == []
