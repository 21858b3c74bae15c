"""The page of a model: what it costs, where it stands, what its licence says, how its vectors are taken and what it comes from."""

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_pages import made_html, texts

from pathdex.catalog import Catalog
from pathdex.outputs import model_pages
from pathdex.problems import CatalogError
from pathdex.relations.lineage import Step, family
from pathdex.schema import Evidence, Model
from pathdex.writing.contaminated import contamination, drawn_from
from pathdex.writing.cost import cost
from pathdex.writing.drawing.descent import descent
from pathdex.writing.drawing.tokens import POOLED, tokens, variant
from pathdex.writing.licences import FILE, licences, told
from pathdex.writing.passage import passage
from pathdex.writing.placing import standings
from pathdex.writing.rendering import lines, receipts
from pathdex.writing.specification import specification

SITE = Path(__file__).parents[1] / "site"
WORDS = {**texts(), FILE: (SITE / FILE).read_text(encoding="utf-8")}


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    """The real catalog."""
    return Catalog.load(SITE.parent)


@pytest.fixture(scope="module")
def made(shipped: Catalog) -> dict[str, str]:
    """Every page of the real catalog, by model."""
    return {path.split("/")[-1].removesuffix(".md"): text for path, text in model_pages.render(shipped, WORDS)}


def page(catalog: Catalog, name: str = "tiny") -> str:
    return dict(model_pages.render(catalog, WORDS))[f"build/docs/models/{name}.md"]


def changed(toy: Catalog, name: str = "tiny", **fields: Any) -> Model:
    return Model.model_validate({**toy.models[name].model_dump(exclude_unset=True), **fields})


def section(text: str, heading: str) -> str:
    return re.split(r"^## ", text.split(f"\n## {heading}\n")[1], maxsplit=1, flags=re.M)[0]


# Cost


def test_cost_is_counted_computed_or_said_to_be_unmeasured(toy: Catalog) -> None:
    found = {line.what: line for line in cost(toy.models["tiny"], toy.evidence["tiny"])}
    assert found["Parameters, image-encoder"][1:] == ("5,524,416", "counted")
    assert found["Weights in memory"].much == "22.1 MB in float32 · 11 MB in float16"
    assert found["Work for a slide of 10,000 tiles"].much == "25.1 TFLOPs"
    assert found["Features of a slide of 10,000 tiles"].much == "7.68 MB in float32 · 3.84 MB in float16"
    assert "tiles × 192 × 4 bytes" in found["Features of a slide of 10,000 tiles"].how
    assert found["Speed"].much == found["Memory in use"].much == "not measured yet"


def test_measured_speed_names_its_setting_and_random_weights(toy: Catalog) -> None:
    raw = toy.evidence["tiny"].model_dump(mode="json", exclude_none=True)
    speed = {"precision": "bf16", "mode": "eager", "batch": 32, "per_second": 4321.0, "peak_memory": 410_000_000}
    seen = {"weights": "random", "input": [3, 224, 224], "load_seconds": 1.0, "speeds": [speed]}
    environment = {"python": "3.11.7", "libraries": {}, "device": "NVIDIA H200"}
    rung = {
        "status": "passed",
        "measured_at": "2026-11-20T01:02:03Z",
        "seconds": 1.0,
        "bytes_moved": 0,
        "environment": environment,
    }
    raw["rungs"]["cost"] = {**rung, "measured": seen}
    found = {line.what: line for line in cost(toy.models["tiny"], Evidence.model_validate(raw))}
    assert found["Speed"].much == "4321 inputs a second" and "random weights" in found["Speed"].how
    assert "bf16, eager, 32 at a time on NVIDIA H200" in found["Speed"].how and found["Memory in use"].much == "410 MB"


def test_a_slide_encoder_costs_one_vector_a_slide(toy: Catalog) -> None:
    found = {line.what: line.much for line in cost(toy.models["tiny-slide"], None)}
    assert found["Features of a slide"] == "768 B in float32 · 384 B in float16"


# Results


