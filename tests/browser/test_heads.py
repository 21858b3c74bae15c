"""What machines read in the head of every page, on the toy site or on the one that PATHDEX_SITE names; no browser is needed."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

NEEDED = {
    "ScholarlyArticle": {"headline", "author", "datePublished", "url", "identifier"},
    "Report": {"headline", "author", "datePublished", "url"},
    "Thesis": {"headline", "author", "datePublished", "url"},
    "Book": {"headline", "author", "datePublished", "url"},
    "BlogPosting": {"headline", "author", "datePublished", "url"},
    "SoftwareSourceCode": {"name", "description"},
    "Dataset": {"name", "description"},
    "CreativeWork": {"name", "description"},
}
"""What the readers of schema.org ask of each type that this site uses."""
LINKED = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)
META = re.compile(r'<meta name="(citation_\w+)" content="([^"]*)">')
DESCRIBED = re.compile(r'<meta name="description" content="([^"]+)">')
TITLE = re.compile(r"<title>(.*?)</title>", re.S)


def heads(site: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(site.rglob("*.html")):
        yield file.relative_to(site).as_posix(), file.read_text(encoding="utf-8")


def test_every_page_has_a_title_and_a_description_of_its_own(whole: Path) -> None:
    titles: dict[str, str] = {}
    for path, text in heads(whole):
        title = unescape(TITLE.findall(text)[0]).strip()
        assert title and DESCRIBED.findall(text), path
        assert '<html lang="en"' in text and text.count("<h1") == 1, path
        if path != "404.html":
            assert titles.setdefault(f"{path.split('/')[0]} {title}", path) == path
            assert len(set(title.split(" - "))) == len(title.split(" - ")), path


def test_linked_data_are_json_and_hold_what_their_type_needs(whole: Path) -> None:
    seen = set()
    for path, text in heads(whole):
        for found in LINKED.findall(text):
            held: dict[str, Any] = json.loads(found)
            seen.add(held["@type"])
            assert held["@context"] == "https://schema.org" and held.keys() >= NEEDED[held["@type"]], path
            assert all(part.keys() >= {"@type", "name"} for part in held.get("author", ())), path
            assert re.fullmatch(r"\d{4}(-\d\d){0,2}", held.get("datePublished", "2000")), path
    assert {"ScholarlyArticle", "SoftwareSourceCode", "Dataset"} <= seen


@pytest.mark.parametrize("folder", ["papers", "models", "datasets"])
def test_every_entry_has_linked_data(whole: Path, folder: str) -> None:
    for file in (whole / folder).glob("*/index.html"):
        if file.parent.name != "sections":
            assert len(LINKED.findall(file.read_text(encoding="utf-8"))) == 1, file


def test_every_paper_has_the_tags_that_reference_managers_read(whole: Path) -> None:
    for file in (whole / "papers").glob("*/index.html"):
        if file.parent.name == "sections":
            continue
        tags = META.findall(file.read_text(encoding="utf-8"))
        names = [name for name, _ in tags]
        assert names[:2] == ["citation_title", "citation_author"], file
        assert re.fullmatch(r"\d{4}(/\d\d){0,2}", dict(tags)["citation_publication_date"]), file
        assert dict(tags)["citation_public_url"].startswith("http") and all(value for _, value in tags), file
