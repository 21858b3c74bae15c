"""The command line: what it prints and how it returns."""

import json
import os
import subprocess
import sys
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


def test_check_of_an_entry_that_is_not_there_is_a_wrong_call(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "check", "tinny"]) == 2
    assert capsys.readouterr().err == "pathdex: no entry 'tinny'; did you mean 'tiny'?\n"


@pytest.mark.parametrize("call", [["new", "paper", "curie2026toy"], ["build"], ["serve"], ["verify", "tiny"]], ids=" ".join)
def test_the_catalog_that_came_with_pathdex_is_never_written(
    call: list[str], toy_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pathdex.commands.SHIPPED", toy_root)
    assert main(["--root", str(toy_root), *call]) == 2
    assert capsys.readouterr().err.startswith("pathdex: the catalog that came with pathdex stays as it is; ")


def test_a_file_that_may_not_be_read_is_a_finding(
    toy_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_bytes(file: Path) -> bytes:
        if file.name == "tiny.yaml":
            raise PermissionError(13, "Permission denied", str(file))
        with file.open("rb") as stream:
            return stream.read()

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert main(["--root", str(toy_root), "check"]) == 1
    told = "catalog/models/tiny.yaml:1: may not be read; give yourself the right to read it [reading/readable]\n"
    assert capsys.readouterr().out == told


def test_what_the_machine_refuses_is_told_in_a_line(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (toy_root / "schema").write_text("not a folder")
    assert main(["--root", str(toy_root), "build", "schemas"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("pathdex: ") and told.count("\n") == 1


@pytest.mark.parametrize("stdout", ["closed", "ascii"])
def test_a_poor_terminal_brings_no_traceback(stdout: str, toy_root: Path) -> None:
    file = toy_root / "catalog/models/tiny.yaml"
    file.write_text(file.read_text().replace("name: Tiny", "name: Größe"), encoding="utf-8")
    code = f"from pathdex.commands import main; raise SystemExit(main(['--root', {str(toy_root)!r}, 'show', 'tiny']))"
    read, write = os.pipe()
    if stdout == "closed":
        os.close(read)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    call = [sys.executable, "-c", code]
    told = subprocess.run(call, stdout=write, stderr=subprocess.PIPE, env=environment, check=False, text=True)
    os.close(write)
    assert told.stderr == ""
    if stdout == "ascii":
        with os.fdopen(read, "rb") as stream:
            assert stream.read().startswith(b"Gr\\xf6\\xdfe  (models/tiny)\n")


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