def test_a_rank_is_among_the_rows_of_its_own_column(toy: Catalog) -> None:
    suite, other = standings(toy)["tiny"]
    [row] = suite.rows
    assert [(place.column, place.printed, place.rank, place.of) for place in row.places] == [
        ("Bears", "0.810", 1, 2),
        ("Outlines", "0.630", 1, 2),
    ]
    assert (suite.first, suite.upper, suite.tables, suite.lines) == (2, 2, 1, [(0.0, 18.0)])
    assert not other.suite and [place.rank for row in other.rows for place in row.places] == [None, None]
    text = section(page(toy), "Results")
    assert '<li class="is-first">Bears <b>0.810</b> 1 of 2</li>' in text and "2 times first" in text


def test_equal_numbers_share_the_better_rank_and_lower_can_be_better(toy: Catalog) -> None:
    table = toy.tables["toytable"]
    rows = (("Tiny (ours)", "1K", "0.5", "0.9", "0.7"), ("Random", "0", "0.5", "0.4", "0.45"))
    task = toy.benchmarks["toybench"].tasks["outlines"].model_copy(update={"better": "lower"})
    suite = toy.benchmarks["toybench"].model_copy(update={"tasks": {**toy.benchmarks["toybench"].tasks, "outlines": task}})
    other = replace(toy, tables={"toytable": replace(table, rows=rows)}, benchmarks={"toybench": suite})
    assert [place.rank for place in standings(other)["tiny"][0].rows[0].places] == [1, 2]


def test_every_rank_of_the_shipped_catalog_is_one_of_its_column(shipped: Catalog) -> None:
    for found in standings(shipped).values():
        for one in found:
            for place in one.ranked:
                assert 1 <= (place.rank or 0) <= place.of and place.of > 1 and 0 <= place.share <= 100


# Contamination


def test_a_benchmark_is_answered_by_the_worst_of_its_data_sets(toy: Catalog) -> None:
    found = contamination(toy, "tiny", drawn_from(toy), ["toybench"])
    [suite] = found.suites
    assert (suite.answer, suite.stands, found.count("part") + found.count("yes")) == (suite.answer, True, 1)
    assert {name for names in suite.datasets.values() for name in names} == {"Toy Patches"}
    assert "trained on cohort" in section(page(toy), "Contamination")


# Licence


def test_the_words_of_every_licence_have_their_place_in_the_text() -> None:
    for name, found in licences(WORDS).items():
        for said in (found.commercial, found.derivatives, found.attribution):
            assert said is None or (said.where and said.says.endswith(".")), name
        assert found.commercial and found.attribution, name


def test_no_entry_allows_what_the_text_of_its_licence_forbids(shipped: Catalog) -> None:
    for name, model in shipped.models.items():
        found = told(model, licences(WORDS))
        words = dict(found.aspects) if found else {}
        if "Commercial use" in words and words["Commercial use"].answer == "forbidden":
            assert model.weights.commercial_use != "allowed", name


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"license": "Apache-2.0"}, "changed files marked as such"),
        ({"license": "LicenseRef-Own", "license_url": "https://example.org/own"}, 'Read <a href="https://example.org/own"'),
        ({"license": "EUPL-1.2"}, "spdx.org/licenses/EUPL-1.2.html"),
        ({"license": "MIT OR Apache-2.0"}, "Read its text."),
        (
            {"license": "LicenseRef-DINOv3", "license_url": "https://example.org/else"},
            "Nobody has put this licence into plain words",
        ),
        ({}, "found no licence"),
    ],
)
def test_a_licence_is_told_from_its_text_or_not_at_all(fields: dict[str, str], words: str, toy: Catalog) -> None:
    weights = {"access": "open", "repository": "toy/tiny", **fields}
    catalog = replace(toy, models={**toy.models, "tiny": changed(toy, weights=weights)})
    text = section(page(catalog), "Licence")
    assert words in text.replace("&#61;", "=")
    assert ("state" in text) == ("changed files" in words)


@pytest.mark.parametrize("broken", ["MIT:\n  name: MIT\n", "MIT: [", "MIT:\n  name: MIT\n  texts: [x]\n"])
def test_a_file_of_licences_that_can_not_be_read_is_told(broken: str) -> None:
    with pytest.raises(CatalogError, match=r"site/licences\.yaml"):
        licences({FILE: broken})


