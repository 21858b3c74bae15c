"""Pictures and leaderboards: what is drawn follows from the entries, nothing is hidden, and only rows of one table are ranked."""

import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import pytest

from pathdex.catalog import Catalog
from pathdex.outputs import benchmark_pages, picture_pages, table_pages
from pathdex.relations.differences import Difference
from pathdex.schema import Benchmark, Model, Result
from pathdex.tables import Table
from pathdex.writing.drawing.bars import Amount, bars
from pathdex.writing.drawing.lanes import timeline
from pathdex.writing.drawing.picture import Mark, Plot
from pathdex.writing.drawing.plots import Axis, scatter
from pathdex.writing.drawing.scales import Scale, spanning, years
from pathdex.writing.pictures import field, post, quality, size
from pathdex.writing.standings import Board, boards, joint

SITE = Path(__file__).parent.parent / "site"


def texts() -> dict[str, str]:
    """What people wrote of the site, by path below site/."""
    files = (file for file in sorted(SITE.rglob("*")) if file.suffix in (".md", ".jinja"))
    return {file.relative_to(SITE).as_posix(): file.read_text(encoding="utf-8") for file in files}


def drawn(catalog: Catalog) -> str:
    """The page of pictures."""
    return dict(picture_pages.render(catalog, texts()))["build/docs/pictures.md"]


def axis() -> Axis:
    """An axis that writes its numbers plainly."""
    return Axis("value", str)


def with_table(toy: Catalog, rows: Sequence[tuple[str, ...]], name: str = "toytable", **changes: object) -> Catalog:
    """The toy catalog with other rows in its table, all about the tiny model, or with another name for it."""
    labels = {row[0]: {"model": "tiny"} for row in rows}
    raw = {**toy.results["toytable"].model_dump(exclude_unset=True), "rows": labels, **changes}
    tables = {name: Table(toy.tables["toytable"].header, tuple(rows))}
    return Catalog(
        models=toy.models,
        papers=toy.papers,
        datasets=toy.datasets,
        benchmarks=toy.benchmarks,
        results={name: Result.model_validate(raw)},
        evidence=toy.evidence,
        tables=tables,
    )


def board(catalog: Catalog) -> Board:
    """The one table of the toy suite."""
    (found,) = boards(catalog, "toybench", {})
    return found


@pytest.mark.parametrize(("date", "number"), [("2024", 2024.5), ("2024-01", 2024.0417), ("2024-12-31", 2024.9987)])
def test_a_date_stands_in_the_middle_of_what_it_leaves_open(date: str, number: float) -> None:
    assert years(date) == number


@pytest.mark.parametrize(
    ("scale", "values"),
    [
        (Scale(0, 10, 0, 100), [0, 2, 4, 6, 8, 10]),
        (Scale(0.71, 0.78, 0, 100), [0.71, 0.72, 0.73, 0.74, 0.75, 0.76, 0.77, 0.78]),
        (Scale(5, 2e6, 0, 100, logarithmic=True), [10, 100, 1000, 10000, 100000, 1000000]),
        (Scale(100, 900, 0, 100, logarithmic=True), [100, 200, 500]),
    ],
)
def test_an_axis_writes_round_values_inside_its_scale(scale: Scale, values: list[float]) -> None:
    assert scale.ticks() == pytest.approx(values)


def test_a_scale_of_one_value_still_has_a_length() -> None:
    assert spanning([3.0], 0, 100)(3.0) == 50.0
    assert spanning([], 0, 100, logarithmic=True)(1.0) > 0


def test_names_cover_neither_points_nor_each_other_and_crowded_ones_keep_theirs() -> None:
    marks = [Mark(1 + number / 100, 1 + number / 100, f"name {number}", "told", "models/x", named=True) for number in range(8)]
    plot = scatter([*marks, Mark(50, 50, "far", "told", "models/y")], axis(), axis())
    named = [placed for placed in plot.placed if placed.mark.named]
    assert all(placed.named for placed in named)
    places = [(placed.name_x, placed.name_y, placed.anchor) for placed in named]
    assert len(set(places)) == len(places)


def test_a_point_whose_place_is_not_known_stands_in_a_strip_of_its_own() -> None:
    plot = scatter([Mark(None, 2, "unknown", "told"), Mark(10, 1, "known", "told"), Mark(20, 1, "more", "told")], axis(), axis())
    unknown, *known = plot.placed
    assert plot.gutter and unknown.x < plot.gutter < min(placed.x for placed in known)


