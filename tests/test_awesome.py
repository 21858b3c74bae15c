"""The awesome list keeps the form that awesome-lint asks for."""

import re

import pytest

from pathdex.catalog import Catalog
from pathdex.outputs import awesome
from pathdex.schema.taxonomy import Taxonomy

ITEM = re.compile(r"- (\[(?:[^\]\\]|\\.)+\]\(https?://[^\s()]+\)|Model .+?) - (\*(?:[^*\\]|\\.)+\*, )?\d{4}\. .*[.!?…]")


@pytest.fixture(scope="module")
def text(toy: Catalog) -> str:
    return dict(awesome.render(toy, {}))["AWESOME.md"]


def test_the_heading_comes_first_and_bears_the_badge(text: str) -> None:
    badge = "[![Awesome](https://awesome.re/badge.svg)](https://awesome.re)"
    assert text.startswith(f"# Awesome Pathology Foundation Models {badge}\n")


def test_the_contents_lead_to_the_sections_in_order(text: str) -> None:
    contents = re.findall(r"^ *- \[(.*)\]\(#(.*)\)$", text, re.MULTILINE)
    headings = re.findall(r"^##+ (.*)$", text, re.MULTILINE)[1:]
    assert [title for title, _ in contents] == headings == ["Encoders", "Slide encoders", "Cohorts"]
    assert [anchor for _, anchor in contents] == ["encoders", "slide-encoders", "cohorts"]
    assert "  - [Slide encoders]" in text
    assert "### Slide encoders" in text


def test_every_item_has_the_form_of_the_list(text: str, toy: Catalog) -> None:
    items = [line for line in text.partition("## Encoders")[2].splitlines() if line.startswith("-")]
    assert len(items) == len(toy.papers)
    assert all(ITEM.fullmatch(item) for item in items)


def test_an_item_tells_venue_year_code_and_models(text: str) -> None:
    assert (
        "- [Tiny: an encoder for \\{small\\} slides & 100% of tiles](https://doi.org/10.1234/toys_2024.001) - *Journal of Toys*, 2024. "
        "Trains a small vision transformer on toy slides. [Code](https://example.org/tiny). Model: [Tiny](modelcards/tiny.md).\n"
    ) in text


def test_papers_stand_newest_first(toy: Catalog) -> None:
    paper = toy.papers["lovelace2024tiny"]
    dates = {"may": "2024-05", "day": "2024-05-02", "year": None, "march": "2024-03-19"}
    papers = {name: paper.model_copy(update={"title": name, "published": date}) for name, date in dates.items()}
    text = dict(awesome.render(Catalog(papers=papers, taxonomy=toy.taxonomy), {}))["AWESOME.md"]
    assert re.findall(r"^- \[(\w+)\]\(https://doi", text, re.MULTILINE) == ["day", "may", "march", "year"]


def test_a_model_without_paper_stands_in_the_section_of_its_kind(toy: Catalog) -> None:
    taxonomy = Taxonomy.model_validate({"sections": {"patch-encoders": {"title": "Patch encoders", "about": "Encoders."}}})
    lone = toy.models["tiny"].model_copy(update={"papers": ()})
    text = dict(awesome.render(Catalog(models={"tiny": lone}, taxonomy=taxonomy), {}))["AWESOME.md"]
    assert (
        "- [Tiny](https://huggingface.co/toy/tiny) - 2024. The smallest encoder of this toy catalog, made of a public ViT-Ti/16. [Model card](modelcards/tiny.md)."
        in text
    )
    assert all(ITEM.fullmatch(line) for line in text.splitlines() if line.startswith("- [Tiny"))


def test_two_models_in_one_repository_do_not_repeat_its_link(toy: Catalog) -> None:
    taxonomy = Taxonomy.model_validate({"sections": {"patch-encoders": {"title": "Patch encoders", "about": "Encoders."}}})
    lone = toy.models["tiny"].model_copy(update={"papers": ()})
    twin = lone.model_copy(update={"name": "Twin"})
    text = dict(awesome.render(Catalog(models={"tiny": lone, "twin": twin}, taxonomy=taxonomy), {}))["AWESOME.md"]
    assert text.count("https://huggingface.co/toy/tiny") == 1
    assert "- Model Twin - 2024." in text and "[Model card](modelcards/twin.md)." in text


def test_values_do_not_act(toy: Catalog) -> None:
    paper = toy.papers["lovelace2024tiny"]
    hostile = paper.model_copy(update={"title": "a](javascript:x) | **b**", "summary": "# c <!--lint disable-->", "venue": "*d*"})
    text = dict(awesome.render(Catalog(papers={"x": hostile}, taxonomy=toy.taxonomy), {}))["AWESOME.md"]
    item = next(line for line in text.splitlines() if "javascript" in line)
    assert item.startswith("- [a\\](javascript:x) &#124; \\*\\*b\\*\\*](https://doi.org/")
    assert "\\# c &lt;!--lint disable--&gt;." in item
    assert "*\\*d\\**, 2024." in item
