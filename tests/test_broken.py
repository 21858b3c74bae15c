"""A broken entry gives its contributor one line: where, what, how to mend. `broken/expected.txt` holds the lines."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pathdex.commands import main

BROKEN = Path(__file__).parent / "broken"
LINES = (BROKEN / "expected.txt").read_text(encoding="utf-8").splitlines()
ENTRY = (BROKEN / "models" / "no-receipt.yaml").read_text(encoding="utf-8").replace("code: https://example.org/code\n", "")


def _entry(line: str) -> str:
    """Kind and id of the entry that a line is about."""
    return line.removeprefix("catalog/").partition(":")[0].rpartition(".")[0]


def _check(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["--root", str(root), "check", "--today", "2026-06-01"])
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("line", LINES, ids=_entry)
def test_a_broken_entry_gives_one_line(line: str, toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = _entry(line)
    for file in (BROKEN / entry).parent.glob(f"{Path(entry).name}.*"):
        shutil.copy(file, toy_root / "catalog" / entry.partition("/")[0])
    assert _check(toy_root, capsys) == (1, [line])


def test_every_broken_entry_has_a_line() -> None:
    there = {file.relative_to(BROKEN).with_suffix("").as_posix() for file in BROKEN.glob("*/*")}
    assert sorted(map(_entry, LINES)) == sorted(there)


def _write(file: str, text: str) -> Callable[[Path], object]:
    return lambda catalog: (catalog / file).write_text(text, encoding="utf-8")


def _link(file: str, target: str) -> Callable[[Path], object]:
    return lambda catalog: (catalog / file).symlink_to(target)


MADE: list[tuple[Callable[[Path], object], str]] = [
    (_write("models/ten-megabytes.yaml", ENTRY + "#" * 79 + "\n"), ""),
    (
        _write("models/ten-megabytes.yaml", ENTRY + ("#" * 79 + "\n") * 125_000),
        "catalog/models/ten-megabytes.yaml:1: is 10,000,178 bytes long; an entry holds at most 1,000,000 [reading/readable]",
    ),
    (
        _write("models/brackets.yaml", "name: " + "[" * 5_000),
        "catalog/models/brackets.yaml:1: opens too many brackets; write it flatter, in block style [reading/readable]",
    ),
    (
        _write("models/long-line.yaml", ENTRY + "family: " + "x" * 20_000),
        "catalog/models/long-line.yaml:9: has a line of more than 10,000 characters; break it [reading/readable]",
    ),
    (
        _write("models/long-number.yaml", "year: 1" + "0" * 5_000),
        "catalog/models/long-number.yaml:1: year: is a number beyond all bounds; correct it [reading/readable]",
    ),
    (
        _write("evidence/nested.json", "[" * 200_000),
        "catalog/evidence/nested.json:1: is nested too deep; let the job write it anew [reading/readable]",
    ),
    (
        _write("evidence/number.json", '{"recipe": 1' + "0" * 5_000 + "}"),
        "catalog/evidence/number.json:1: holds 10000000000000000000; let the job write it anew [reading/readable]",
    ),
    (
        _write("models/line-break.yaml", ENTRY + "# one\u2028two\n"),
        "catalog/models/line-break.yaml:9: holds the invisible line break U+2028; remove it [reading/readable]",
    ),
    (
        _write("models/two\nlines.yaml", ENTRY),
        "catalog/models/two\\nlines.yaml:1: 'two\\nlines' is not an id; name the file with lower-case letters, digits, '-' and '.' [reading/readable]",
    ),
    (
        _write("paper", ""),
        "catalog/paper:1: does not belong here; did you mean 'papers'? [reading/readable]",
    ),
    (
        lambda catalog: (shutil.rmtree(catalog / "errata"), (catalog / "errata").symlink_to("/etc")),
        "catalog/errata:1: is a link; put the folder itself here [reading/readable]",
    ),
    (
        lambda catalog: (shutil.rmtree(catalog / "errata"), (catalog / "errata").write_text("")),
        "catalog/errata:1: is not a folder; put entries in a folder of this name [reading/readable]",
    ),
    (
        _link("models/link.yaml", "tiny.yaml"),
        "catalog/models/link.yaml:1: is a link; put the file itself here [reading/readable]",
    ),
    (
        _link("models/secret.yaml", "/etc/hostname"),
        "catalog/models/secret.yaml:1: is a link; put the file itself here [reading/readable]",
    ),
    (
        lambda catalog: (catalog / "models/folder.yaml").mkdir(),
        "catalog/models/folder.yaml:1: is not a file; put an entry here [reading/readable]",
    ),
    (
        _write("models/..climbing.yaml", ENTRY),
        "catalog/models/..climbing.yaml:1: '..climbing' is not an id; name the file with lower-case letters, digits, '-' and '.' [reading/readable]",
    ),
    (
        _write("models/Tiny.Model.yaml", ENTRY),
        "catalog/models/Tiny.Model.yaml:1: 'Tiny.Model' is not an id; name the file with lower-case letters, digits, '-' and '.' [reading/readable]",
    ),
    (
        _write("models/t\u0456ny.yaml", ENTRY),  # a Cyrillic i
        "catalog/models/t\u0456ny.yaml:1: 't\u0456ny' is not an id; name the file with lower-case letters, digits, '-' and '.' [reading/readable]",
    ),
    (
        _write("models/-rf tiny.yaml", ENTRY),
        "catalog/models/-rf tiny.yaml:1: '-rf tiny' is not an id; name the file with lower-case letters, digits, '-' and '.' [reading/readable]",
    ),
]


@pytest.mark.parametrize(("make", "line"), MADE, ids=[line.partition(":")[0] or "whole" for _, line in MADE])
def test_what_no_checkout_can_hold_gives_one_line(
    make: Callable[[Path], object], line: str, toy_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(toy_root / "catalog")
    assert _check(toy_root, capsys) == ((1, [line]) if line else (0, []))


@pytest.mark.parametrize(
    "title", ["{{ 7 * 7 }} models", "{% include 'x' %}", "100 % of $x_1$ & #1 \\o/", "a < b > c", "*a* _b_ `c` [d](e)"]
)
def test_what_is_markup_only_to_a_program_is_text(title: str, toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = toy_root / "catalog/papers/babbage2025slide.yaml"
    file.write_text(file.read_text().replace("title: Slides from tiles", "title: '" + title.replace("'", "''") + "'"))
    assert _check(toy_root, capsys) == (0, [])
