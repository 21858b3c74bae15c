"""A new entry starts from a skeleton that names every field."""

from pathlib import Path

import pytest
import yaml

from pathdex.commands import main
from pathdex.contribute import SINGULAR, draft, skeleton
from pathdex.schema import KINDS


@pytest.mark.parametrize("kind", SINGULAR)
def test_a_skeleton_names_every_field_of_its_kind(kind: str) -> None:
    text = skeleton(kind, "x")
    record = KINDS[SINGULAR[kind]]
    for name, field in record.model_fields.items():
        if name not in ("disputed", "allow"):
            assert f"\n{name}:" in text or (not field.is_required() and f"\n# {name}:" in text), name


@pytest.mark.parametrize("kind", SINGULAR)
def test_open_fields_are_the_required_ones(kind: str) -> None:
    record = KINDS[SINGULAR[kind]]
    required = [name for name, field in record.model_fields.items() if field.is_required()]
    assert list(yaml.safe_load(skeleton(kind, "x"))) == [*required, "sources"]


@pytest.mark.parametrize("kind", SINGULAR)
def test_a_skeleton_without_its_comment_marks_is_still_yaml(kind: str) -> None:
    bare = "\n".join(
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line for line in skeleton(kind, "x").splitlines()[3:]
    )
    assert set(KINDS[SINGULAR[kind]].model_fields) - {"disputed", "allow"} <= set(yaml.safe_load(bare))


def test_an_entry_that_is_there_is_never_overwritten(toy_root: Path) -> None:
    before = (toy_root / "catalog/models/tiny.yaml").read_text()
    with pytest.raises(FileExistsError):
        draft(toy_root, "model", "tiny")
    assert main(["--root", str(toy_root), "new", "model", "tiny"]) == 2
    assert (toy_root / "catalog/models/tiny.yaml").read_text() == before


@pytest.mark.parametrize("name", ["../x", "Uni", "a b", "", "x/y"])
def test_an_id_that_is_none_is_refused(name: str, toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "new", "paper", name]) == 2
    assert "is not an id" in capsys.readouterr().err


def test_new_writes_the_skeleton_and_says_what_is_next(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "new", "paper", "curie2026toy"]) == 0
    assert capsys.readouterr().out == "catalog/papers/curie2026toy.yaml: fill it in, then run: pathdex check curie2026toy\n"
    assert (toy_root / "catalog/papers/curie2026toy.yaml").read_text() == skeleton("paper", "curie2026toy")
