"""A model card is read by the Hub and by people."""

import html
import re
from pathlib import Path
from typing import Any

import markdown
import pytest
import yaml

from pathdex.catalog import Catalog, read_catalog
from pathdex.outputs import modelcards
from pathdex.schema.model import Model
from pathdex.schema.weights import Weights
from pathdex.writing.frontmatter import licence
from pathdex.writing.markdown import code, escaped, link, table
from pathdex.writing.scores import number

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cards(toy: Catalog) -> dict[str, str]:
    return dict(modelcards.render(toy, {}))


def test_each_model_has_a_card(cards: dict[str, str], toy: Catalog) -> None:
    assert list(cards) == [f"modelcards/{name}.md" for name in toy.models]


def test_the_hub_reads_the_front_matter(cards: dict[str, str]) -> None:
    from huggingface_hub import ModelCard

    data = ModelCard(cards["modelcards/tiny.md"]).data
    assert [data.license, data.library_name, data.pipeline_tag] == ["apache-2.0", "timm", "image-feature-extraction"]
    assert data.model_name == "Tiny"
    assert [(found.dataset_type, found.metric_value) for found in data.eval_results] == [
        ("patches", 0.81),
        ("toybench-outlines", 0.63),
    ]
    assert data.eval_results[0].source_url == "https://example.org/toybench/results"


def test_the_hub_reads_every_shipped_card() -> None:
    from huggingface_hub import ModelCard

    catalog, _ = read_catalog(ROOT)
    for path, text in modelcards.render(catalog, {}):
        data = ModelCard(text).data
        written = yaml.safe_load(text.split("---\n")[1])
        numbers = [found["metrics"][0]["value"] for index in written.pop("model-index", []) for found in index["results"]]
        assert [found.metric_value for found in data.eval_results or []] == numbers, path
        assert {key: data[key] for key in written} == written, path


def test_a_card_sets_claim_beside_count(cards: dict[str, str]) -> None:
    assert "| image-encoder | 5,500,000 | 5,524,416 | agree | [[1]] |" in cards["modelcards/tiny.md"]
    assert re.search(r"^Not counted on .*: not-attempted, library custom", cards["modelcards/tiny-slide.md"], re.MULTILINE)


def test_a_card_tells_which_row_of_a_table_a_number_is_from(cards: dict[str, str]) -> None:
    card = cards["modelcards/tiny.md"]
    assert "| 0.810 | cls | not stated | Toy table 1 | Tiny (ours) |" in card
    assert "name: Toy table 1, row Tiny (ours)" in card


def test_a_card_names_the_sections_that_have_something_to_say(cards: dict[str, str]) -> None:
    headings = re.findall(r"^## (.*)$", cards["modelcards/tiny-slide.md"], re.MULTILINE)
    assert headings == ["Claimed and counted", "Facts", "Loading", "Embeddings", "Papers", "Receipts"]


def test_every_number_of_a_receipt_is_explained(cards: dict[str, str]) -> None:
    for card in cards.values():
        used, told = set(re.findall(r"\[\[(\d+)\]\]", card)), set(re.findall(r"^\[(\d+)\]: http", card, re.MULTILINE))
        assert used == told


@pytest.mark.parametrize(
    ("weights", "fields"),
    [
        ({"license": "Apache-2.0"}, {"license": "apache-2.0"}),
        ({"license": "CC-BY-NC-ND-4.0"}, {"license": "cc-by-nc-nd-4.0"}),
        ({"license": "CC-BY-NC-SA-2.0"}, {"license": "cc-by-nc-sa-2.0"}),
        ({"license": "GPL-3.0-only"}, {"license": "gpl-3.0"}),
        ({"license": "ODbL-1.0"}, {"license": "odbl"}),
        ({}, {}),
        (
            {"license": "LicenseRef-Toy-Model", "license_url": "https://example.org/l"},
            {"license": "other", "license_name": "toy-model", "license_link": "https://example.org/l"},
        ),
        (
            {"license": "Zed"},
            {"license": "other", "license_name": "zed", "license_link": "https://spdx.org/licenses/Zed.html"},
        ),
        ({"license": "MIT AND Apache-2.0"}, {"license": "other", "license_name": "mit-and-apache-2.0"}),
    ],
)
def test_a_licence_goes_by_the_hubs_name(weights: dict[str, str], fields: dict[str, str]) -> None:
    record = Weights.model_validate({"access": "open", "url": "https://example.org/w", **weights})
    assert licence(record) == fields


