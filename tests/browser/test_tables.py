"""Tables that can be sorted and lists that can be sifted: by pointer and keyboard, unknown values last, whole without a script."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from waiting import until

from pathdex.catalog import Catalog

Opening = Callable[..., Any]


def column(page: Any, table: str, place: int) -> list[str]:
    return page.locator(f"{table} tbody tr").evaluate_all(f"rows => rows.map(row => row.cells[{place}].textContent.trim())")


def test_a_printed_table_is_sorted_by_the_column_that_is_pressed_the_best_first(opened: Opening) -> None:
    page = opened("results/toytable/")
    page.get_by_role("button", name="Sort by Outlines").click()
    assert [float(held) for held in column(page, "table.printed", 3)] == sorted([0.63, 0.41], reverse=True)
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Sort by Outlines").click()
    assert [float(held) for held in column(page, "table.printed", 3)] == [0.41, 0.63]
    assert page.locator("th[aria-sort]").count() == 1


def test_ranks_are_sorted_from_the_first_and_missing_ones_stay_last_either_way(opened: Opening) -> None:
    page = opened("benchmarks/toybench/")
    table = ".board .standing >> nth=0"
    button = page.locator(table).get_by_role("button", name="Sort by Ranks")
    for way in ("ascending", "descending"):
        button.focus()
        page.keyboard.press("Enter")
        assert page.locator(table).locator("th[aria-sort]").get_attribute("aria-sort") == way
        told = page.locator(table).locator("tbody tr td:nth-child(2)").all_inner_texts()
        known = [float(text.split()[0]) for text in told if text.strip() != "–"]
        assert known == sorted(known, reverse=way == "descending")
        assert [text.strip() == "–" for text in told] == sorted(text.strip() == "–" for text in told)


@pytest.mark.parametrize("path", ["errata/", "bibliography/", "datasets/", "results/"])
def test_a_long_list_is_sifted_by_words_kept_in_the_address(opened: Opening, path: str) -> None:
    page = opened(path)
    rows = page.locator("[data-sift] ~ ul > li, [data-sift] ~ ol > li, [data-sift] ~ div tbody tr")
    every = rows.count()
    first = rows.first.locator("a").first.inner_text()
    page.get_by_role("searchbox", name="Filter").fill(first)
    assert rows.first.is_visible()
    assert parse_qs(page.evaluate("location.search.slice(1)")) == {"q": [first]}
    page.get_by_role("searchbox", name="Filter").fill("no such thing at all")
    until(page, "document.querySelector('.filters ~ [role=status]').textContent.startsWith('0 of ')")
    assert rows.count() == every and not rows.first.is_visible()


def test_the_kind_of_an_erratum_is_asked_for_and_brought_back_by_the_address(opened: Opening, many: Catalog) -> None:
    kind = next(iter(many.errata.values())).kind
    page = opened(f"errata/?kind={kind}&q=")
    assert page.locator("[name=kind]").input_value() == kind
    assert page.locator(".errata > li:visible").count() == sum(one.kind == kind for one in many.errata.values())


def test_without_a_script_nothing_is_hidden_and_nothing_dead_is_offered(opened: Opening) -> None:
    page = opened("errata/", script=False)
    assert page.locator(".errata > li").first.is_visible() and not page.locator("[data-sift]").is_visible()
    assert opened("results/toytable/", script=False).locator(".sorting").count() == 0


@pytest.mark.parametrize("width", [360, 1280])
def test_claim_count_and_verdict_are_seen_together_at_every_width(opened: Opening, width: int) -> None:
    page = opened("models/tiny/", width=width, script=False)
    row = page.locator("table.evidence tbody tr").first
    assert row.locator(".evidence__narrow").is_visible() == (width == 360)
    assert row.locator("td").last.is_visible() == (width == 1280)
    seen = row.locator("td:visible").last.bounding_box()
    assert seen and seen["x"] + seen["width"] <= width
