"""What is derived stays up to date: after any change it is what a build from nothing would give, and the rest is left alone."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pathdex import build
from pathdex.problems import CatalogError
from pathdex.renewal import Renewal

PROJECT = Path(__file__).parent.parent
TOY = Path(__file__).parent / "toy"


def whole(root: Path) -> dict[str, bytes]:
    """Everything derived, rendered from nothing."""
    return build._rendered(root, (), False)


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "catalog" / file
        text = path.read_text(encoding="utf-8")
        assert re.search(old, text, re.MULTILINE), file
        path.write_text(re.sub(old, new, text, count=1, flags=re.MULTILINE), encoding="utf-8")

    return change


def copied(kind: str, name: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        for file in (root / "catalog" / kind).glob(f"{name}.*"):
            shutil.copy(file, file.with_name(file.name.replace(name, new, 1)))

    return change


def removed(kind: str, name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        for file in (root / "catalog" / kind).glob(f"{name}.*"):
            file.unlink()

    return change


CHANGES = {
    "a model's name": replaced("models/tiny.yaml", r"^name: .*", "name: Minute"),
    "a model's date": replaced("models/tiny.yaml", r"^released: .*", "released: 1999"),
    "a paper's title": replaced("papers/lovelace2024tiny.yaml", r"^title: .*", "title: Another title"),
    "a data set's name": replaced("datasets/cohort.yaml", r"^name: .*", "name: Another cohort"),
    "a suite's name": replaced("benchmarks/toybench.yaml", r"^name: .*", "name: Another suite"),
    "a table's title": replaced("results/toytable.yaml", r"^title: .*", "title: Another table"),
    "a printed number": replaced("results/toytable.csv", r"0\.810", "0.110"),
    "an erratum": replaced("errata/tiny-size.yaml", r"^correct: .*", "correct: Something else."),
    "a suite's data set": replaced("benchmarks/toybench.yaml", r"^summary: .*", "summary: Other tasks."),
    "training": replaced("models/tiny.yaml", r"^  data_complete: .*\n", ""),
    "descent": replaced("models/tiny-slide.yaml", r"^  uses_encoder: ", "  distilled_from: "),
    "evidence gone": removed("evidence", "tiny-slide"),
    "a model more": copied("models", "tiny", "another"),
    "a data set more": copied("datasets", "cohort", "another"),
    "a model less": removed("models", "another"),
    "an erratum less": removed("errata", "tiny-size"),
    "a table less": removed("results", "toytable"),
    "the taxonomy": replaced("taxonomy.yaml", r"title: .*", "title: Another section"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The toy catalog with the site's prose, templates and settings."""
    shutil.copytree(TOY, tmp_path / "toy")
    shutil.copytree(PROJECT / "site", tmp_path / "toy" / "site")
    shutil.copy(PROJECT / "mkdocs.yml", tmp_path / "toy")
    return tmp_path / "toy"


def made(root: Path) -> Renewal:
    renewal = Renewal(root)
    renewal.read()
    renewal.render()
    return renewal


def test_after_each_change_it_is_what_a_build_from_nothing_gives(root: Path) -> None:
    renewal = made(root)
    for told, change in CHANGES.items():
        before = dict(renewal.written)
        change(root)
        renewal.read()
        written = renewal.render()
        wanted = {**whole(root), **build.static(root)}
        assert renewal.written == wanted, told
        assert written == sorted(path for path in before | wanted if before.get(path) != wanted.get(path)) and written, told
        assert all((root / path).read_bytes() == content for path, content in wanted.items()), told
        assert not [path for path in before if path not in wanted and (root / path).exists()], told


def test_a_file_that_is_wanted_is_right_whatever_became_of_the_others(root: Path) -> None:
    renewal = made(root)
    for told in ("a suite's name", "training", "a model more", "evidence gone", "a table less", "the taxonomy"):
        CHANGES[told](root)
        renewal.read()
        wanted = {**whole(root), **build.static(root)}
        for path in sorted(renewal.owners, reverse=True)[::5]:
            renewal.renew(path)
            assert ((root / path).read_bytes() if (root / path).exists() else None) == wanted.get(path), (told, path)
    renewal.render()
    assert renewal.written == wanted and all((root / path).read_bytes() == content for path, content in wanted.items())
    assert not list(build.leftovers(root, wanted))