def test_no_release_covers_another_and_a_bare_year_follows_its_quarters() -> None:
    dates = ["2023", "2023-01", "2023-02-03", "2023-12", "2024-01"]
    plot = timeline({"patch encoder": [(date, Mark(0, 0, date, date, "models/x")) for date in dates]})
    places = {placed.mark.name: (placed.x, placed.y) for placed in plot.placed}
    assert len(set(places.values())) == len(dates)
    assert places["2023-01"][0] == places["2023-02-03"][0] < places["2023-12"][0] < places["2023"][0] < places["2024-01"][0]


def test_bars_start_at_zero_and_keep_their_proportion() -> None:
    made = bars([Amount("a", (("main", 2, "2"), ("soft", 2, "2")), "4"), Amount("b", (("main", 1, "1"),), "1")])
    (one, other), (third,) = (bar.segments for bar in made.bars)
    assert one.width == other.width == pytest.approx(2 * third.width, abs=0.2)
    assert one.x == third.x == made.left


def test_every_model_with_a_date_is_a_point_and_those_without_are_told(toy: Catalog) -> None:
    undated = Model.model_validate({**toy.models["tiny"].model_dump(exclude_unset=True, exclude={"released"})})
    picture = field.releases(Catalog(models={**toy.models, "undated": undated}))
    assert isinstance(picture.drawing, Plot)
    dated = [name for name, model in toy.models.items() if model.released]
    assert sorted(placed.mark.target for placed in picture.drawing.placed) == sorted(f"models/{name}" for name in dated)
    assert picture.lacking[0][1][-1] == ("models/undated", "Tiny")


def test_a_claim_that_differs_from_its_count_is_a_named_diamond(toy: Catalog) -> None:
    raw = toy.models["tiny"].model_dump(exclude_unset=True)
    wrong = {**raw, "disputed": {}, "parameters": {"image-encoder": {"reported": 99_000_000}}}
    picture = size.claimed_and_counted(Catalog(models={"tiny": Model.model_validate(wrong)}, evidence=toy.evidence))
    assert picture and isinstance(picture.drawing, Plot)
    (placed,) = picture.drawing.placed
    assert placed.mark.tone == "no" and placed.named and "differs" in placed.mark.told


def test_the_line_of_quality_holds_what_nothing_beats_at_its_cost() -> None:
    made = [
        quality.Rated(name, name, name, "cls", worth, cost, None)
        for name, worth, cost in [("small", 0.5, 1), ("worse", 0.4, 2), ("best", 0.9, 3), ("dear", 0.9, 4), ("equal", 0.5, 1)]
    ]
    assert [one.model for one in quality.frontier(tuple(made))] == ["equal", "best"]


@pytest.mark.parametrize(("embedding", "found"), [("cls", 1), ("not-stated", 0)])
def test_quality_comes_only_from_tables_that_state_the_embedding(
    toy: Catalog, embedding: str, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "FEWEST", 1)
    catalog = with_table(toy, [("Tiny", "1K", "0.8", "0.6", "0.7")], embedding=embedding)
    chosen = quality.chosen_tables(catalog)
    assert len(chosen) == found
    assert all(one.rated[0].quality == 0.7 and one.average.startswith("printed") for one in chosen)


def test_the_post_is_drawn_from_its_table_with_what_is_not_found(toy: Catalog) -> None:
    raw = toy.models["tiny"].model_dump(exclude_unset=True, exclude={"training"})
    catalog = with_table(toy, [("Tiny", "1K", "0.8", "0.6", "0.7")], name=post.TABLE)
    silent = Catalog(models={"tiny": Model.model_validate(raw)}, results=catalog.results, tables=catalog.tables)
    _, compute, slides = post.pictures(silent)
    for picture in (compute, slides):
        assert isinstance(picture.drawing, Plot) and picture.drawing.gutter
        assert picture.lacking[0][1] == (("models/tiny", "Tiny"),)
        assert post.ABSENT in [cell.text for cell in picture.rows[0]]
    pages = dict(table_pages.render(catalog, texts()))
    assert "../../pictures/#post-averages" in unescape(pages[f"build/docs/results/{post.TABLE}.md"])


def test_without_the_posts_table_nothing_of_it_is_drawn(toy: Catalog) -> None:
    assert list(post.pictures(toy)) == []


def test_each_picture_has_words_and_a_table_and_its_points_lead_to_models(toy: Catalog) -> None:
    text = drawn(toy)
    figures = re.findall(r'<div class="picture" id="([^"]+)">(.*?)</details>\n</div>', text, re.S)
    assert {name for name, _ in figures} >= {"releases", "years", "organisations", "suites", "parameters"}
    for name, made in figures:
        assert re.search(rf'<title id="{name}-title">[^<]+</title>\n<desc id="{name}-told">[^<]+</desc>', made), name
        assert f'id="{name}-table"' in made and "<tbody>\n<tr>" in made, name
        assert all(target.startswith("../models/") for target in re.findall(r'<a class="mark[^"]*" href="([^"]+)"', made)), name