# From input to output


@pytest.mark.parametrize(
    ("backbone", "patch", "side", "grid"),
    [("ViT-L/16", 16, 224, 14), ("Swin-T", 4, 224, None), ("ViT-H/14", 14, 230, None), ("ResNet-50", None, 224, None)],
)
def test_patches_are_counted_only_where_the_entry_tells(
    backbone: str, patch: int | None, side: int, grid: int | None, toy: Catalog
) -> None:
    shape = {"backbone": backbone, "input": side, **({"patch": patch} if patch else {})}
    assert tokens(changed(toy, architecture=shape, preprocess={"crop": side})).side == grid


@pytest.mark.parametrize("pooling", POOLED)
def test_every_pooling_is_drawn_and_told_in_words(pooling: str, toy: Catalog) -> None:
    found = {"one": {"width": 384, "pooling": pooling, "default": True}}
    model = changed(toy, embeddings=found)
    text = section(page(replace(toy, models={**toy.models, "tiny": model})), "From input to output")
    words = variant("one", model.embeddings["one"], tokens(model)).told
    assert POOLED[pooling] in words and "384" in words
    assert text.count(words) == 2, "once for who sees the drawing and once within it"


def test_the_way_is_told_step_by_step(toy: Catalog) -> None:
    found = {step.title: step.told for step in passage(toy, "tiny")}
    assert found["Tile"] == "meant for 0.5 µm per pixel"
    assert found["Resize"] == "shorter side to 256 px, bicubic" and found["Crop"] == "the centre, 224 × 224 px"
    assert found["Network"] == "ViT-Ti/16, 12 blocks, 192 wide, patches of 16 px"
    slide = {step.title: (step.told, step.links) for step in passage(toy, "tiny-slide")}
    assert slide["Tile encoder"] == ("each tile becomes a vector, by ", (("tiny", "Tiny"),))


def test_what_is_not_known_is_not_drawn(toy: Catalog) -> None:
    bare = changed(toy, embeddings={}, preprocess=None, sources={}, architecture=None)
    catalog = replace(toy, models={**toy.models, "tiny": bare})
    assert passage(catalog, "tiny") == [] and "<svg" not in section(page(catalog), "From input to output")


# Lineage


STEPS: list[Step] = [
    ("initialised_from", "b", "a"),
    ("uses_encoder", "c", "b"),
    ("distilled_from", "d", "b"),
    ("distilled_from", "d", "a"),
    ("uses_encoder", "other", "a"),
]
NAMED = {one: (f"202{number}", one.upper(), "patch-encoder") for number, one in enumerate(["d", "c", "b", "a", "other"])}


def test_the_family_is_all_above_and_all_below_and_nobody_beside() -> None:
    assert family(STEPS, "b") == [STEPS[0], STEPS[1], STEPS[2]]
    assert {model for step in family(STEPS, "a") for model in step[1:]} == set(NAMED)
    assert family(STEPS, "nobody") == []


def test_parents_stand_above_children_whatever_their_dates() -> None:
    drawn = descent("b", STEPS, NAMED)
    row = {node.id: node.y for node in drawn.nodes}
    assert all(row[parent] < row[child] for _, child, parent in STEPS)
    assert [node.id for node in drawn.nodes if node.is_self] == ["b"]
    assert drawn.height > max(row.values())


def test_rails_of_different_parents_never_lie_on_each_other() -> None:
    spans: dict[str, list[tuple[float, float]]] = {}
    for rail in descent("b", STEPS, NAMED).rails:
        x, top, bottom = re.search(r" ([\d.]+) (\d+)V(\d+)", rail.path).groups()  # type: ignore[union-attr]
        assert all(float(bottom) <= start or float(top) >= end for start, end in spans.get(x, []))
        spans.setdefault(x, []).append((float(top), float(bottom)))


def test_a_circle_is_drawn_all_the_same() -> None:
    assert len(descent("a", [("distilled_from", "a", "b"), ("distilled_from", "b", "a")], NAMED).nodes) == 2


