"""The site while people write: an edit shows within seconds, a mistake says so, and the rest of the site is left alone."""

import json
import re
import shutil
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_site import checkout

pytest.importorskip("material")
from pathdex.files import write_whole
from pathdex.serving import watching
from pathdex.serving.serve import Served, serve
from pathdex.serving.server import State, server

Seen = Callable[[str], str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The toy catalog, served by nobody yet, made once; each test leaves it as it was."""
    served = Served(checkout(tmp_path_factory.mktemp("serving") / "toy"), State())
    served.make()
    return served


def page(served: Served, path: str) -> str:
    return (served.root / "build" / "site" / path / "index.html").read_text(encoding="utf-8")


def told(served: Served) -> dict[str, object]:
    found: dict[str, object] = json.loads(served.state.told())
    return found


@pytest.fixture
def entry(made: Served) -> Iterator[Path]:
    """A model's file, put back at the end."""
    file = made.root / "catalog" / "models" / "tiny.yaml"
    text = file.read_text(encoding="utf-8")
    yield file
    file.write_text(text, encoding="utf-8")
    assert "built anew" in made.follow()
    made.stop_indexing()


def test_an_edit_shows_on_its_page_and_wherever_it_is_told(made: Served, entry: Path) -> None:
    before = told(made)["built"]
    entry.write_text(entry.read_text().replace("name: Tiny\n", "name: Minute\n"))
    assert re.search(r"built anew in \d+\.\d s: \d+ pages", made.follow())
    assert "<h1" in page(made, "models/tiny") and "Minute" in page(made, "models/tiny")
    assert "Minute" in page(made, "models") and "Minute" in page(made, "models/tiny-slide")
    data = json.loads((made.root / "build" / "site" / "data" / "models.json").read_text())
    assert "Minute" in json.dumps(data)
    assert "Minute" in (made.root / "build" / "site" / "api" / "models" / "tiny.json").read_text()
    assert told(made) == {"built": int(str(before)) + 1, "problem": ""}


def test_a_page_that_it_does_not_touch_is_not_written(made: Served, entry: Path) -> None:
    other = made.root / "build" / "site" / "about" / "index.html"
    stamp = other.stat().st_mtime_ns
    entry.write_text(entry.read_text().replace("name: Tiny\n", "name: Minute\n"))
    made.follow()
    assert other.stat().st_mtime_ns == stamp


def test_a_mistake_is_told_in_its_line_and_heals(made: Served, entry: Path) -> None:
    good = entry.read_text()
    entry.write_text("name: [")
    said = made.follow()
    assert "catalog/models/tiny.yaml:2: is not YAML" in said and "stays as it was until this is mended" in said
    assert "catalog/models/tiny.yaml:2: is not YAML" in str(told(made)["problem"])
    assert "Tiny" in page(made, "models/tiny")
    entry.write_text(good)
    assert "built anew" in made.follow() and told(made)["problem"] == ""


def test_prose_with_a_broken_link_is_told_and_heals(made: Served, entry: Path) -> None:
    prose = made.root / "site" / "pages" / "about.md"
    good = prose.read_text()
    prose.write_text(f"{good}\n[nowhere](nowhere.md)\n")
    assert "nowhere.md" in made.follow() and "nowhere.md" in str(told(made)["problem"])
    prose.write_text(f"{good}\nAnother sentence.\n")
    made.follow()
    assert "Another sentence." in page(made, "about") and told(made)["problem"] == ""
    prose.write_text(good)


def test_a_page_that_is_asked_for_is_never_stale(made: Served, entry: Path) -> None:
    other = made.root / "build" / "site" / "models" / "tiny-slide" / "index.html"
    stamp = other.stat().st_mtime_ns
    for name in ("Minute", "Wee"):
        entry.write_text(entry.read_text().replace(re.findall("^name: .*", entry.read_text())[0], f"name: {name}"))
        made.freshen("/models/tiny/")
        assert name in page(made, "models/tiny") and told(made)["problem"] == ""
    assert other.stat().st_mtime_ns == stamp
    for address in ("/models/tiny-slide/", "/models", "/api/models/tiny.json", "/data/models.json", "/downloads/models.csv"):
        made.freshen(address)
    assert "Wee" in page(made, "models/tiny-slide") and "Wee" in page(made, "models")
    for file in ("api/models/tiny.json", "data/models.json", "downloads/models.csv"):
        assert "Wee" in (made.root / "build" / "site" / file).read_text()


EDITS = {
    "catalog/models/tiny.yaml": ("name", "Minute"),
    "catalog/papers/lovelace2024tiny.yaml": ("title", "Another title"),
    "catalog/datasets/cohort.yaml": ("name", "Another cohort"),
    "catalog/benchmarks/toybench.yaml": ("name", "Another suite"),
    "catalog/results/toytable.yaml": ("title", "Another table"),
    "catalog/errata/tiny-size.yaml": ("correct", "Something else."),
    "catalog/taxonomy.yaml": ("    title", "Another section"),
    "site/licences.yaml": ("  name", "Another licence"),
}
"""A field of one entry of each kind, and what it is to say."""


def contents(served: Served) -> dict[str, bytes]:
    """What stands at every address of the site, but for its search index."""
    site = served.root / "build" / "site"
    files = {file.relative_to(site).as_posix(): file for file in sorted(site.rglob("*")) if file.is_file()}
    return {f"/{path}": file.read_bytes() for path, file in files.items() if not path.startswith("pagefind/")}


def test_asked_for_one_by_one_every_page_is_as_built_from_nothing(tmp_path: Path) -> None:
    served = Served(checkout(tmp_path / "toy"), State())
    served.make()
    addresses = [*contents(served)]
    for file, (field, value) in EDITS.items():
        entry, pattern = served.root / file, re.compile(rf"^{field}: .*", re.MULTILINE)
        entry.write_text(pattern.sub(f"{field}: {value}", entry.read_text()))
        addresses.reverse()
        for address in addresses:
            served.freshen(address.removesuffix("index.html"))
        assert value.encode() in b"".join(contents(served).values()) and told(served)["problem"] == "", file
    found, anew = contents(served), Served(served.root, State())
    anew.make()
    assert found == contents(anew)


def test_who_asks_for_a_page_comes_before_what_nobody_waits_for(made: Served, entry: Path) -> None:
    order, go, do = [], threading.Event(), made.renewal.renew

    def renew(path: str) -> list[str]:
        order.append(path)
        assert go.wait(20)
        return do(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made.renewal, "renew", renew)
        entry.write_text(entry.read_text().replace("name: Tiny\n", "name: Minute\n"))
        threads = [threading.Thread(target=made.follow), threading.Thread(target=made.freshen, args=["/status/"])]
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(order) + len(made.turns.asking) < number:
                time.sleep(0.01)
        go.set()
        for thread in threads:
            thread.join()
    assert order.index("build/docs/status.md") == 1 and "Minute" in page(made, "models")


def test_no_answer_is_older_than_what_was_saved_before_the_question(made: Served, entry: Path) -> None:
    good, saved = entry.read_text().replace("name: Tiny\n", "name: Saved{}\n"), [0]
    answered, over = threading.Event(), threading.Event()

    def save() -> None:
        for number in range(1, 25):
            write_whole(entry, good.format(number).encode())
            saved.append(number)
            answered.clear()
            answered.wait(5)
        over.set()

    def ask(address: str) -> list[tuple[int, int]]:
        seen = []
        while not over.is_set():
            latest = saved[-1]
            text = urllib.request.urlopen(address, timeout=20).read().decode()
            seen.append((latest, min(int(number) for number in re.findall(r"Saved(\d+)", text))))
            answered.set()
        return seen

    write_whole(entry, good.format(0).encode())
    with server(made.root, made.root / "build" / "site", 0, made.state, made.freshen) as running, ThreadPoolExecutor() as pool:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{running.server_address[1]}/"
        asking = [pool.submit(ask, home + path) for path in ("models/tiny/", "models/", "models/tiny-slide/", "data/models.json")]
        others = [pool.submit(save), pool.submit(made.follow)]
        answers = [answer for one in asking for answer in one.result()]
        assert all(one.exception() is None for one in others) and told(made)["problem"] == ""
        running.shutdown()
    assert len({shown for _, shown in answers}) > 4 and not [answer for answer in answers if answer[1] < answer[0]]


def test_a_mistake_is_told_to_who_asks_for_a_page(made: Served, entry: Path) -> None:
    good = entry.read_text()
    entry.write_text("name: [")
    for address in ("/models/tiny/", "/", "/papers/"):
        made.freshen(address)
        assert "catalog/models/tiny.yaml:2: is not YAML" in str(told(made)["problem"])
    assert "Tiny" in page(made, "models/tiny")
    entry.write_text(good.replace("name: Tiny\n", "name: Minute\n"))
    made.freshen("/models/tiny/")
    assert "Minute" in page(made, "models/tiny") and told(made)["problem"] == ""


def test_a_page_that_can_not_be_made_is_told_and_others_are_fresh(made: Served, entry: Path) -> None:
    template = made.root / "site" / "templates" / "pages" / "paper.md.jinja"
    good = template.read_text()
    template.write_text(good + "\n{% broken %}\n")
    entry.write_text(entry.read_text().replace("name: Tiny\n", "name: Minute\n"))
    made.freshen("/papers/hopper2020cohort/")
    assert "paper.md.jinja" in str(told(made)["problem"]) and "Hopper" in page(made, "papers/hopper2020cohort")
    made.freshen("/models/tiny/")
    assert "Minute" in page(made, "models/tiny") and "paper.md.jinja" in str(told(made)["problem"])
    template.write_text(good)


def test_a_new_page_is_there_when_it_is_asked_for_and_a_former_one_is_not(made: Served, entry: Path) -> None:
    new, site = entry.with_name("another.yaml"), made.root / "build" / "site" / "models"
    for addresses in (("/models/another/", "/models/"), ("/models/", "/models/another/")):
        shutil.copy(entry, new)
        for address in addresses:
            made.freshen(address)
        assert "Tiny" in page(made, "models/another") and "another/" in page(made, "models") and told(made)["problem"] == ""
        new.unlink()
        for address in addresses:
            made.freshen(address)
        assert not (site / "another").exists() and "another/" not in page(made, "models")
    made.freshen("/models/nowhere/")
    assert not (site / "nowhere").exists() and told(made)["problem"] == ""


def test_an_entry_comes_and_goes(made: Served, entry: Path) -> None:
    new = entry.with_name("another.yaml")
    shutil.copy(entry, new)
    made.follow()
    assert "Tiny" in page(made, "models/another") and "another/" in page(made, "models")
    new.unlink()
    made.follow()
    assert not (made.root / "build" / "site" / "models" / "another").exists() and "another/" not in page(made, "models")


def test_a_page_made_alone_is_the_page_that_mkdocs_makes(made: Served, entry: Path) -> None:
    before = page(made, "models/tiny"), page(made, "models")
    good = entry.read_text()
    entry.write_text(good.replace("name: Tiny\n", "name: Minute\n"))
    made.follow()
    entry.write_text(good)
    made.follow()
    assert (page(made, "models/tiny"), page(made, "models")) == before


def test_a_change_of_the_frame_makes_everything_anew(made: Served, entry: Path) -> None:
    settings = made.root / "mkdocs.yml"
    good = settings.read_text()
    settings.write_text(good.replace("site_name: pathdex", "site_name: other"))
    made.follow()
    assert "other" in re.findall(r"<title>(.*?)</title>", page(made, "about"))[0]
    settings.write_text(good)


def test_only_the_served_page_carries_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, lines, done = checkout(tmp_path / "toy"), [], threading.Event()

    def change(watched: Path, seen: object) -> Iterator[None]:
        found = re.search(r"http://\S+", lines[0])
        assert found

        def get(path: str) -> str:
            return str(urllib.request.urlopen(found[0] + path, timeout=5).read().decode())

        assert "/_serving/live.js" in get("") and "/_serving/live.js" in get("models/tiny/")
        assert "role" in get("_serving/live.js") and ".serving" in get("_serving/live.css")
        assert json.loads(get("_serving/state.json")) == {"built": 1, "problem": ""}
        assert "_serving" not in (root / "build" / "site" / "index.html").read_text()
        assert not list((root / "build" / "site").rglob("live.js"))
        done.set()
        yield from ()
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "changes", change)
    serve(root, 0, False, lines.append)
    assert done.is_set()