HOSTILE = "**x** [a](javascript:alert(1)) `b` | {{ c }} {: .d } :smile: _e_ ~~f~~ $g$ &amp; # h"


def test_values_are_shown_as_they_are(toy: Catalog) -> None:
    tiny = toy.models["tiny"].model_copy(update={"name": HOSTILE, "summary": f"- {HOSTILE}", "organizations": (HOSTILE,)})
    card = dict(modelcards.render(Catalog(models={"tiny": tiny}), {}))["modelcards/tiny.md"]
    body = card.split("---\n", 2)[2]
    assert not re.search(r"(?<!\\)\]\(javascript:", body)
    assert "&#45; \\*\\*x\\*\\*" in body
    assert not re.search(r"(?<!\\)\*\*x|(?<!\\)\{|~~|\$g|:smile:|(?<!\\)`b|&amp; ", body.replace("&amp;amp;", ""))
    rows = [line for line in body.splitlines() if line.startswith("| Made by")]
    assert rows[0].count("|") == 4


def test_front_matter_holds_any_name(toy: Catalog) -> None:
    name = 'A: "b" #c\\'
    tiny = toy.models["tiny"].model_copy(update={"name": name})
    changed = Catalog(models={"tiny": tiny}, results=toy.results, tables=toy.tables, benchmarks=toy.benchmarks)
    card = dict(modelcards.render(changed, {}))["modelcards/tiny.md"]
    assert yaml.safe_load(card.split("---\n")[1])["model-index"][0]["name"] == name


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("0.810", 0.81),
        (".5", 0.5),
        ("**0.9**", 0.9),
        ("71.2 ± 1.3", 71.2),
        ("0.5 (0.4-0.6)", 0.5),
        ("0.3†", 0.3),
        ("−1.5", -1.5),
        ("83%", 83.0),
    ]
    + [(text, None) for text in ("12K", "-", "", "n/a", "1e5", "3.1M")],
)
def test_a_printed_cell_is_a_number_or_none(printed: str, value: float | None) -> None:
    assert number(printed) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("H&E at 20x", "H&E at 20x"),
        ("a < b > c", "a &lt; b &gt; c"),
        ("&lt;script&gt;", "&amp;lt;script&amp;gt;"),
        ("1. first", "1&#46; first"),
        ("two\nlines", "two lines"),
        ("snake_case", "snake\\_case"),
    ],
)
def test_escaping_is_light(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "# head",
        "+ item",
        "12) item",
        "> quote",
        "a\\*b\\",
        "==mark== ^up^ ++in++ {--out--} [^1] *[a]: b",
        "http://a_b_c.org <http://x.org> www.x.org",
        "<img src=x onerror=alert(1)> &#60;b&#62; &copy;",
        "__init__ ___ --- *** ``` ~~~",
    ],
)
def test_any_text_comes_out_of_markdown_as_it_went_in(text: str) -> None:
    extensions = ["attr_list", "tables", "footnotes", "abbr", "pymdownx.tilde", "pymdownx.caret", "pymdownx.mark"]
    page = markdown.markdown(escaped(text), extensions=extensions)
    assert html.unescape(page) == f"<p>{text}</p>"


def test_code_and_links_cannot_be_left() -> None:
    assert code("a `b` c") == "``a `b` c``"
    assert code("`a`") == "`` `a` ``"
    assert link("x", "javascript:alert(1)") == "x"
    assert link("x", "https://example.org/a(b) <c>") == "[x](https://example.org/a%28b%29%20%3Cc%3E)"
    assert table(["a"], [["`x|y`"]]).splitlines()[-1] == "| `x\\|y` |"


def test_a_card_without_weights_says_how_the_network_is_built() -> None:
    plain: dict[str, Any] = {"name": "Bare", "kind": "patch-encoder", "summary": "Bare.", "organizations": ["Toy Lab"]}
    bare = Model.model_validate({**plain, "weights": {"access": "none"}, "loader": {"library": "custom", "factory": "a.b"}})
    card = dict(modelcards.render(Catalog(models={"bare": bare}), {}))["modelcards/bare.md"]
    assert "Built by `a.b` (custom)." in card
    assert "The job has not measured this model." in card
