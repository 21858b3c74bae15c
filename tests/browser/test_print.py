"""A model's page on paper: A4, black on white, nothing to press, sources to be read, no table cut."""

import re
from collections.abc import Callable
from typing import Any

import pytest

Opening = Callable[..., Any]
A4 = (595, 842)
"""Points."""
PAPER_WIDTH = 680
"""Pixels between the margins of A4."""


@pytest.fixture
def paper(opened: Opening) -> Any:
    """The page of a model as it is laid out for paper, by someone who reads in the dark."""
    page = opened("models/tiny/", script=False, width=PAPER_WIDTH, color_scheme="dark")
    page.emulate_media(media="print")
    return page


def test_it_is_a_document_of_a4(opened: Opening) -> None:
    page = opened("models/tiny/", script=False)
    sheets = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    assert 1 <= len(sheets) <= 12
    assert {tuple(round(float(side)) for side in sheet) for sheet in sheets} == {A4}


def test_nothing_to_press_is_printed(paper: Any) -> None:
    for what in (".md-header", ".md-sidebar", ".md-footer", ".crumbs", ".headerlink", ".md-code__nav", ".md-skip"):
        assert paper.locator(what).evaluate_all("all => all.every(one => !one.checkVisibility())"), what
    assert paper.locator("h1").is_visible()


def test_it_is_black_on_white_even_for_who_reads_in_the_dark(opened: Opening) -> None:
    page = opened("status/", color_scheme="dark")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    page.emulate_media(media="print", color_scheme="dark")
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('h1')).color]"
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_a_table_is_as_wide_as_the_paper_and_no_row_is_cut(paper: Any) -> None:
    boxes = paper.locator(".md-content .scroll").evaluate_all(
        "all => all.map(one => [one.scrollWidth, one.clientWidth, getComputedStyle(one).overflowX])"
    )
    assert boxes and all(style == "visible" for _, _, style in boxes)
    assert paper.evaluate("document.documentElement.scrollWidth") <= PAPER_WIDTH
    assert set(paper.locator(".md-content tr").evaluate_all("all => all.map(one => getComputedStyle(one).breakInside)")) == {
        "avoid"
    }


def test_folded_parts_are_open_without_a_script(paper: Any) -> None:
    told = paper.locator(".md-content details:not(.placed, .placed *, .cite)")
    assert told.count() and told.evaluate_all(
        "all => all.every(one => one.lastElementChild.checkVisibility({ contentVisibilityAuto: true }))"
    )


def test_each_receipt_says_its_address_without_a_script(paper: Any) -> None:
    said = "all => all.map(one => [getComputedStyle(one, '::after').content.includes('attr') || getComputedStyle(one, '::after').content, one.getAttribute('href')])"
    receipts = paper.locator("a.receipt").evaluate_all(said)
    assert receipts and all(address in str(text) for text, address in receipts)


def test_with_a_script_receipts_are_numbers_of_a_list_of_sources(browser: Any, address: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{address}models/tiny/", wait_until="networkidle")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    listed = page.locator(".paper-notes li").all_inner_texts()
    marks = page.locator("a.receipt").evaluate_all("all => all.map(one => [one.href, Number(one.dataset.note)])")
    assert marks and all(listed[number - 1] == way for way, number in marks) and len(set(listed)) == len(listed)
    assert page.locator(".md-content details:not(.placed, .placed *, .cite)").evaluate_all("all => all.every(one => one.open)")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".paper-notes").count() == 0
    page.context.close()
