"""The pages: every value shows as text, every link leads somewhere, nothing of the catalog is missing."""

import html as entities
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import markdown
import pytest

from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.outputs import model_pages, pages, reference_pages
from pathdex.problems import CatalogError
from pathdex.schema import Model
from pathdex.schema.model import Loader
from pathdex.text import percent
from pathdex.writing.citing import link
from pathdex.writing.comparison import Compared
from pathdex.writing.rendering import address, code, environment, folder, page, prose, receipts, shown
from pathdex.writing.snippets import snippet

SITE = Path(__file__).parent.parent / "site"
HOSTILE = (
    "<script>alert(1)</script> {{ 7*7 }} {% x %} | `a` *b* _c_ [x](javascript:alert(1)) ![y](z) &lt; \" ' </td> # - {: #id }"
)
EXTENSIONS = ["tables", "pymdownx.highlight", "pymdownx.superfences", "toc"]


def texts() -> dict[str, str]:
    """What people wrote of the site, by path below site/."""
    files = (file for file in sorted(SITE.rglob("*")) if file.suffix in (".md", ".jinja"))
    return {file.relative_to(SITE).as_posix(): file.read_text(encoding="utf-8") for file in files}


def page_outputs() -> list[ModuleType]:
    """The outputs that make pages."""
    return [plugins.load("pathdex.outputs", name) for name in plugins.names("pathdex.outputs") if name.endswith("pages")]


def rendered(catalog: Catalog) -> dict[str, str]:
    """Every page by its path below build/docs."""
    found = (made for output in page_outputs() for made in output.render(catalog, texts()))
    return {path.removeprefix("build/docs/"): text for path, text in found if path.endswith(".md")}


def made_html(text: str) -> str:
    """A page as Python-Markdown with the site's extensions makes it, front matter left aside."""
    body = text.split("---\n", 2)[2] if text.startswith("---\n") else text
    return markdown.markdown(body, extensions=EXTENSIONS)


def links(text: str) -> Iterator[str]:
    """Where the links of a page lead, other sites left aside."""
    for target in re.findall(r'(?:href|src)="([^"]*)"', text):
        if not target.startswith(("https://", "http://", "#", "&#35;")):
            yield entities.unescape(target)


@pytest.fixture(scope="module")
def hostile(toy: Catalog) -> Catalog:
    """The toy catalog with markup of all kinds in its values, past the schema that would refuse it."""
    tiny = toy.models["tiny"]
    loader = tiny.loader.model_copy(update={"factory": HOSTILE, "kwargs": {"a": "```\n<script>", HOSTILE: HOSTILE}})
    weights = tiny.weights.model_copy(update={"license": HOSTILE, "license_url": "javascript:alert(1)", "repository": HOSTILE})
    changes = {"name": HOSTILE, "summary": HOSTILE, "organizations": (HOSTILE,), "code": "javascript:alert(1)"}
    model = tiny.model_copy(update={**changes, "loader": loader, "weights": weights})
    paper = toy.papers["lovelace2024tiny"].model_copy(update={"title": HOSTILE, "venue": HOSTILE, "url": "javascript:alert(1)"})
    dataset = toy.datasets["cohort"].model_copy(update={"name": HOSTILE, "summary": HOSTILE})
    erratum = toy.errata["tiny-size"].model_copy(update={"title": HOSTILE, "correct": HOSTILE, "explanation": HOSTILE})
    benchmark = toy.benchmarks["toybench"].model_copy(update={"name": HOSTILE, "protocol": HOSTILE})
    result = toy.results["toytable"].model_copy(update={"title": HOSTILE, "protocol": HOSTILE, "remarks": (HOSTILE,)})
    return Catalog(
        models={**toy.models, "tiny": model},
        papers={**toy.papers, "lovelace2024tiny": paper},
        datasets={**toy.datasets, "cohort": dataset},
        benchmarks={"toybench": benchmark},
        results={"toytable": result},
        errata={"tiny-size": erratum},
        evidence=toy.evidence,
        taxonomy=toy.taxonomy,
        tables=toy.tables,
        documents=toy.documents,
    )


def test_whatever_a_value_holds_no_page_runs_links_or_dresses_it(hostile: Catalog) -> None:
    for path, text in rendered(hostile).items():
        if path.startswith("reference/"):
            continue
        made = made_html(text)
        assert "<script" not in made, path
        assert 'href="javascript:' not in made, path
        assert "<em>b</em>" not in made and "<em>c</em>" not in made, path
        assert 'src="z"' not in made and 'id="id"' not in made, path
        assert not re.search(r">49\b", made), path


