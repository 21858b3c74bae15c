"""What every page does in a real browser: search and menu by keyboard, copying, colours, the part being read; and reading without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from waiting import until

Opening = Callable[..., Any]
DARK = "document.body.dataset.mdColorScheme === 'slate'"
COPYING = {"permissions": ["clipboard-read", "clipboard-write"]}
BACK = "getComputedStyle(document.querySelector('.md-header')).backgroundColor"


@pytest.fixture
def shown(browser: Any, address: str) -> Any:
    """Opens a page in a context of its own settings."""
    contexts = []

    def show(path: str, width: int = 1280, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path, wait_until="load")
        return page

    yield show
    for context in contexts:
        context.close()


def test_search_opens_finds_and_leads_by_keyboard_alone(shown: Any, address: str) -> None:
    page = shown("about/")
    page.keyboard.press("/")
    page.keyboard.type("tiny slide")
    page.wait_for_selector(".search__results a")
    assert page.locator(".search__said").inner_text().endswith(("page", "pages"))
    page.keyboard.press("ArrowDown")
    target = page.evaluate("document.activeElement.href")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Enter")
    page.wait_for_url(target)
    assert target.startswith(address)


def test_search_says_when_nothing_is_found_and_closes(shown: Any) -> None:
    page = shown("about/")
    page.get_by_role("button", name="Search").click()
    page.keyboard.type("xyzzyplugh")
    page.get_by_text("Nothing found for").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.search").is_visible()


def test_the_button_changes_colours_at_once(shown: Any) -> None:
    page = shown("models/tiny/")
    light = page.evaluate(BACK)
    page.get_by_role("button", name="Dark colours").click()
    until(page, DARK)
    assert page.evaluate(BACK) != light


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_without_a_choice_the_colours_are_the_systems_and_follow_it(shown: Any, scheme: str, dark: bool) -> None:
    page = shown("", color_scheme=scheme)
    assert page.evaluate(DARK) is dark
    page.emulate_media(color_scheme="light" if dark else "dark")
    until(page, f"({DARK}) === {'false' if dark else 'true'}")


def test_code_is_copied_as_it_stands_and_said_so(shown: Any) -> None:
    page = shown("models/tiny/", **COPYING)
    blocks = page.locator(".md-content pre:has(> code)")
    assert page.locator(".md-code__button").count() == blocks.count() > 0
    page.get_by_role("button", name="Copy this code").first.click()
    page.locator("[role=status].md-dialog--active", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == blocks.first.locator("code").text_content()


def test_what_scrolls_within_itself_is_reached_by_keyboard_once_it_is_unfolded(shown: Any) -> None:
    page = shown("models/tiny/", width=360)
    folded = page.locator("details:not([open]) pre > code")
    assert folded.count()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    wide = "[...document.querySelectorAll('details pre > code')].filter((one) => one.scrollWidth > one.clientWidth)"
    until(page, f"{wide}.length && {wide}.every((one) => one.tabIndex === 0)")
    narrow = page.evaluate(f"{wide}.length")
    page.set_viewport_size({"width": 2400, "height": 900})
    until(page, f"document.querySelectorAll('details pre > code[tabindex]').length < {narrow}")


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(shown: Any) -> None:
    page = shown("models/tiny/", width=360)
    menu = page.get_by_role("button", name="Menu")
    assert menu.get_attribute("aria-expanded") == "false"
    menu.focus()
    page.keyboard.press("Enter")
    assert menu.get_attribute("aria-expanded") == "true"
    links = page.get_by_role("navigation", name="Sections").get_by_role("link")
    assert "Papers" in links.all_inner_texts() and links.first.is_visible()
    page.keyboard.press("Escape")
    assert menu.get_attribute("aria-expanded") == "false" and page.evaluate("document.activeElement.ariaLabel") == "Menu"


def test_the_first_key_leads_past_the_header(shown: Any) -> None:
    page = shown("models/tiny/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "md-skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#tiny"


def test_the_part_that_is_read_is_marked(shown: Any) -> None:
    page = shown("verification/")
    page.locator("h2").nth(2).evaluate("one => one.scrollIntoView()")
    name = page.locator("h2").nth(2).get_attribute("id")
    until(page, f"document.querySelector('.md-sidebar--secondary .md-nav__link--active')?.hash === '#{name}'")


def test_a_download_is_the_file_that_the_page_names(shown: Any) -> None:
    page = shown("downloads/")
    link = page.locator("a[download]").first
    with page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename == link.get_attribute("href")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "Every number has a receipt"),
        ("models/", "Tiny-Slide"),
        ("models/tiny/", "How to load it"),
        ("benchmarks/toybench/", "Where models stand"),
        ("choose/", "table of models"),
        ("compare/", "table of models"),
    ],
)
def test_without_scripts_the_words_are_there_and_nothing_is_dead(shown: Any, path: str, words: str) -> None:
    page = shown(path, java_script_enabled=False)
    assert words in page.locator("body").inner_text()
    assert page.locator(":is(button, select, input:not([type=checkbox])):visible").count() == 0
    tables = page.locator(".md-content table")
    assert all(rows > 0 for rows in tables.evaluate_all("all => all.map(one => one.rows.length)"))


@pytest.mark.parametrize("path", ["", "models/", "404.html"])
def test_the_first_key_offers_a_way_past_the_head_of_every_page(opened: Opening, path: str) -> None:
    page = opened(path, script=False)
    link = page.locator("a.md-skip")
    assert link.count() == 1
    target = link.get_attribute("href") or ""
    assert target.startswith("#") and page.locator(f"[id='{target[1:]}']").count() == 1
    page.keyboard.press("Tab")
    assert link.evaluate("link => link === document.activeElement")