def test_pictures_bring_no_style_script_or_colour_of_their_own(toy: Catalog) -> None:
    assert not re.search(r"\sstyle=|<script|<style|\sfill=|\son\w+=|https?://", drawn(toy))


def test_pictures_are_the_same_bytes_each_time_and_an_empty_catalog_has_none(toy: Catalog) -> None:
    assert drawn(toy) == drawn(toy)
    assert "<figure" not in drawn(Catalog())


def test_rows_of_one_table_are_ranked_task_by_task_and_averages_are_not(toy: Catalog) -> None:
    found = board(toy)
    assert [column.header for column in found.columns] == ["Bears", "Outlines"]
    ranks = {row.label: row.ranks for row in found.rows}
    assert ranks["Tiny (ours)"] and ranks["Tiny (ours)"].told == "1 (1–1)"
    assert ranks["Random"] and ranks["Random"].told == "2 (2–2)"


def test_equal_numbers_share_the_better_rank_and_a_missing_one_has_none(toy: Catalog) -> None:
    rows = [("a", "1", "0.9 ± 0.1", "0.5", ""), ("b", "1", "0.9", "", ""), ("c", "1", "0.1", "0.6", "")]
    found = board(with_table(toy, rows))
    first, second, third = found.rows
    assert first.ranks and second.ranks and third.ranks
    assert [first.ranks.times, second.ranks.times, third.ranks.times] == [((1, 1), (2, 1)), ((1, 1),), ((1, 1), (3, 1))]
    assert first.cells[0].text == "0.9 ± 0.1" and second.cells[1].text == "" and not second.cells[1].best


def test_where_lower_is_better_the_least_is_first(toy: Catalog) -> None:
    raw = toy.benchmarks["toybench"].model_dump(exclude_unset=True)
    raw["tasks"]["bears"]["better"] = "lower"
    catalog = with_table(toy, [("a", "1", "0.9", "0.5", ""), ("b", "1", "0.1", "0.4", "")])
    turned = Catalog(
        models=toy.models,
        datasets=toy.datasets,
        benchmarks={"toybench": Benchmark.model_validate(raw)},
        results=catalog.results,
        tables=catalog.tables,
    )
    assert [row.cells[0].best for row in board(turned).rows] == [False, True]


def test_a_table_of_one_row_ranks_nothing(toy: Catalog) -> None:
    found = board(with_table(toy, [("a", "1", "0.9", "0.5", "")]))
    assert not found.ranked and joint([found]) == {}


def test_median_and_range_of_ranks_are_told_and_drawn(toy: Catalog) -> None:
    rows = [(label, "1", bears, outlines, "") for label, bears, outlines in [("a", "3", "1"), ("b", "2", "2"), ("c", "1", "3")]]
    spread = board(with_table(toy, rows)).rows[0].ranks
    assert spread and spread.told == "2 (1–3)" and spread.lines == ((0.0, 14), (100.0, 14)) and spread.place(spread.median) == 50


def test_a_suites_page_shows_ranks_marks_and_how_far_training_is_known(toy: Catalog) -> None:
    text = dict(benchmark_pages.render(toy, texts()))["build/docs/benchmarks/toybench.md"]
    assert "Where models stand" in text and 'class="rank__strip"' in text
    assert re.search(r'<td class="number best[^>]*>0.810</td>', text) and "<td>cls</td>" in text
    assert "../../results/toytable/" in text and 'id="bears"' in text


def test_a_number_that_another_table_prints_differently_is_marked(toy: Catalog) -> None:
    differing = {("tiny", "toybench/bears"): Difference("tiny", "toybench/bears", ())}
    (found,) = boards(toy, "toybench", differing)
    assert [cell.differs for cell in found.rows[0].cells] == [True, False]
    assert not any(cell.differs for cell in found.rows[1].cells)


def test_tables_that_disagree_stand_on_the_suites_page_with_both_numbers(toy: Catalog) -> None:
    other = with_table(toy, [("Tiny (ours)", "1K", "0.770", "0.630", ""), ("b", "1", "0.5", "0.4", "")], name="other")
    both = Catalog(
        models=toy.models,
        papers=toy.papers,
        datasets=toy.datasets,
        benchmarks=toy.benchmarks,
        results={**toy.results, **other.results},
        tables={**toy.tables, **other.tables},
    )
    text = dict(benchmark_pages.render(both, texts()))["build/docs/benchmarks/toybench.md"]
    assert "<strong>0.810</strong>" in text and "<strong>0.770</strong>" in text and "Where tables disagree" in text
    assert [len(found) for found in joint(boards(both, "toybench", {}))["tiny"]] == [2, 1]
