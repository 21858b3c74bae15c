"""The page of a model in a real browser: receipts told by mouse, finger and keyboard, code that is copied, drawings on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

MODEL = "models/tiny/"
Opening = Callable[..., Any]


@pytest.fixture
def shown(browser: Any, address: str) -> Iterator[Opening]:
    """Opens a model's page; what goes wrong on it fails the test."""
    contexts, wrong = [], []

    def open_page(path: str = MODEL, width: int = 1280, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address + path, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def receipt(page: Any, label: str = "Backbone") -> Any:
    """The receipt beside a value of the specification."""
    row = page.locator(".facts tr", has=page.get_by_role("rowheader", name=label, exact=True))
    found = row.locator("a.receipt").first
    found.scroll_into_view_if_needed()
    return found


def test_a_receipt_tells_a_mouse_where_the_value_was_read(shown: Opening) -> None:
    page = shown()
    mark = receipt(page)
    mark.hover()
    assert "Reported in toy/tiny README.md; Usage" in page.locator(".tip").inner_text()
    assert mark.get_attribute("href").startswith("https://github.com/toy/tiny/blob/")
    page.mouse.move(5, 5)
    page.locator(".tip").wait_for(state="hidden")


def test_a_finger_sees_the_receipt_first_and_opens_it_from_there(shown: Opening) -> None:
    page = shown(width=390, has_touch=True)
    page.route("https://**", lambda route: route.abort())
    mark = receipt(page)
    mark.tap()
    tip = page.locator(".tip")
    assert "Usage" in tip.inner_text() and page.url.endswith(MODEL)
    assert tip.get_by_role("link", name="Open the source").get_attribute("href") == mark.get_attribute("href")
    box, size = tip.bounding_box(), mark.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert min(size["width"], size["height"]) >= 24
    page.touchscreen.tap(5, 400)
    tip.wait_for(state="hidden")


def test_the_keyboard_reaches_a_receipt_and_escape_puts_it_away(shown: Opening) -> None:
    page = shown()
    receipt(page).evaluate("mark => mark.closest('tr').previousElementSibling?.scrollIntoView()")
    mark = receipt(page)
    mark.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.classList.contains('receipt')")
    assert "Usage" in page.locator(".tip").inner_text()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Receipt: ")
    page.keyboard.press("Escape")
    assert not page.locator(".tip").is_visible()


@pytest.mark.parametrize(("block", "words"), [("import pathdex", "pathdex.load"), ("@", "lovelace2024tiny")])
def test_code_and_references_are_copied_as_they_stand(block: str, words: str, shown: Opening) -> None:
    page = shown(permissions=["clipboard-read", "clipboard-write"])
    pre = page.locator("pre", has_text=block).filter(has_text=words).first
    pre.scroll_into_view_if_needed()
    pre.hover()
    pre.locator("button").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert words in copied and copied.strip() == pre.locator("code").inner_text().strip()


def test_what_is_offline_or_ris_opens_and_is_copied_too(shown: Opening) -> None:
    page = shown(permissions=["clipboard-read", "clipboard-write"])
    for summary, words in (("Offline", "hf_hub_download"), ("RIS", "TY  - ")):
        page.locator("summary", has_text=summary).first.click()
        pre = page.locator("details[open] pre", has_text=words).first
        pre.hover()
        pre.locator("button").first.click()
        assert words in page.evaluate("navigator.clipboard.readText()")


def test_a_node_of_the_lineage_leads_to_its_page(shown: Opening) -> None:
    page = shown("models/tiny-slide/")
    page.locator("a.descent__node", has_text="Tiny").click()
    page.wait_for_url("**/models/tiny/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [MODEL, "models/tiny-slide/"])
def test_a_phone_shows_the_drawings_whole_and_scrolls_no_page(path: str, scheme: str, shown: Opening) -> None:
    page = shown(path, width=360, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for box in page.evaluate("[...document.querySelectorAll('.drawn')].map(one => one.getBoundingClientRect().toJSON())"):
        assert box["left"] >= 0 and box["right"] <= 360 and box["height"] > 40
    names = page.evaluate(
        "[...document.querySelectorAll('.descent__node text')].map(one => ["
        "one.firstChild.length, one.getSubStringLength(0, one.firstChild.length) + one.getBoundingClientRect().left])"
    )
    assert names and all(end <= 360 for _, end in names)


def test_without_a_script_the_page_is_whole(shown: Opening) -> None:
    page = shown(java_script_enabled=False)
    assert receipt(page).get_attribute("title").startswith("Reported in toy/tiny README.md")
    assert page.locator(".variant svg").count() == 2 and page.locator("pre", has_text="pathdex.load").first.is_visible()
    page.locator("summary", has_text="CSL-JSON").click()
    assert page.locator("pre", has_text="container-title").is_visible()