def test_front_matter_of_a_hostile_page_stays_one_quoted_line_a_field(hostile: Catalog) -> None:
    for path, text in rendered(hostile).items():
        if text.startswith("---\n"):
            for line in text.split("---\n", 2)[1].strip().splitlines():
                if line.startswith("head: "):
                    assert json.loads(line.removeprefix("head: ")) and not re.search("[<>&']", line), (path, line)
                    continue
                assert re.fullmatch(r'(title|description|hide): (".*[^\\]"|[^"<>]+)', line), (path, line)
                assert "<" not in line and line.count('"') in (0, 2), (path, line)


def test_a_hostile_name_reads_on_the_page_as_it_was_written(hostile: Catalog) -> None:
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", made_html(rendered(hostile)["models/tiny.md"]), re.S)
    assert heading and entities.unescape(heading[1]) == HOSTILE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("UNI2-h", "UNI2-h"),
        (1536, "1536"),
        ("a\n\n```b", "a &#96;&#96;&#96;b"),
        ("<b>&", "&#60;b&#62;&#38;"),
        ("{{ x }}", "&#123;&#123; x &#125;&#125;"),
        ("a\x02b\u2028c", "a b c"),
    ],
)
def test_a_value_is_shown_as_one_line_of_plain_text(value: object, text: str) -> None:
    assert str(shown(value)) == text


def test_an_unknown_value_is_never_printed() -> None:
    with pytest.raises(TypeError, match="not known"):
        shown(None)


def test_no_line_of_code_closes_its_fence() -> None:
    assert "```" not in code("a = '''\n```\n~~~\n'''") and "~~~" not in code("~~~~")


def test_text_may_hold_code_between_backticks_and_nothing_else() -> None:
    assert str(prose("use `a<b` and *c*\n\nthen")) == "use <code>a&#60;b</code> and &#42;c&#42;<br>then"


@pytest.mark.parametrize(
    ("value", "leads"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("github:toy/tiny@0123456:docs/a b.md", None),
        ("github:toy/tiny@0123456:docs/a.md", "https://github.com/toy/tiny/blob/0123456/docs/a.md"),
        ("javascript:alert(1)", None),
        ("https://user@example.org/", None),
        ("//example.org/a.b", None),
    ],
)
def test_only_web_addresses_and_pinned_files_become_links(value: str, leads: str | None) -> None:
    assert address(value) == leads


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("one\n{{ lacking }}", "site/templates/pages/x.md.jinja:2: can't be rendered ('lacking' is undefined)"),
        (
            "{% if %}",
            "site/templates/pages/x.md.jinja:1: can't be rendered (Expected an expression, got 'end of statement block')",
        ),
        (
            "\n{% import 'pages/macros.jinja' as m %}",
            "site/templates/pages/macros.jinja:3: can't be rendered (Encountered unknown",
        ),
    ],
)
def test_a_template_that_fails_is_one_line_with_its_place(template: str, line: str) -> None:
    made = environment({"templates/pages/x.md.jinja": template, "templates/pages/macros.jinja": "\n\n{% what %}"})
    with pytest.raises(CatalogError) as failed:
        page(made, "x", "x.md")
    assert str(failed.value).startswith(line)


@pytest.mark.parametrize(
    ("file", "served"), [("index.md", ""), ("models/index.md", "models"), ("models/uni2-h.md", "models/uni2-h")]
)
def test_a_page_is_served_from_a_folder(file: str, served: str) -> None:
    assert folder(file) == served


def test_every_link_of_a_generated_page_leads_to_a_page(toy: Catalog) -> None:
    made = rendered(toy)
    served = {folder(path) for path in made}
    for path, text in made.items():
        for target in links(text):
            found = posixpath.normpath(posixpath.join("/", folder(path), re.split(r"[?#]", target)[0])).strip("/")
            assert found in served or found.startswith(("api/", "badges/", "downloads/", "feeds/", "llms.txt")), (path, target)


def test_wrong_averages_are_told_in_words(toy: Catalog) -> None:
    table = toy.tables["toytable"]
    row = table.rows[0]
    average = next(name for name, holds in toy.results["toytable"].columns.items() if holds.average_of)
    wrong = tuple("0.99" if column == average else cell for column, cell in zip(table.header, row, strict=True))
    changed = replace(toy, tables={"toytable": replace(table, rows=(wrong, *table.rows[1:]))})
    assert f"{row[0]}, {average}, prints 0.99 where its columns average" in rendered(changed)["results/toytable.md"]