def test_what_nobody_wants_is_not_rendered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renewal, rendered = made(root), []
    from pathdex.outputs import model_pages

    monkeypatch.setattr(
        model_pages, "page", lambda *given, do=model_pages.page, **more: rendered.append(given[2]) or do(*given, **more)
    )
    template = root / "site" / "templates" / "pages" / "model.md.jinja"
    template.write_text(template.read_text(encoding="utf-8") + "\nAdded\n", encoding="utf-8")
    renewal.read()
    assert renewal.renew("build/docs/models/tiny.md") == ["build/docs/models/tiny.md"] and rendered == ["models/tiny.md"]


def test_what_did_not_change_is_neither_rendered_nor_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renewal = made(root)
    page = root / "build" / "docs" / "papers" / "hopper2020cohort.md"
    stamp, rendered = page.stat().st_mtime_ns, []
    from pathdex.outputs import model_pages, paper_pages

    for module in (model_pages, paper_pages):
        monkeypatch.setattr(
            module, "page", lambda *given, do=module.page, **more: rendered.append(given[2]) or do(*given, **more)
        )
    CHANGES["a model's name"](root)
    renewal.read()
    written = renewal.render()
    assert "build/docs/models/tiny.md" in written and "build/docs/models/index.md" in written
    assert "models/tiny.md" in rendered and "papers/hopper2020cohort.md" not in rendered
    assert page.stat().st_mtime_ns == stamp


def test_files_that_did_not_change_are_not_read_again(root: Path) -> None:
    renewal = made(root)
    former = renewal.answers
    CHANGES["a model's name"](root)
    renewal.read()
    assert former and renewal.answers
    one, other = former.plain, renewal.answers.plain
    assert one.models["tiny"] is not other.models["tiny"] and one.models["tiny-slide"] is other.models["tiny-slide"]


def test_prose_and_plain_words_of_licences_concern_only_who_reads_them(root: Path) -> None:
    renewal = made(root)
    for file, told in (("pages/about.md", "about.md"), ("licences.yaml", "licences.yaml"), ("assets/site.css", "site.css")):
        path = root / "site" / file
        path.write_text(path.read_text(encoding="utf-8") + "\n# Added\n", encoding="utf-8")
        former = renewal.answers
        renewal.read()
        assert [Path(written).name for written in renewal.render()] == [told]
        assert former and renewal.answers
        kept = renewal.answers.known[("paper page", "hopper2020cohort")]
        assert kept is former.known[("paper page", "hopper2020cohort")]


def test_nothing_changed_is_nothing_written(root: Path) -> None:
    renewal = made(root)
    renewal.read()
    assert renewal.render() == []


def test_a_broken_entry_leaves_everything_until_it_is_mended(root: Path) -> None:
    renewal = made(root)
    entry = root / "catalog" / "models" / "tiny.yaml"
    text = entry.read_text(encoding="utf-8")
    entry.write_text("name: [", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(CatalogError, match=r"catalog/models/tiny\.yaml:\d+: is not YAML"):
            renewal.read()
    entry.write_text(text.replace("name: Tiny", "name: Mended"), encoding="utf-8")
    renewal.read()
    assert "build/docs/models/tiny.md" in renewal.render()


def test_a_template_that_changed_renders_its_pages_anew(root: Path) -> None:
    renewal = made(root)
    template = root / "site" / "templates" / "pages" / "paper.md.jinja"
    template.write_text(template.read_text(encoding="utf-8") + "\nAdded\n", encoding="utf-8")
    renewal.read()
    assert {f"build/docs/papers/{name}.md" for name in ("hopper2020cohort", "lovelace2024tiny")} <= set(renewal.render())
