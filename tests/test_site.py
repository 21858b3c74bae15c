"""The site: MkDocs and ProperDocs build it strictly, and no page asks another origin for anything."""

import http.server
import posixpath
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pathdex import commands
from pathdex.build import build
from pathdex.serving import watching
from pathdex.serving.serve import serve
from pathdex.serving.server import PortTaken
from pathdex.site import SiteError, make

PROJECT = Path(__file__).parent.parent
TOY = Path(__file__).parent / "toy"
pytest.importorskip("material")


def checkout(folder: Path) -> Path:
    """The toy catalog with the site's prose, templates and settings."""
    shutil.copytree(TOY, folder)
    shutil.copytree(PROJECT / "site", folder / "site")
    shutil.copy(PROJECT / "mkdocs.yml", folder)
    return folder


@pytest.fixture(scope="module")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy catalog's site, built once."""
    return make(checkout(tmp_path_factory.mktemp("site") / "toy"))


class Resources(HTMLParser):
    """What a page has a browser fetch, where its links lead, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.anchors.add(held.get("id", ""))
        if tag == "a" and "href" in held:
            self.links.append(held["href"])
        elif tag == "link" and held.get("rel") not in ("prev", "next", "canonical"):
            self.fetched.append(held.get("href", ""))
        elif tag != "a":
            self.fetched += [held[name] for name in ("src", "srcset", "data", "poster", "action") if name in held]


def pages(folder: Path) -> Iterator[tuple[str, Resources]]:
    """Every page by the folder that it is served from."""
    for file in sorted(folder.rglob("*.html")):
        yield file.parent.relative_to(folder).as_posix().strip("."), Resources(file)


def test_the_strict_build_gives_pages_search_and_nothing_half_done(toy_site: Path) -> None:
    assert (toy_site / "models" / "tiny" / "index.html").is_file()
    assert (toy_site / "pagefind" / "pagefind.js").is_file()
    assert not (toy_site.parent / "site.new").exists()


def test_no_page_fetches_anything_from_another_origin(toy_site: Path) -> None:
    for path, page in pages(toy_site):
        for url in page.fetched:
            assert not re.match(r"(?:[a-z]+:)?//", url), (path, url)


def test_no_style_fetches_anything_from_another_origin(toy_site: Path) -> None:
    for file in toy_site.rglob("*.css"):
        fetched = re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", file.read_text(encoding="utf-8"))
        assert not [url for pair in fetched for url in pair if re.match(r"(?:https?:)?//", url)], file


def test_our_scripts_name_no_other_origin(toy_site: Path) -> None:
    scripts = list((toy_site / "assets").glob("*.js"))
    assert scripts
    for file in scripts:
        assert "://" not in file.read_text(encoding="utf-8"), file


def test_every_internal_link_and_anchor_of_the_built_site_resolves(toy_site: Path) -> None:
    found = {path: page for path, page in pages(toy_site) if path or (toy_site / path / "index.html").is_file()}
    for path, page in found.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            target = target.partition("?")[0]
            if not re.match(r"(?:[a-z]+:|/)", link):
                way = posixpath.normpath(posixpath.join("/", path, target or ".")).strip("/")
                assert way in found or (toy_site / way).is_file(), (path, link)
                assert not anchor or way not in found or anchor in found[way].anchors, (path, link)


def test_the_search_index_holds_every_model_and_no_permalink(toy_site: Path) -> None:
    entry = (toy_site / "pagefind" / "pagefind-entry.json").read_text(encoding="utf-8")
    indexed = re.search(r'"page_count":(\d+)', entry)
    assert indexed and int(indexed[1]) == len(list(toy_site.rglob("index.html")))


def test_properdocs_builds_the_same_pages(toy_site: Path, tmp_path: Path) -> None:
    pytest.importorskip("properdocs")
    arguments = ["build", "--strict", "--config-file", str(toy_site.parents[1] / "mkdocs.yml")]
    command = [sys.executable, "-m", "properdocs", *arguments, "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {file.relative_to(tmp_path / "site") for file in (tmp_path / "site").rglob("*.html")}
    assert made == {file.relative_to(toy_site) for file in toy_site.rglob("*.html")}


def test_a_folder_without_settings_is_refused_in_one_line(toy_root: Path) -> None:
    with pytest.raises(SiteError, match=r"has no mkdocs\.yml; run it in a checkout"):
        make(toy_root)


def test_a_broken_link_stops_the_build_and_leaves_the_former_site(tmp_path: Path) -> None:
    root = checkout(tmp_path / "toy")
    kept = root / "build" / "site" / "index.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("former")
    (root / "site" / "pages" / "about.md").write_text("# About\n\n[nowhere](nowhere.md)\n")
    with pytest.raises(SiteError, match=r"nowhere\.md"):
        make(root)
    assert kept.read_text() == "former"


def test_a_port_that_is_taken_is_told_before_anything_is_built(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as taken:
        port = taken.server_address[1]
        with pytest.raises(PortTaken, match=f"port {port} is busy; choose another with --port"):
            serve(toy_root, port, False, print)
        assert commands.main(["--root", str(toy_root), "serve", "--port", str(port)]) == 2
    assert f"port {port} is busy" in capsys.readouterr().err
    assert not (toy_root / "build").exists()


@pytest.mark.parametrize("port", ["-1", "65536", "http", "80 "])
def test_what_is_no_port_is_a_wrong_call(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        commands.main(["serve", f"--port={port}"])
    assert stopped.value.code == 2 and "is not a port" in capsys.readouterr().err


def test_a_catalog_that_can_not_be_read_ends_serve_with_its_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path / "toy")
    (root / "catalog" / "models" / "tiny.yaml").write_text("name: [")
    assert commands.main(["--root", str(root), "serve", "--port", "0"]) == 1
    assert "catalog/models/tiny.yaml:2: is not YAML" in capsys.readouterr().err


def test_serve_answers_and_builds_anew_what_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, told = checkout(tmp_path / "toy"), []
    told_anew = threading.Event()

    def change(watched: Path, seen: object) -> Iterator[None]:
        address = re.search(r"http://\S+", told[0])
        assert address and b"Tiny" in urllib.request.urlopen(f"{address[0]}models/tiny/", timeout=5).read()
        entry = watched / "catalog" / "models" / "tiny.yaml"
        entry.write_text(entry.read_text().replace("name: Tiny\n", "name: Minute\n"))
        assert watching.snapshot(watched) != seen
        assert b"Minute" in urllib.request.urlopen(f"{address[0]}models/tiny/", timeout=5).read()
        yield
        assert b"Minute" in urllib.request.urlopen(f"{address[0]}models/tiny-slide/", timeout=5).read()
        entry.write_text("name: [")
        yield
        assert b"Minute" in urllib.request.urlopen(f"{address[0]}models/tiny/", timeout=5).read()
        with pytest.raises(urllib.error.HTTPError) as nowhere:
            urllib.request.urlopen(f"{address[0]}nowhere/", timeout=5)
        assert nowhere.value.code == 404 and b"There is no such page" in nowhere.value.read()
        told_anew.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "changes", change)
    serve(root, 0, False, told.append)
    assert told_anew.is_set()
    assert "built anew" in told[1] and "stays as it was until this is mended" in told[2] and told[3] == "stopped"


def test_the_pages_need_neither_mkdocs_nor_torch(toy_root: Path) -> None:
    lines = [
        "import sys",
        "from pathlib import Path",
        "import pathdex.site, pathdex.commands.serve",
        "from pathdex.build import build",
    ]
    lines += [f"build(Path({str(toy_root)!r}), only=['schemas'])", "assert not {'torch', 'timm', 'mkdocs'} & set(sys.modules)"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_building_twice_changes_nothing(tmp_path: Path) -> None:
    root = checkout(tmp_path / "toy")
    assert build(root)
    assert build(root) == []
