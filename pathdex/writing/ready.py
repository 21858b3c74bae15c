"""A Markdown extension that takes HTML which is ready out of a page's text at once, so that nothing parses it tag by tag.

Pages come out the same without it, only later: tables are most of a page, and Markdown's own parser and that of MkDocs read each
of their tags. Named in mkdocs.yml, and so loaded by whatever reads the settings; nothing else in pathdex imports it.
"""

import re
from collections.abc import Iterator
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

AFTER_FENCES, BEFORE_PARSERS, AFTER_ANCHORS = 24, 22, 20.5
"""Priorities: pymdownx takes code out at 25, MkDocs looks for anchors at 21, Markdown parses HTML at 20."""
START = re.compile(r"^<([a-z][a-z0-9]*)\b", re.MULTILINE)
QUOTE = '"'
BLANK = re.compile(r" *\n *\n")
KEPT, LEFT = "\N{START OF TEXT}", re.compile("\N{START OF TEXT}<i id=[^\N{END OF TEXT}]*\N{END OF TEXT}")


def makeExtension(**settings: Any) -> Extension:
    """The extension, which has no settings."""
    return _Ready(**settings)


class _Ready(Extension):  # type: ignore[misc]
    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(_TakeOut(md), "ready_html", BEFORE_PARSERS)
        md.preprocessors.register(_Forget(md), "ready_html_anchors", AFTER_ANCHORS)


class _TakeOut(Preprocessor):  # type: ignore[misc]
    """Puts each block aside as Markdown's parser would, and leaves its anchors for who checks links to them."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        if "<!--" in text or text.count("\n<") < 1:
            return lines
        return "".join(self._parts(text)).split("\n")

    def _parts(self, text: str) -> Iterator[str]:
        done = 0
        for found in START.finditer(text):
            if found.start() < done or not self.md.is_block_level(found[1]):
                continue
            end = self._end(text, found)
            if not end:
                break  # how far Markdown's parser takes this block to reach is its own affair, and so is the rest
            yield text[done : found.start()]
            yield self._aside(text[found.start() : end], BLANK.match(text, end) is not None)
            done = end
        yield text[done:]

    def _end(self, text: str, start: re.Match[str]) -> int:
        """Where the block ends that starts here, if it ends its line; 0 for what is better left to Markdown's parser."""
        depth = 0
        for tag in re.compile(rf"<(/?){start[1]}(?:>|\s[^<>]*>)").finditer(text, start.start()):
            depth += -1 if tag[1] else 1
            if depth <= 0:
                return tag.end() if text[tag.end() : tag.end() + 1] in ("", "\n") else 0
        return 0

    def _aside(self, block: str, ends_paragraph: bool) -> str:
        kept: str = self.md.htmlStash.store(block + "\n" * ends_paragraph)
        anchors = "".join(f'<i id="{after.partition(QUOTE)[0]}">' for after in block.split(' id="')[1:])
        return f"\n{kept}{KEPT}{anchors}\N{END OF TEXT}\n\n" if anchors else f"\n{kept}\n\n"


class _Forget(Preprocessor):  # type: ignore[misc]
    """Removes the anchors again."""

    def run(self, lines: list[str]) -> list[str]:
        return LEFT.sub("", "\n".join(lines)).split("\n")
