"""The comparison in a real browser: rows, differences, numbers that match, address, doors, limits."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from waiting import until

from pathdex.catalog import Catalog

Opening = Callable[..., Any]
TWO = "compare/?models=made-00000,made-00001"


def heads(page: Any) -> list[str]:
    return page.locator(".compare__table").first.locator("thead a").all_inner_texts()


def query(page: Any) -> dict[str, list[str]]:
    return parse_qs(page.evaluate("location.search.slice(1)"))


def row(page: Any, label: str) -> Any:
    return page.locator(".compare__table").first.locator("tbody tr").filter(has=page.locator(f"th:text('{label}')")).first


def test_models_stand_side_by_side_with_their_differences_marked(opened: Opening, many: Catalog) -> None:
    page = opened(TWO)
    assert heads(page) == ["Made 0", "Made 1"]
    access = row(page, "Access")
    assert "differs" in access.inner_text() and access.locator(".is-odd").count() == 2
    assert "differs" not in row(page, "Kind").inner_text()


def test_the_odd_one_out_is_marked_alone_and_the_unknown_is_no_difference(opened: Opening) -> None:
    page = opened("compare/?models=made-00000,made-00004,made-00001")
    access = row(page, "Access")
    assert [cell.get_attribute("class") for cell in access.locator("td").all()] == [None, None, "is-odd"]
    licence = opened("compare/?models=made-00000,made-00009")
    assert "differs" not in row(licence, "Licence").inner_text()


def test_only_differences_can_be_shown(opened: Opening) -> None:
    page = opened(TWO)
    page.get_by_label("Only differences").check()
    until(page, "location.search.includes('only=differences')")
    until(page, "!document.querySelector('.compare__table').querySelector('tbody tr:not(.is-different):not(.compare__group)')")
    again = opened(f"{TWO}&only=differences")
    assert again.get_by_label("Only differences").is_checked()


def test_numbers_stand_together_only_where_everything_matches(opened: Opening) -> None:
    page = opened(TWO)
    assert page.locator("details[data-table=same]").count() == 1
    assert page.locator("details[data-table=apart]").count() == 0
    assert page.get_by_text("Left out, because").is_visible() and page.get_by_role("link", name="Table apart").is_visible()
    cells = page.locator("details[data-table=same] tbody tr").first.locator("td")
    assert cells.all_inner_texts() == ["0.500", "0.507"]
    assert cells.locator("strong").all_inner_texts() == ["0.507"]


def test_every_value_keeps_its_receipt(opened: Opening) -> None:
    receipts = row(opened(TWO), "Access").locator("a.receipt")
    assert receipts.count() == 2 and receipts.first.get_attribute("href").startswith("https://example.org/")


def test_models_are_added_and_left_out_and_the_address_follows(opened: Opening) -> None:
    page = opened("compare/")
    for name in ("Made 7", "made-00008", "Tiny-Slide"):
        page.fill("[name=model]", name)
        page.keyboard.press("Enter")
        until(page, "document.querySelector('[name=model]').value === ''")
    until(page, "document.querySelectorAll('.compare__table')[0]?.querySelectorAll('thead a').length === 3")
    assert query(page) == {"models": ["made-00007,made-00008,tiny-slide"]}
    page.get_by_role("button", name="Leave Made 8 out").first.click()
    until(page, "document.querySelectorAll('.compare__table')[0].querySelectorAll('thead a').length === 2")
    assert query(page) == {"models": ["made-00007,tiny-slide"]}
    page.fill("[name=model]", "no such model")
    page.keyboard.press("Enter")
    assert "No model is called" in page.locator(".compare__said").inner_text()


def test_more_than_six_are_refused_and_what_is_no_model_is_left_aside(opened: Opening) -> None:
    page = opened(f"compare/?models={','.join(f'made-{place:05}' for place in range(9))},nothing")
    assert len(heads(page)) == 6
    page.fill("[name=model]", "Made 8")
    page.keyboard.press("Enter")
    assert "At most 6" in page.locator(".compare__said").inner_text()
    assert opened("compare/?models=nothing").locator(".compare__table").count() == 0


def test_picked_models_lead_from_the_table_to_the_comparison(opened: Opening) -> None:
    page = opened("models/?sort=name")
    page.get_by_role("checkbox", name="Compare Made 1", exact=True).check()
    assert page.get_by_text("Pick another").is_visible()
    page.get_by_role("checkbox", name="Compare Made 10", exact=True).check()
    page.get_by_role("link", name="Compare 2 models").click()
    page.wait_for_selector(".compare.is-ready")
    assert heads(page) == ["Made 1", "Made 10"]


def test_at_most_six_can_be_picked(opened: Opening) -> None:
    page = opened("models/")
    for place in range(6):
        page.locator(".pick input").nth(place).check()
    assert page.locator(".pick input").nth(6).is_disabled()
    page.locator(".tray button").first.click()
    assert page.locator(".pick input").nth(6).is_enabled()


def test_a_model_page_leads_to_the_comparison(opened: Opening) -> None:
    page = opened("models/tiny/", script=False)
    assert page.locator("a[href*='compare/?models=tiny']").count() == 1


def test_the_link_can_be_copied(opened: Opening) -> None:
    page = opened(TWO, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    until(page, "document.querySelector('.compare__said').textContent.includes('copied')")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_without_scripts_the_page_says_what_to_do(opened: Opening) -> None:
    page = opened("compare/", script=False)
    assert page.locator(".compare__plain").is_visible() and not page.locator(".compare__form").is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out(opened: Opening, width: int) -> None:
    page = opened("compare/?models=made-00000,made-00001,made-00002,tiny", width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_shared_link_says_which_of_its_models_are_gone(opened: Opening) -> None:
    page = opened("compare/?models=tiny,no-such-model,made-00001")
    assert "Not in the catalog: no-such-model." in page.locator("[data-compared] [role=status]").inner_text()
    assert page.locator(".compare__table thead th").count() >= 3
