"""What people choose with: the tables, their data, the guided choice and the comparison say what the catalog says, and no more."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pathdex.catalog import Catalog
from pathdex.outputs import explorer, explorer_pages
from pathdex.schema import Evidence, Model
from pathdex.text import giga
from pathdex.writing import model_columns, paper_columns
from pathdex.writing.columns import Column, packed
from pathdex.writing.comparing import compared

KINDS = {"models": model_columns, "papers": paper_columns}
SITE = Path(__file__).parent.parent / "site"


def pages(catalog: Catalog) -> dict[str, str]:
    """The pages by path below build/docs."""
    files = {file.relative_to(SITE).as_posix(): file.read_text(encoding="utf-8") for file in SITE.rglob("*.jinja")}
    return {path.removeprefix("build/docs/"): text for path, text in explorer_pages.render(catalog, files)}


def data(catalog: Catalog) -> dict[str, Any]:
    """The data files by path below build/docs/data."""
    return {path.removeprefix("build/docs/data/"): json.loads(text) for path, text in explorer.render(catalog, {})}


def unpacked(table: dict[str, Any], key: str) -> list[Any]:
    """The values of one column as the scripts read them."""
    column = next(one for one in table["columns"] if one["key"] == key)
    names = column.get("names")

    def read(held: Any) -> Any:
        if held is None or names is None:
            return held
        return (
            names[held]
            if column["kind"] == "choice"
            else tuple(names[one] for one in (held if isinstance(held, list) else [held]))
        )

    return [read(held) for held in column["values"]]


def test_each_table_has_every_entry_with_its_link_and_a_cell_for_every_shown_column(toy: Catalog) -> None:
    made = pages(toy)
    for kind, entries in (("models", toy.models), ("papers", toy.papers)):
        text = made[f"{kind}/index.md"]
        assert all(f'href="../{kind}/{name}/"' in text or f'href="{name}/"' in text for name in entries)
        shown = sum(column.shown for column in KINDS[kind].columns(toy))
        assert text.count("<tr>") == len(entries) + 1
        assert text.count('<th scope="col"') == shown and text.count("<td") == (shown - 1) * len(entries)


def test_the_table_of_models_tells_cost_and_results(toy: Catalog) -> None:
    table = pages(toy)["models/index.md"]
    tiny, slide = (re.search(rf'<a href="[^"]*{name}/">.*?</tr>', table, re.S) for name in ("tiny", "tiny-slide"))
    seen = toy.evidence["tiny"].rungs.architecture
    assert tiny and slide and seen and seen.measured and seen.measured.flops
    assert f">{giga(seen.measured.flops)}</td>" in tiny[0]
    assert 'tiny/&#35;results" aria-label="1 published tables with results">1</a>' in tiny[0]
    assert "results" not in slide[0]


def test_the_data_hold_what_the_columns_hold(toy: Catalog) -> None:
    made = data(toy)
    for kind in ("models", "papers"):
        assert made[f"{kind}.json"]["ids"] == KINDS[kind].ordered(toy)
        for column in KINDS[kind].columns(toy):
            wanted = [None if value == () else value for value in column.values]
            assert unpacked(made[f"{kind}.json"], column.key) == wanted, column.key


def test_every_facet_of_a_page_is_a_facet_of_its_data(toy: Catalog) -> None:
    for kind, keys in explorer_pages.FACETS.items():
        columns = KINDS[kind].columns(toy)
        assert sorted(keys) == sorted(column.key for column in columns if column.facet)
        assert all(f'data-facet="{key}"' in pages(toy)[f"{kind}/index.md"] for key in keys)


def test_choices_that_are_numbers_stand_in_their_order() -> None:
    column = Column("magnification", "Magnification", "choices", [("40×", "5×"), ("20×",), ()])
    assert packed(["a", "b", "c"], [column])["columns"][0]["names"] == ["5×", "20×", "40×"]


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (Column("a", "A", "number", [681_394_176], "count"), "681 M"),
        (Column("a", "A", "number", [0.25]), "0.25"),
        (Column("a", "A", "number", [1536]), "1536"),
        (Column("a", "A", "choices", [("H&E", "IHC")]), "H&E, IHC"),
        (Column("a", "A", "choices", [()]), "–"),
        (Column("a", "A", "text", [None]), "–"),
    ],
)
def test_a_cell_is_written_for_people(column: Column, written: str) -> None:
    assert column.cell(0) == written


def test_a_suite_counts_only_with_a_number_in_it(toy: Catalog) -> None:
    table = toy.tables["toytable"]
    blank = tuple((row[0], row[1], *["–"] * (len(row) - 2)) for row in table.rows)
    bare = replace(toy, tables={"toytable": replace(table, rows=blank)})
    for catalog, suites in ((toy, ("ToyBench",)), (bare, ())):
        place = model_columns.ordered(catalog).index("tiny")
        column = next(one for one in model_columns.columns(catalog) if one.key == "suites")
        assert column.values[place] == suites


def test_text_and_memory_are_never_assumed(toy: Catalog) -> None:
    columns = {column.key: column for column in model_columns.columns(toy)}
    assert "yes" not in columns["text"].values and set(columns["memory"].values) == {None}
    assert model_columns.memory(None) is None


def test_memory_is_the_least_peak_measured_on_a_gpu(toy: Catalog) -> None:
    raw = toy.evidence["tiny"].model_dump(mode="json", exclude_unset=True)
    speed = {"precision": "bf16", "mode": "eager", "per_second": 10.0}
    speeds = [{**speed, "batch": 8, "peak_memory": 900}, {**speed, "batch": 1, "peak_memory": 300}]
    measured = {"weights": "released", "input": [3, 224, 224], "load_seconds": 1.0, "speeds": speeds}
    for device, least in (("NVIDIA H200", 300), ("cpu", None)):
        cost = {**raw["rungs"]["architecture"], "measured": measured}
        cost["environment"] = {**cost["environment"], "device": device}
        evidence = Evidence.model_validate_json(json.dumps({**raw, "rungs": {**raw["rungs"], "cost": cost}}))
        assert model_columns.memory(evidence) == least


def test_a_comparison_has_every_stated_value_with_its_receipt_and_all_that_must_match(toy: Catalog) -> None:
    made = compared(toy, "tiny")
    facts = {fact["label"]: fact for group in made["groups"] for fact in group["facts"]}
    assert facts["Licence"]["value"] == "Apache-2.0" and facts["Licence"]["receipts"][0][0].startswith(
        "https://github.com/toy/tiny/"
    )
    assert facts["Counted, image-encoder"]["receipts"][0][0] == "#claimed-and-counted"
    assert made["tables"]["toytable"]["precision"] == "not-stated"
    assert ["Bears", "toybench/bears", "cls", "Tiny (ours)", "0.810", 0.81] in made["tables"]["toytable"]["cells"]
    assert made["tasks"]["toybench/bears"][2:] == [toy.benchmarks["toybench"].tasks["bears"].metric, "higher"]


def test_no_address_of_a_comparison_runs_anything(toy: Catalog) -> None:
    tiny = toy.models["tiny"]
    weights = tiny.weights.model_copy(update={"license": "LicenseRef-X", "license_url": "javascript:alert(1)"})
    changed = replace(toy, models={**toy.models, "tiny": tiny.model_copy(update={"weights": weights})})
    assert "javascript:" not in json.dumps(compared(changed, "tiny"))


def test_only_a_patch_encoder_that_was_built_without_a_text_encoder_has_none(toy: Catalog) -> None:
    def told(kind: str, counted: bool) -> str | None:
        models = {"tiny": toy.models["tiny"].model_copy(update={"kind": kind})}
        changed = replace(toy, models=models, evidence=toy.evidence if counted else {})
        return next(column for column in model_columns.columns(changed) if column.key == "text").values[0]

    assert told("patch-encoder", True) == "no" and told("patch-encoder", False) is None
    assert told("slide-encoder", True) is None and told("vision-language", False) == "yes"


def test_a_model_that_says_almost_nothing_is_compared_and_listed() -> None:
    bare = Model.model_validate({"name": "Bare", "kind": "other", "summary": "Nothing.", "weights": {"access": "none"}})
    catalog = Catalog(models={"bare": bare})
    assert compared(catalog, "bare")["tables"] == {}
    assert data(catalog)["models.json"]["ids"] == ["bare"] and "Bare" in pages(catalog)["models/index.md"]


def test_the_guided_choice_offers_every_stain_and_states_its_rule(toy: Catalog) -> None:
    text = pages(toy)["choose.md"]
    assert 'name="stains" value="H&#38;E"' in text
    assert "never counts as a yes" in text and "Ties are broken" in text


def test_an_empty_catalog_has_empty_tables() -> None:
    assert "0 models" in pages(Catalog())["models/index.md"] and data(Catalog())["papers.json"]["ids"] == []


def test_models_stand_by_tables_then_by_date_and_the_table_says_so(toy: Catalog) -> None:
    one = toy.models["tiny"]
    dates = {"a": "2024", "b": None, "c": "2025-01-02", "tiny": "2020"}
    many = {name: one.model_copy(update={"name": name, "released": date}) for name, date in dates.items()}
    assert model_columns.ordered(replace(toy, models=many)) == ["tiny", "c", "a", "b"]
    page = pages(toy)["models/index.md"]
    assert 'data-order="-tables"' in page and "First stand the models that most" in page
    assert 'data-order="-published"' in pages(toy)["papers/index.md"]
