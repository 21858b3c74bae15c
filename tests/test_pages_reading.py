"""What the eye needs: names rather than ids, numbers of readable length, long names that break where they may, gaps that are named."""

import re
from dataclasses import replace

import pytest
from test_pages import rendered

from pathdex.catalog import Catalog
from pathdex.outputs import benchmark_pages
from pathdex.schema import Model, Paper
from pathdex.writing.paper_columns import spoken_kind, venues
from pathdex.writing.rendering import breakable, shown, spoken


def printed(toy: Catalog, cell: str) -> Catalog:
    """The toy catalog with another cell of the model under "Bears"."""
    table = toy.tables["toytable"]
    first = table.rows[0]
    return replace(toy, tables={"toytable": replace(table, rows=((first[0], first[1], cell, *first[3:]), *table.rows[1:]))})


def test_benchmarks_stand_by_the_models_they_have_numbers_of_and_say_where_there_are_none(toy: Catalog) -> None:
    empty = toy.benchmarks["toybench"].model_copy(update={"name": "A bench without tables"})
    both = replace(toy, benchmarks={"empty": empty, **toy.benchmarks})
    assert [(suite.id, suite.models, suite.tables) for suite in benchmark_pages.suites(both)] == [
        ("toybench", 1, 1),
        ("empty", 0, 0),
    ]
    made = rendered(both)
    assert made["benchmarks/index.md"].index("ToyBench") < made["benchmarks/index.md"].index("A bench without tables")
    assert "classification, segmentation" in made["benchmarks/index.md"]
    assert "No published table of this suite" in made["benchmarks/empty.md"]
    assert "No published table of this suite" not in made["benchmarks/toybench.md"]


def test_a_number_of_many_digits_is_cut_on_the_pages_and_whole_behind_the_printed_table(toy: Catalog) -> None:
    made = rendered(printed(toy, "0.8107553213"))
    assert 'title="0.8107553213">0.8108</td>' in made["results/toytable.md"]
    assert "The source prints more digits" in made["results/toytable.md"]
    for page in ("benchmarks/toybench.md", "models/tiny.md"):
        assert "0.8108" in made[page] and "0.81075" not in made[page]
    assert "The source prints more digits" not in rendered(toy)["results/toytable.md"]


def test_a_spread_that_is_no_number_is_not_shown(toy: Catalog) -> None:
    made = rendered(printed(toy, "0.810 (nan)"))
    assert "nan" not in made["benchmarks/toybench.md"] and "(nan)" not in made["models/tiny.md"]


def test_a_data_set_names_the_tasks_that_are_scored_on_it(toy: Catalog) -> None:
    assert 'ToyBench: Bears (3 classes)</a> <span class="quiet">balanced accuracy</span>' in rendered(toy)["datasets/patches.md"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("weights.commercial_use", "Weights, commercial use"),
        ("parameters.image-encoder.reported", "Parameters, image-encoder"),
        ("slides", "Slides"),
    ],
)
def test_a_disputed_field_has_a_name_that_people_say(field: str, words: str) -> None:
    assert spoken(field) == words


def test_a_claim_of_others_says_who_makes_it(toy: Catalog) -> None:
    claims = [{"value": 1_000, "source": "https://example.org/a-list"}, {"value": 5_500_000, "source": "https://example.org/b"}]
    dispute = {"parameters.image-encoder.reported": {"values": claims, "judged": 5_500_000, "why": "Counted."}}
    raw = {**toy.models["tiny"].model_dump(exclude_unset=True), "disputed": dispute}
    home = rendered(replace(toy, models={**toy.models, "tiny": Model.model_validate(raw)}))["index.md"]
    assert "claimed elsewhere" in home and 'The claim stands in <a href="https://example.org/a-list"' in home
    assert "claimed elsewhere" not in rendered(toy)["index.md"]


def test_a_long_name_may_break_after_its_parts_and_stays_text() -> None:
    assert str(breakable("weights.commercial_use")) == "weights.<wbr>commercial&#95;<wbr>use"
    assert "<b>" not in breakable("a_<b>")


def test_who_reads_ranks_sees_whether_the_model_may_be_had_and_used(toy: Catalog) -> None:
    tiny = toy.models["tiny"]
    told = {}
    for access, use in (("open", "allowed"), ("none", None), ("request", "forbidden")):
        weights = tiny.weights.model_copy(update={"access": access, "commercial_use": use})
        told[access] = benchmark_pages.terms(tiny.model_copy(update={"weights": weights}))
    assert told == {
        "open": "open; commercial use allowed",
        "none": "never released",
        "request": "on request; commercial use forbidden",
    }
    assert benchmark_pages.terms(tiny) in rendered(toy)["benchmarks/toybench.md"]


def test_a_verdict_stands_below_its_count_too_for_narrow_windows(toy: Catalog) -> None:
    row = re.search(r'<table class="evidence">.*?</table>', rendered(toy)["models/tiny.md"], re.DOTALL)
    assert row and row[0].count("agrees") == 2 and row[0].count("evidence__narrow") == 1


def test_a_number_that_only_others_claim_is_not_called_unclaimed(toy: Catalog) -> None:
    claims = [{"value": 1_000, "source": "https://example.org/a"}, {"value": 5_500_000, "source": "https://example.org/b"}]
    dispute = {"parameters.image-encoder.reported": {"values": claims, "judged": 5_500_000, "why": "Counted."}}
    raw = {**toy.models["tiny"].model_dump(exclude_unset=True), "disputed": dispute, "parameters": {}}
    made = rendered(replace(toy, models={"tiny": Model.model_validate(raw)}))
    for page in ("models/tiny.md", "evidence.md"):
        assert "claimed elsewhere" in made[page] and "nothing claimed" not in made[page]


def test_an_erratum_says_each_wrong_claim_once(toy: Catalog) -> None:
    one = toy.errata["tiny-size"]
    twice = one.model_copy(update={"circulates": (one.circulates[0], one.circulates[0])})
    made = rendered(replace(toy, errata={"tiny-size": twice}))["errata/index.md"]
    assert made.count(f"<s>{shown(one.circulates[0].says)}</s>") == 1


def test_one_conference_has_one_name_however_its_proceedings_are_called(toy: Catalog) -> None:
    def paper(venue: str | None) -> Paper:
        return toy.papers["lovelace2024tiny"].model_copy(update={"venue": venue})

    long, short = "IEEE/CVF Conference on Toys (CT)", "Toys Conference (CT 2018)"
    found = venues([paper(long), paper(f"Proceedings of the {long}"), paper(short), paper("Toy Journal"), paper(None)])
    assert found == [long, long, long, "Toy Journal", None]


def test_what_a_paper_is_stands_in_words(toy: Catalog) -> None:
    assert [spoken_kind(kind) for kind in ("inproceedings", "preprint")] == ["conference paper", "preprint"]
    assert "inproceedings" not in rendered(toy)["papers/lovelace2024tiny.md"].split("## Cite")[0]


def test_published_tables_name_their_suites(toy: Catalog) -> None:
    assert '<a href="../benchmarks/toybench/">ToyBench</a>' in rendered(toy)["results/index.md"]


def test_an_answer_on_contamination_is_said_once(toy: Catalog) -> None:
    assert not re.search(r">(yes|part|no|unknown)</span> \1:", rendered(toy)["models/tiny.md"])
