"""The status page in a real browser: filters by rung, address, ages, the address in what people copy; and whole without a script."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from waiting import until

Opening = Callable[..., Any]


def shown(page: Any) -> list[str]:
    """Names of the models that the table shows."""
    return page.locator("[data-status] tbody tr:not([hidden]) th a").all_inner_texts()


def query(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def test_a_rung_and_a_word_are_filters_that_the_address_keeps(opened: Opening) -> None:
    page = opened("status/")
    assert shown(page) == ["Tiny", "Tiny-Slide"]
    page.get_by_label("Architecture").select_option("not attempted")
    assert shown(page) == ["Tiny-Slide"]
    assert page.locator("[data-status] [role=status]").inner_text() == "1 of 2 models"
    assert query(page) == {"architecture": ["not attempted"]}
    page.get_by_role("button", name="Clear").click()
    until(page, "!location.search")
    assert shown(page) == ["Tiny", "Tiny-Slide"]


def test_the_address_brings_the_filters_back(opened: Opening) -> None:
    page = opened("status/?kind=patch-encoder&architecture=passed&weights=nonsense")
    assert shown(page) == ["Tiny"]
    assert page.get_by_label("Weights").input_value() == ""


def test_text_finds_a_reason_and_nothing_found_is_said(opened: Opening) -> None:
    page = opened("status/")
    page.get_by_label("Filter", exact=True).fill("no module in pathdex")
    assert shown(page) == ["Tiny-Slide"]
    page.get_by_label("Filter", exact=True).fill("xyzzy")
    assert shown(page) == [] and page.get_by_text("No model fits these filters.").is_visible()


def test_the_filters_work_with_the_keyboard_alone(opened: Opening) -> None:
    page = opened("status/")
    page.get_by_label("Filter", exact=True).focus()
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "architecture"
    page.keyboard.type("passed")
    until(page, "location.search.includes('passed')")
    assert shown(page) == ["Tiny"]


def test_a_date_tells_its_age_and_a_badge_this_sites_address(opened: Opening, address: str) -> None:
    page = opened("status/")
    time = page.locator("time[data-age]").first
    days = (date.today() - date.fromisoformat(time.get_attribute("datetime"))).days
    told = time.inner_text()
    assert days < 1 or any(f"({number} days ago)" in told or "(a day ago)" in told for number in (days - 1, days, days + 1))
    assert not page.get_by_text("Put the address of this site").is_visible()
    assert f"]({address}badges/index.svg)]({address}status/)" in page.locator("code[data-site]").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_tables_and_not_the_page(scheme: str, opened: Opening) -> None:
    page = opened("status/", width=360, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_a_script_the_table_is_whole_and_the_badge_says_what_to_put_in(opened: Opening) -> None:
    page = opened("status/", script=False)
    assert shown(page) == ["Tiny", "Tiny-Slide"]
    assert not page.locator("[data-status] form").is_visible()
    assert "SITE/badges/index.svg" in page.locator("code[data-site]").inner_text()
    assert page.get_by_text("Put the address of this site").is_visible()


def test_the_ladder_of_a_model_is_a_list_from_the_top(opened: Opening) -> None:
    page = opened("models/tiny/", script=False)
    steps = page.locator("ol.ladder > li").all_inner_texts()
    assert [step.split()[0] for step in steps] == ["Cost", "Embedding", "Weights", "Header", "Architecture"]
    assert all("not run yet" in step for step in steps[:4]) and "passed" in steps[4]
    rungs = page.locator("ol.ladder svg").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert all(10 < height < 30 for height in rungs)
    assert page.locator(".badge img").evaluate("one => one.naturalWidth") > 100
