"""Building writes what changed, whole or not at all, and says what is stale."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pathdex import plugins
from pathdex.build import build, outputs, site_texts, stale
from pathdex.catalog import Catalog
from pathdex.commands import main
from pathdex.files import write_whole

ROOT = Path(__file__).parents[1]
MINE = ("api", "awesome", "bibliography", "feeds", "llms", "modelcards", "schemas")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes one output of the given files, in place of all others."""

    def install(*files: tuple[str, str], committed: bool = True, aggregate: bool = False) -> None:
        def render(catalog: Catalog, prose: dict[str, str]) -> Iterator[tuple[str, str]]:
            for path, text in files:
                if text == "fail":
                    raise RuntimeError("half way")
                yield path, text

        module = SimpleNamespace(COMMITTED=committed, AGGREGATE=aggregate, render=render)
        monkeypatch.setattr(plugins, "names", lambda package: ("fake",))
        monkeypatch.setattr(plugins, "load", lambda package, name: module)

    return install


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_second_build_changes_nothing(toy_root: Path) -> None:
    assert "modelcards/tiny.md" in build(toy_root, MINE)
    before = files(toy_root)
    assert build(toy_root, MINE) == []
    assert files(toy_root) == before


def test_two_builds_write_the_same_bytes(toy_root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(toy_root, other)
    build(toy_root, MINE)
    build(other, tuple(reversed(MINE)))
    assert files(toy_root) == files(other)


def test_a_changed_entry_makes_its_card_stale(toy_root: Path) -> None:
    build(toy_root, MINE)
    assert stale(toy_root, MINE) == []
    entry = toy_root / "catalog/models/tiny.yaml"
    entry.write_text(entry.read_text().replace("The smallest encoder", "A small encoder"))
    assert stale(toy_root, MINE) == ["modelcards/tiny.md: is stale; run pathdex build"]
    assert build(toy_root, ("modelcards",)) == ["modelcards/tiny.md"]
    assert stale(toy_root, MINE) == []


def test_what_is_missing_or_left_over_is_stale(toy_root: Path) -> None:
    build(toy_root, MINE)
    (toy_root / "references.bib").unlink()
    (toy_root / "modelcards/gone.md").write_text("gone\n")
    lines = ["modelcards/gone.md: is left over; run pathdex build", "references.bib: is missing; run pathdex build"]
    assert stale(toy_root, MINE) == lines
    assert build(toy_root, MINE) == ["modelcards/gone.md", "references.bib"]
    assert not (toy_root / "modelcards/gone.md").exists()


def test_what_lies_below_build_is_never_stale(toy_root: Path) -> None:
    build(toy_root, MINE)
    shutil.rmtree(toy_root / "build")
    assert stale(toy_root, MINE) == []


def test_an_output_built_alone_leaves_the_others_files(toy_root: Path) -> None:
    build(toy_root, MINE)
    (toy_root / "build/docs/page.md").write_text("another output's\n")
    before = files(toy_root)
    build(toy_root, ("api", "schemas"))
    assert files(toy_root) == before


def test_a_full_build_removes_what_no_output_yields(toy_root: Path, fake: Any) -> None:
    fake(("build/docs/a.md", "a\n"), committed=False)
    (toy_root / "build/docs").mkdir(parents=True)
    (toy_root / "build/docs/old.md").write_text("old\n")
    (toy_root / "build/site").mkdir()
    (toy_root / "build/site/index.html").write_text("made by others\n")
    assert build(toy_root) == ["build/docs/a.md", "build/docs/old.md"]
    assert (toy_root / "build/site/index.html").exists()


def test_static_files_are_copied_and_templates_are_not(toy_root: Path, fake: Any) -> None:
    fake(("build/docs/a.md", "a\n"), committed=False)
    for path, content in {
        "assets/a.png": b"\x89PNG\xff",
        "assets/a.css": b"a{}",
        "templates/a.jinja": b"",
        "about.md": b"x",
    }.items():
        write_whole(toy_root / "site" / path, content)
    assert build(toy_root) == ["build/docs/a.md", "build/docs/assets/a.css", "build/docs/assets/a.png"]
    assert sorted(site_texts(toy_root)) == ["about.md", "assets/a.css", "templates/a.jinja"]


def test_a_failing_output_leaves_everything_as_it_was(toy_root: Path, fake: Any) -> None:
    build(toy_root, MINE)
    before = files(toy_root)
    fake(("AWESOME.md", "half\n"), ("references.bib", "fail"))
    with pytest.raises(RuntimeError):
        build(toy_root)
    assert files(toy_root) == before


def test_two_outputs_never_write_one_file(toy_root: Path, fake: Any) -> None:
    fake(("AWESOME.md", "a\n"), ("AWESOME.md", "b\n"))
    with pytest.raises(ValueError, match="two outputs write"):
        build(toy_root)


@pytest.mark.parametrize("name", outputs())
def test_an_output_keeps_the_contract(name: str, toy: Catalog) -> None:
    output = plugins.load("pathdex.outputs", name)
    assert output.__doc__
    texts = site_texts(ROOT)
    rendered = list(output.render(toy, texts))
    assert rendered == list(output.render(toy, texts))
    for path, text in rendered:
        assert path.startswith("build/docs/") != output.COMMITTED, path
        assert ".." not in path.split("/"), path
        if isinstance(text, str):
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path


def test_the_command_says_what_changed(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "build", "awesome"]) == 0
    assert capsys.readouterr().out == "AWESOME.md\n"


def test_the_check_prints_a_line_for_each_stale_file(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "build", "--check", "awesome"]) == 1
    assert capsys.readouterr().out == "AWESOME.md: is missing; run pathdex build\n"
    main(["--root", str(toy_root), "build", "awesome"])
    capsys.readouterr()
    assert main(["--root", str(toy_root), "build", "--check", "awesome"]) == 0
    assert capsys.readouterr().out == ""


def test_files_that_gather_many_entries_can_be_left_to_others(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "build", "--check", "--per-entry"]) == 1
    lines = capsys.readouterr().out
    assert "modelcards/tiny.md" in lines
    assert "AWESOME.md" not in lines


def test_an_unknown_output_is_a_wrong_call(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "build", "awesom"]) == 2
    assert capsys.readouterr().err == "pathdex: no output is called 'awesom'; did you mean 'awesome'?\n"


def test_a_broken_catalog_writes_nothing(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (toy_root / "catalog/models/tiny.yaml").write_text("name: [\n")
    before = files(toy_root)
    assert main(["--root", str(toy_root), "build"]) == 1
    assert "catalog/models/tiny.yaml:" in capsys.readouterr().err
    assert files(toy_root) == before


def test_a_build_without_the_site_extra_says_what_to_install(
    toy_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["--root", str(toy_root), "build", "download_pages"]) == 2
    assert "pip install 'pathdex[site]'" in capsys.readouterr().err
    assert main(["--root", str(toy_root), "build", "--committed"]) == 0
