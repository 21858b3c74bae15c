"""The built pages as programs and browsers take them: a policy that holds, and a head that says what the page is about."""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pathdex.site import make

PROJECT = Path(__file__).parent.parent
TOY = Path(__file__).parent / "toy"
ADDRESS = "https://example.org/toy/"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
EXECUTED = ("", "module", "text/javascript")
pytest.importorskip("material")


def made(folder: Path, address: str = "") -> Path:
    """The toy catalog's site, served from the address if one is given."""
    shutil.copytree(TOY, folder)
    shutil.copytree(PROJECT / "site", folder / "site")
    settings = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    settings = re.sub(r"^site_url:.*\n", "", settings, flags=re.MULTILINE)
    (folder / "mkdocs.yml").write_text(f"{settings}site_url: {address}\n" if address else settings, encoding="utf-8")
    return make(folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that does not know its address."""
    return made(tmp_path_factory.mktemp("plain") / "toy")


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that knows its address."""
    return made(tmp_path_factory.mktemp("placed") / "toy", ADDRESS)


class Head(HTMLParser):
    """Elements of a page in order, its metadata, and what its scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.metas: list[tuple[str, str]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.elements.append((tag, held))
        if tag == "meta":
            key = held.get("property") or held.get("name") or held.get("http-equiv") or ""
            self.metas.append((key.lower(), held.get("content", "")))
        if tag == "script":
            self.scripts.append((held, ""))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] == "script":
            held, text = self.scripts.pop()
            self.scripts.append((held, text + data))

    def linked(self) -> dict[str, Any]:
        """The page's JSON-LD."""
        (text,) = (text for held, text in self.scripts if held.get("type") == "application/ld+json")
        found: dict[str, Any] = json.loads(text)
        return found


def head(site: Path, page: str) -> Head:
    return Head((site / page / "index.html").read_text(encoding="utf-8"))


def pages(site: Path) -> Iterator[tuple[str, Head]]:
    for file in sorted(site.rglob("*.html")):
        yield file.relative_to(site).as_posix(), Head(file.read_text(encoding="utf-8"))


def test_every_page_has_the_policy_before_anything_that_it_governs(plain: Path) -> None:
    for path, page in pages(plain):
        names = [tag for tag, _ in page.elements]
        assert names[:3] == ["html", "head", "meta"] and page.metas[0][0] == "content-security-policy", path
        assert "unsafe-inline" not in page.metas[0][1] and page.metas[0][1].startswith("default-src 'self'; script-src 'self'"), (
            path
        )


def test_no_page_has_what_its_policy_forbids(plain: Path) -> None:
    for path, page in pages(plain):
        for held, text in page.scripts:
            assert held.get("src") or held.get("type", "") not in EXECUTED, (path, text[:80])
        for tag, held in page.elements:
            assert tag not in ("style", "base", "object", "embed") and "style" not in held, (path, tag, held)
            assert not [name for name in held if name.startswith("on")], (path, tag, held)
            assert not held.get("href", "").startswith("javascript:"), (path, tag, held)


def test_the_charset_stands_where_browsers_look_for_it(plain: Path) -> None:
    for file in plain.rglob("*.html"):
        assert b'<meta charset="utf-8">' in file.read_bytes()[:1024], file


def test_a_page_loads_this_sites_scripts_and_none_of_materials(plain: Path) -> None:
    ours = re.findall(r"path: assets/(\w+\.js)", (PROJECT / "mkdocs.yml").read_text(encoding="utf-8"))
    for path, page in pages(plain):
        names = [Path(held["src"]).name for held, _ in page.scripts if held.get("src")]
        assert names == ["scope.js", "palette.js", *ours], path


@pytest.mark.parametrize(
    ("page", "kind", "title"),
    [("models/tiny", "website", "Tiny"), ("papers/lovelace2024tiny", "article", "Tiny: an encoder"), ("", "website", "pathdex")],
)
def test_a_page_tells_other_sites_what_it_is(plain: Path, page: str, kind: str, title: str) -> None:
    told = dict(head(plain, page).metas)
    assert told["og:type"] == kind and told["og:title"].startswith(title)
    assert told["og:description"] == told["description"] and "og:image" not in told and "og:url" not in told


def test_a_site_that_knows_its_address_tells_it(placed: Path) -> None:
    page = head(placed, "papers/lovelace2024tiny")
    told, at = dict(page.metas), f"{ADDRESS}papers/lovelace2024tiny/"
    assert (told["og:url"], told["og:image"]) == (at, f"{ADDRESS}assets/card.png")
    assert page.linked()["mainEntityOfPage"] == at and (placed / "assets" / "card.png").is_file()


def test_the_sitemap_has_every_page_of_a_site_that_knows_its_address(placed: Path) -> None:
    listed = {found.text for found in ElementTree.parse(placed / "sitemap.xml").iter(f"{SITEMAP}loc")}
    indexes = {file.parent.relative_to(placed).as_posix() for file in placed.rglob("index.html")}
    assert listed == {ADDRESS if path == "." else f"{ADDRESS}{path}/" for path in indexes}


def test_the_head_of_a_paper_is_its_reference(plain: Path) -> None:
    page = head(plain, "papers/lovelace2024tiny")
    assert [value for name, value in page.metas if name == "citation_author"] == [
        "Lovelace, Ada",
        "de la Cour, Paul Émile",
        "The Toy Consortium",
    ]
    assert ("citation_title", "Tiny: an encoder for {small} slides & 100% of tiles") in page.metas
    assert page.linked()["@type"] == "ScholarlyArticle" and "mainEntityOfPage" not in page.linked()
    assert page.linked()["headline"] == "Tiny: an encoder for {small} slides & 100% of tiles"


@pytest.mark.parametrize(("page", "kind"), [("models/tiny", "SoftwareSourceCode"), ("datasets/cohort", "Dataset")])
def test_the_head_of_an_entry_says_what_kind_of_thing_it_is(plain: Path, page: str, kind: str) -> None:
    assert head(plain, page).linked()["@type"] == kind


def test_each_page_leads_to_the_feeds(plain: Path, placed: Path) -> None:
    for site in (plain, placed):
        for page in ("", "models/tiny"):
            feeds = [held["href"] for tag, held in head(site, page).elements if held.get("type") == "application/atom+xml"]
            assert len(feeds) == 3 and all((site / page / feed).resolve().is_file() for feed in feeds)


def test_every_link_of_a_feed_leads_to_a_page(plain: Path, placed: Path) -> None:
    for site in (plain, placed):
        for file in (site / "feeds").glob("*.xml"):
            for link in ElementTree.parse(file).iter("{http://www.w3.org/2005/Atom}link"):
                if link.attrib["rel"] != "related":
                    way = link.attrib["href"]
                    target = site / way.removeprefix(ADDRESS) if site == placed else file.parent / way
                    assert way.startswith(ADDRESS) == (site == placed) and (
                        target.is_file() or (target / "index.html").is_file()
                    ), way


def test_the_files_to_take_away_are_those_of_the_page(plain: Path) -> None:
    page = (plain / "downloads" / "index.html").read_text(encoding="utf-8")
    for name in re.findall(r'<a href="([^"/]+)" download', page):
        assert (plain / "downloads" / name).stat().st_size, name
    assert (plain / "llms.txt").read_text(encoding="utf-8").startswith("# pathdex\n")
