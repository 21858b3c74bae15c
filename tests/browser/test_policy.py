"""The Content-Security-Policy in a real browser: no page breaks it, and what it governs works: search, colours, another address."""

from typing import Any

import pytest
from waiting import settled, until

PAGES = (
    "",
    "models/",
    "models/tiny/",
    "papers/",
    "papers/lovelace2024tiny/",
    "choose/",
    "compare/",
    "results/toytable/",
    "status/",
)
MORE = ("downloads/", "bibliography/", "errata/tiny-size/", "reference/", "verification/", "404.html")


@pytest.fixture
def watched(browser: Any) -> Any:
    """A page that remembers what its policy stopped, and what its scripts stumbled over."""
    page = settled(browser, viewport={"width": 1280, "height": 900})
    yield page
    page.context.close()


@pytest.mark.parametrize("path", [*PAGES, *MORE])
def test_a_page_keeps_to_its_policy(watched: Any, address: str, path: str) -> None:
    watched.goto(address + path, wait_until="networkidle")
    assert watched.evaluate("window.broken") == [] and watched.wrong == []


def test_the_policy_stops_a_script_within_the_page(watched: Any, address: str) -> None:
    watched.goto(address + "about/")
    watched.evaluate(
        "const made = document.createElement('script'); made.textContent = 'window.ran = 1'; document.body.append(made)"
    )
    until(watched, "window.broken.length")
    assert watched.evaluate("window.ran ?? 0") == 0 and watched.evaluate("window.broken") == ["script-src-elem"]


@pytest.mark.parametrize("path", ["models/tiny/", "404.html"])
def test_search_works_under_the_policy_and_on_the_page_of_what_is_not_there(watched: Any, address: str, path: str) -> None:
    watched.goto(address + path, wait_until="networkidle")
    watched.keyboard.press("/")
    watched.keyboard.type("tiny")
    watched.wait_for_selector(".search__results a")
    assert watched.evaluate("window.broken") == [] and watched.wrong == []


def test_chosen_colours_stay_on_the_next_page(watched: Any, address: str) -> None:
    watched.goto(address, wait_until="networkidle")
    button = watched.get_by_role("button", name="Dark colours")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    watched.goto(address + "papers/", wait_until="domcontentloaded")
    assert watched.evaluate("document.body.dataset.mdColorScheme") == "slate"