def test_a_disputed_number_of_parameters_says_so_beside_the_claim(toy: Catalog) -> None:
    tiny = toy.models["tiny"]
    claims = [{"value": 1_000, "source": "https://example.org/a"}, {"value": 5_500_000, "source": "https://example.org/b"}]
    dispute = {"parameters.image-encoder.reported": {"values": claims, "judged": 5_500_000, "why": "Counted."}}
    raw = {**tiny.model_dump(exclude_unset=True), "disputed": dispute}
    changed = replace(toy, models={**toy.models, "tiny": Model.model_validate(raw)})
    assert re.search(
        r'class="evidence">.*?href="#where-sources-disagree">disputed</a>', rendered(changed)["models/tiny.md"], re.S
    )


def test_a_disputed_value_has_the_receipts_of_the_claim_held_right(toy: Catalog) -> None:
    claims = [{"value": 1_000, "source": "https://example.org/a"}, {"value": 5_500_000, "source": "https://example.org/b"}]
    dispute = {"parameters.image-encoder.reported": {"values": claims, "judged": 5_500_000, "why": "Counted."}}
    raw = {**toy.models["tiny"].model_dump(exclude_unset=True), "disputed": dispute, "sources": {}}
    found = receipts(Model.model_validate(raw), "parameters.image-encoder")
    assert [receipt.url for receipt in found] == ["https://example.org/b"]
    assert not receipts(Model.model_validate(raw), "parameters.image")


def test_the_nearest_receipt_is_the_one_that_is_shown(toy: Catalog) -> None:
    sources = {"weights": "https://example.org/all", "weights.license, name": "https://example.org/own"}
    tiny = Model.model_validate({**toy.models["tiny"].model_dump(exclude_unset=True), "sources": sources})
    leads = {path: [found.url for found in receipts(tiny, path)] for path in ("weights.license", "weights.access", "weight")}
    assert leads == {"weights.license": ["https://example.org/own"], "weights.access": ["https://example.org/all"], "weight": []}


def test_the_bibliography_leads_to_each_paper(toy: Catalog) -> None:
    text = rendered(toy)["bibliography.md"]
    assert all(f'href="{shown(link(paper))}"' in text for paper in toy.papers.values())


def test_every_entry_has_a_page(toy: Catalog) -> None:
    made = rendered(toy)
    for kind, name, _ in toy.entries():
        assert kind == "evidence" or f"{kind}/{name}.md" in made


def test_a_model_page_shows_claim_count_and_verdict_side_by_side(toy: Catalog) -> None:
    text = rendered(toy)["models/tiny.md"]
    assert "5.5 M" in text and "5,524,416" in text and "agrees" in text


def test_a_model_that_was_not_measured_says_why(toy: Catalog) -> None:
    text = rendered(toy)["models/tiny-slide.md"]
    seen = toy.evidence.get("tiny-slide")
    assert (seen.rungs.architecture.reason if seen else "Nothing has been measured yet") in text


def test_disputed_values_stand_beside_each_other_with_the_judgement(toy: Catalog) -> None:
    text = rendered(toy)["models/tiny.md"]
    assert "Where sources disagree" in text and "<strong>1,000</strong>" in text and "<strong>1,100</strong>" in text
    assert "held to be right" in text and 'href="#where-sources-disagree"' in text


def test_each_stated_value_of_a_model_page_has_its_receipt(toy: Catalog) -> None:
    text = rendered(toy)["models/tiny.md"]
    facts = re.findall(r'<table class="facts">(.*?)</table>', text.split("## Lineage")[0], re.S)
    rows = [row for table in facts for row in re.findall(r"<tr>.*?</tr>", table) if ">Family<" not in row]
    assert rows and all('class="receipt' in row for row in rows)


def test_a_disputed_claim_that_the_count_refutes_is_the_exhibit(toy: Catalog) -> None:
    tiny = toy.models["tiny"]
    claims = [
        {"value": 22_000_000, "source": "https://example.org/a-list"},
        {"value": 5_500_000, "source": "https://example.org/b"},
    ]
    dispute = {"parameters.image-encoder.reported": {"values": claims, "judged": 5_500_000, "why": "Counted."}}
    raw = {**tiny.model_dump(exclude_unset=True), "disputed": dispute}
    changed = Catalog(models={"tiny": Model.model_validate(raw)}, evidence=toy.evidence)
    found = pages.exhibit(changed)
    assert found and found.compared.claimed == 22_000_000 and found.compared.agrees is False


