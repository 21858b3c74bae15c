"""The Markdown extension that spares ready HTML the parser: pages are the same with it and without."""

import re
from pathlib import Path

import pytest
from test_site import checkout

from pathdex.build import build

markdown = pytest.importorskip("markdown")
OTHERS = ["tables", "pymdownx.superfences", "toc"]

CASES = {
    "a block in a line": '<p class="lede">One &#38; two</p>',
    "a block of lines with blank ones": "<div>\n\n<p>*not Markdown*</p>\n\n</div>\n\n*Markdown*",
    "nested blocks of one name": "<div><div>\n</div>\n</div>\ntext",
    "blocks without a blank line between": "<p>one</p>\n<p>two</p>\n\n<table>\n<tr><td>*</td></tr>\n</table>\n# Heading",
    "text after the block": "<p>one</p> *two*\n\nthree",
    "a block that is never closed": "<div>\n<p>one</p>\n\n*two*",
    "inline markup at a line's start": "<em>one</em> *two*\n\n<span>three</span>",
    "a comment": "<!-- <div>\n<div> -->\n\n<div>x</div>",
    "a rule": "<hr>\n\ntext\n<hr/>\n\n<div/>\n<div>x</div>",
    "code": "```html\n<div>\n```\n\n    <div>\n\n- item\n<div>x</div>\n",
    "anchors": '<div id="here"><p id="there">x</p></div>\n\n<p>y</p>',
}


def made(text: str, *more: str) -> str:
    return str(markdown.markdown(text, extensions=[*OTHERS, *more]))


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_a_page_is_the_same_with_it_and_without(text: str) -> None:
    assert made(text, "pathdex.writing.ready") == made(text)


def test_the_pages_of_the_toy_catalog_are_the_same(tmp_path: Path) -> None:
    root = checkout(tmp_path / "toy")
    build(root)
    for file in sorted((root / "build" / "docs").rglob("*.md")):
        text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert made(text, "pathdex.writing.ready") == made(text), file


def test_what_checks_links_still_sees_the_anchors() -> None:
    seen: list[str] = []

    class Look(markdown.preprocessors.Preprocessor):
        def run(self, lines: list[str]) -> list[str]:
            seen.extend(re.findall(r'id="([^"]+)"', "\n".join(lines)))
            return lines

    made = markdown.Markdown(extensions=["pathdex.writing.ready"])
    made.preprocessors.register(Look(made), "look", 21)
    assert "look" not in made.convert(CASES["anchors"]) and seen == ["here", "there"]
