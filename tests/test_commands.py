"""The command line: what it prints and how it returns."""

import json
from pathlib import Path

import pytest

from pathdex.commands import main


def test_check_is_silent_on_a_clean_catalog(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "check"]) == 0
    assert capsys.readouterr().out == ""


def test_check_prints_a_line_a_problem_and_returns_1(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = toy_root / "catalog/models/tiny-slide.yaml"
    file.write_text(file.read_text().replace("kind: slide-encoder", "kind: slide-encodre"))
    assert main(["--root", str(toy_root), "check"]) == 1
    seen = capsys.readouterr()
    assert seen.out == (
        "catalog/models/tiny-slide.yaml:3: kind: 'slide-encodre' is not a choice; did you mean 'slide-encoder'? [schema/shape]\n"
    )
    assert seen.err.endswith("1 problem\n")


def test_check_can_be_narrowed_to_an_entry(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (toy_root / "catalog/models/tiny.yaml").write_text("name: 3\n")
    assert main(["--root", str(toy_root), "check", "papers/"]) == 0


def test_a_folder_without_a_catalog_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "check"]) == 2
    assert capsys.readouterr().err == f"pathdex: no catalog/ in {tmp_path}; give --root a folder that holds one\n"


def test_show_tells_every_value_with_its_receipt(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "show", "tiny"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Tiny  (models/tiny)\n")
    assert "weights.license" in shown
    assert "github:toy/tiny@0123456789abcdef0123456789abcdef01234567:README.md (Usage)" in shown


def test_show_speaks_json(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "show", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["embeddings"]["cls"]["width"] == 192


def test_an_unknown_entry_is_a_wrong_call(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "show", "tinny"]) == 2
    assert capsys.readouterr().err == "pathdex: no entry 'tinny'; did you mean 'tiny'?\n"


@pytest.mark.parametrize("arguments", [[], ["checks"], ["check", "--nope"], ["new", "papr", "x"]])
def test_a_wrong_call_returns_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage: pathdex" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "start"),
    [("bibtex", "@article{lovelace2024tiny,"), ("ris", "TY  - JOUR"), ("csl", "["), ("apa", "Lovelace, A.")],
)
def test_cite_writes_each_form(form: str, start: str, toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "cite", "lovelace2024tiny", "--format", form]) == 0
    assert capsys.readouterr().out.startswith(start)


def test_citing_a_model_cites_its_papers_once(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "cite", "tiny", "lovelace2024tiny"]) == 0
    assert capsys.readouterr().out.count("@article{lovelace2024tiny,") == 1


def test_an_unknown_citation_is_a_wrong_call(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "cite", "lovelace2024tyni"]) == 2
    assert "did you mean 'lovelace2024tiny'?" in capsys.readouterr().err