def test_without_evidence_there_is_no_exhibit_and_home_still_renders(toy: Catalog) -> None:
    bare = Catalog(models=toy.models)
    assert pages.exhibit(bare) is None
    assert "exhibit" not in dict(pages.render(bare, texts()))["build/docs/index.md"]


def test_an_empty_catalog_renders(toy: Catalog) -> None:
    assert "models/index.md" in rendered(Catalog())


def test_the_reference_names_every_check_with_its_law() -> None:
    text = dict(reference_pages.render(Catalog(), texts()))["build/docs/reference/checks.md"]
    assert "receipts/every-fact-has-one" in text and "<dd></dd>" not in text


def test_the_reference_names_every_field_with_what_it_says() -> None:
    text = dict(reference_pages.render(Catalog(), texts()))["build/docs/reference/models.md"]
    for field, info in Model.model_fields.items():
        assert f"<code>{shown(field)!s}</code>" in text and info.description


def test_rendering_twice_gives_the_same_bytes(toy: Catalog) -> None:
    assert rendered(toy) == rendered(toy)


def test_each_page_ends_with_one_newline(toy: Catalog) -> None:
    assert all(text.endswith("\n") and not text.endswith("\n\n") for text in rendered(toy).values())


def test_no_template_switches_escaping_off() -> None:
    for name, text in texts().items():
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), name


@pytest.mark.parametrize(
    ("claimed", "counted", "agrees"),
    [(632_000_000, 681_394_176, False), (681_000_000, 681_394_176, True), (None, 5, None), (5, None, None)],
)
def test_a_claim_agrees_differs_or_can_not_be_judged(claimed: int | None, counted: int | None, agrees: bool | None) -> None:
    assert Compared("image-encoder", claimed, counted).agrees is agrees


def recipe(toy: Catalog, update: Mapping[str, object], **loader: object) -> str:
    """The snippet of the toy model with another recipe, and with other fields."""
    made = Loader.model_validate({"library": "timm", "factory": "vit_tiny_patch16_224", **loader})
    found = snippet(toy.models["tiny"].model_copy(update={"loader": made, **update}))
    return found.code if found else ""


def test_a_recipe_of_timm_becomes_code_that_loads_every_key(toy: Catalog) -> None:
    made = recipe(toy, {}, kwargs={"act_layer": "torch.nn.SiLU", "mlp_layer": "timm.layers.SwiGLUPacked", "img_size": 224})
    compile(made, "snippet", "exec")
    assert "import timm.layers" in made and "act_layer=torch.nn.SiLU," in made and "strict=True" in made


def test_a_checkpoint_with_the_names_of_dinov2_is_converted_first(toy: Catalog) -> None:
    made = recipe(toy, {}, layout="dinov2")
    compile(made, "snippet", "exec")
    assert made.index("checkpoint_filter_fn(weights, model)") < made.index("strict=True")


def test_a_recipe_of_transformers_is_pinned_to_the_revision(toy: Catalog) -> None:
    made = recipe(toy, {}, library="transformers", factory="Dinov2Model", kwargs={"hidden_size": 8, "add_pooling_layer": False})
    compile(made, "snippet", "exec")
    assert "revision=" in made and "add_pooling_layer=False" in made and "hidden_size" not in made


def test_a_recipe_whose_file_is_not_known_builds_from_its_configuration(toy: Catalog) -> None:
    bare = toy.models["tiny-slide"].weights
    kwargs = {"vision_config.depth": 2, "projection_dim": 4}
    made = recipe(toy, {"weights": bare}, library="transformers", factory="CLIPModel", kwargs=kwargs)
    compile(made, "snippet", "exec")
    assert "vision_config={'depth': 2}" in made and "from_pretrained" not in made


def test_a_hostile_recipe_stays_text_inside_python(hostile: Catalog) -> None:
    found = snippet(hostile.models["tiny"])
    assert found
    compile(found.code, "snippet", "exec")


def test_what_no_library_here_builds_has_no_snippet(toy: Catalog) -> None:
    assert snippet(toy.models["tiny-slide"]) is None
    text = dict(model_pages.render(toy, texts()))["build/docs/models/tiny-slide.md"]
    assert "can’t be built here yet" in text


@pytest.mark.parametrize(("share", "words"), [(-0.0725, "−7.2%"), (0.015, "+1.5%"), (-0.0001, "by less than 0.1%")])
def test_a_difference_is_written_with_its_sign(share: float, words: str) -> None:
    assert percent(share) == words
