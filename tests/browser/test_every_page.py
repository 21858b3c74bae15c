"""What holds for every kind of page, on the toy site or on the one that PATHDEX_SITE names: access, policy, weight, and no request elsewhere."""

import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from access import findings
from kinds import kinds
from waiting import settled

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LARGE = 2500
"""Elements. Of each kind the largest page is looked at, and where that has more, the largest below: what is large may be a list of its own."""
SCHEMES = {"light": RULES, "dark": ["color-contrast", "link-in-text-block"]}
"""The rules for each scheme: all for the first, for the other those that ask for colours."""
PAGE_BYTES = 300_000
TABLE_BYTES = 500_000
UNFOLD = """() => {
  const still = new CSSStyleSheet();
  still.replaceSync("* { transition: none !important; }");
  document.adoptedStyleSheets = [still];
  document.querySelectorAll(".md-content details:not(.facet)").forEach((one) => { one.open = true; });
}"""
"""Opens what is folded, and has colours change at once, or axe would see some between light and dark."""
LOADED = re.compile(r"""<(?:link[^>]+rel="stylesheet"[^>]+href|script[^>]+src)="([^"]+)""")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser: Any, whole: Path, whole_address: str, width: int, scheme: str) -> None:
    page = settled(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
    found = {}
    for path in dict.fromkeys([*kinds(whole).values(), *kinds(whole, LARGE).values()]):
        page.goto(whole_address + path, wait_until="load")
        page.wait_for_timeout(150)
        page.evaluate(UNFOLD)
        found |= {(path, rule): elements for rule, elements in findings(page, SCHEMES[scheme]).items()}
    page.context.close()
    assert found == {}


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_window(browser: Any, whole: Path, whole_address: str, width: int) -> None:
    page = settled(browser, viewport={"width": width, "height": 900})
    wide = []
    for path in kinds(whole).values():
        page.goto(whole_address + path, wait_until="load")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    page.context.close()
    assert wide == []


def test_every_kind_keeps_to_its_policy_and_asks_nobody_else(browser: Any, whole: Path, whole_address: str) -> None:
    page = settled(browser, viewport={"width": 1280, "height": 900})
    page.on("request", lambda asked: None if asked.url.startswith((whole_address, "data:")) else page.wrong.append(asked.url))
    for path in kinds(whole).values():
        page.goto(whole_address + path, wait_until="networkidle")
        assert page.evaluate("window.broken") == [] and page.wrong == [], path
    page.context.close()


def test_every_kind_is_readable_without_scripts(browser: Any, whole: Path, whole_address: str) -> None:
    page = settled(browser, viewport={"width": 360, "height": 900}, java_script_enabled=False)
    for kind, path in kinds(whole).items():
        page.goto(whole_address + path, wait_until="load")
        assert page.locator("h1").count() == 1 and page.locator("h1").is_visible(), kind
        assert len(page.locator(".md-content").inner_text()) > 40, kind
        assert page.locator(".md-content :is(button, select, input):visible").count() == 0, kind
    page.context.close()


def test_the_first_load_of_every_page_is_light(whole: Path) -> None:
    heavy = {}
    for file in sorted(whole.rglob("*.html")):
        text = file.read_text(encoding="utf-8")
        table = "data-explorer=" in text
        weight = sum(map(compressed, loaded(whole, file, text)))
        if weight > (TABLE_BYTES if table else PAGE_BYTES):
            heavy[file.relative_to(whole).as_posix()] = weight
    assert heavy == {}


def loaded(site: Path, file: Path, text: str) -> Iterator[Path]:
    """The files that a page brings without being asked, pictures left out; of scripts that load others, all."""
    yield file
    for way in LOADED.findall(text):
        yield site / way.lstrip("/") if way.startswith("/") else (file.parent / way).resolve()
    for data in re.findall(r'data-(?:explorer|choice|names)="([^"]+)"', text):
        yield (file.parent / data).resolve()
        yield from (script for script in (site / "assets").glob("*.js") if script.name not in text)


@cache
def compressed(file: Path) -> int:
    """Bytes of a file as a host sends them."""
    return len(gzip.compress(file.read_bytes(), 6))