def test_nodes_lead_to_the_pages_and_a_list_says_the_same(toy: Catalog) -> None:
    text = section(page(toy, "tiny-slide"), "Lineage")
    assert text.count('href="../tiny/"') == 2 and "Reads embeddings of" in text


# The page as a whole


def test_every_value_of_a_specification_has_its_receipt(shipped: Catalog) -> None:
    lacking = {
        (name, fact.path)
        for name, model in shipped.models.items()
        for _, facts in specification(model)
        for fact in facts
        if fact.path != "family" and not receipts(model, fact.path) and not model.allow
    }
    assert lacking == set()


def test_disputed_values_stand_side_by_side_in_the_specification(toy: Catalog) -> None:
    row = re.search(r"<th scope=\"row\">Slides</th><td>(.*?)</td>", section(page(toy), "Specification"))
    assert row and row[1].count("sides__one") == 2 and "is-judged" in row[1] and "#where-sources-disagree" in row[1]


def test_each_paper_is_cited_in_four_forms(toy: Catalog) -> None:
    text = section(page(toy), "Cite")
    assert [form for form in model_pages.FORMS if form in text] == list(model_pages.FORMS)
    assert "TY  -" in text and "lovelace2024tiny" in text and text.count("<pre") == 4


def test_lines_of_code_stay_lines_and_text() -> None:
    assert str(lines("a <b>\n  c\n\nTY  - d\n")) == "a &#60;b&#62;\n  c\n\nTY  - d"


def test_no_page_is_heavy_and_the_main_things_are_not_folded(made: dict[str, str]) -> None:
    for name, text in made.items():
        assert len(gzip.compress(text.encode())) < 60_000, name
        opened = re.sub(r"<details.*?</details>", "", text, flags=re.S)
        for heading in ("How to load it", "From input to output", "Licence", "Claimed and counted", "Cost", "Specification"):
            assert f"\n## {heading}\n" in opened, (name, heading)


def test_drawings_of_the_shipped_pages_are_whole(made: dict[str, str]) -> None:
    for name, text in made.items():
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), name
        assert text.count("<svg") == text.count("</svg>"), name
        for title, described in re.findall(r'aria-labelledby="([^"]+)"(?: aria-describedby="([^"]+)")?', text):
            assert title in ids and (not described or described in ids), name


def test_a_page_is_html_that_keeps_its_blocks(made: dict[str, str]) -> None:
    for name in ("uni2-h", "titan", "pixcell-256", "virchow2g", "special-stains"):
        text = made_html(made[name])
        for tag in ("details", "figure", "table", "ul", "ol", "svg", "dl"):
            assert len(re.findall(rf"<{tag}[\s>]", text)) == text.count(f"</{tag}>"), (name, tag)
        assert "<p><h2" not in text and "&lt;" not in re.sub(r"<pre.*?</pre>|<code.*?</code>", "", text, flags=re.S), name


def test_what_draws_is_told_from_its_condition_to_the_image(shipped: Catalog) -> None:
    assert [step.title for step in passage(shipped, "pixcell-256")] == [
        "Condition",
        "Noise",
        "Network",
        "Sampler",
        "Decoder",
        "Image",
    ]
    [maps] = [step for step in passage(shipped, "gigatime") if step.title == "Maps"]
    assert maps.told.startswith("23: DAPI, ")


def test_a_long_list_of_contamination_keeps_what_is_telling(toy: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathdex.writing.contaminated.MOST", 1)
    suite = toy.benchmarks["toybench"]
    task = next(iter(suite.tasks.values())).model_copy(update={"dataset": "cohort"})
    many = {"a": suite, "z": suite.model_copy(update={"name": "Z", "tasks": {"one": task}})}
    catalog = replace(toy, benchmarks=many)
    found = contamination(catalog, "tiny", drawn_from(catalog), [])
    assert found.most == 1 and [one.answer for one in found.suites] == sorted(
        (one.answer for one in found.suites), key=("yes", "part", "no", "unknown").index
    )
