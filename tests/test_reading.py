"""YAML reads as it looks, or not at all."""

from pathlib import Path

import pytest

from pathdex.reading import Unreadable, parse, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 681_394_176", 681_394_176),
        ("a: -3", -3),
        ("a: 1.0e-5", 1e-5),
        ("a: 0.5", 0.5),
        ("a: true", True),
        ("a: 2025-01-14", "2025-01-14"),
        ("a: '2308.15474'", "2308.15474"),
        ("a: 42715efc11722a49", "42715efc11722a49"),
        ("a: [1, x, 2.5]", [1, "x", 2.5]),
        ("a: H&E", "H&E"),
        ("a: >-\n  two\n  lines", "two lines"),
        ("a: 'no'", "no"),
        ("a: -", None),
        ("a: Größe {not} [flow]", "Größe {not} [flow]"),
    ],
)
def test_a_scalar_reads_as_it_looks(text: str, value: object) -> None:
    if value is None:
        with pytest.raises(Unreadable):
            parse(text)
    else:
        assert parse(text) == {"a": value}


@pytest.mark.parametrize(
    "word", ["yes", "No", "on", "OFF", "y", "1e-5", "1E5", "012", "0x1f", "0o17", "22:30", ".inf", ".NaN", "-.inf"]
)
def test_what_yaml_versions_read_differently_is_refused(word: str) -> None:
    with pytest.raises(Unreadable, match="read as text by some"):
        parse(f"a: {word}")


def test_every_field_has_a_line_and_a_column(tmp_path: Path) -> None:
    file = tmp_path / "entry.yaml"
    file.write_text("name: x\nweights:\n  files:\n    - name: a\n    - name: b\n      bytes: 3\n")
    document = read(file, "entry.yaml")
    assert document.place(("weights", "files", 1, "bytes")) == (6, 14)
    assert document.place(("weights", "files")) == (3, 3)
    assert document.place(("weights", "missing")) == (2, 1)
    assert document.place(("name",), of_key=True) == (1, 1)


def test_evidence_is_read_as_json_with_lines(tmp_path: Path) -> None:
    file = tmp_path / "tiny.json"
    file.write_text('{\n  "recipe": "x",\n  "rungs": {\n    "architecture": {"status": "passed"}\n  }\n}\n')
    document = read(file, "tiny.json")
    assert document.data["rungs"]["architecture"]["status"] == "passed"
    assert document.place(("rungs", "architecture", "status"))[0] == 4
