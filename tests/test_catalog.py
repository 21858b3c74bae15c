"""The catalog is read once, whole, and knows its edges."""

from pathlib import Path

import pytest

import pathdex
from pathdex.catalog import Catalog, find_root, read_catalog
from pathdex.problems import CatalogError
from pathdex.schema.record import dotted, facts, references


def test_entries_come_by_kind_and_id_in_order(toy: Catalog) -> None:
    assert list(toy.models) == ["tiny", "tiny-slide"]
    assert [(kind, name) for kind, name, _ in toy.entries() if kind == "papers"] == [
        ("papers", "babbage2025slide"),
        ("papers", "hopper2020cohort"),
        ("papers", "lovelace2024tiny"),
    ]


def test_edges_are_resolved(toy: Catalog) -> None:
    assert toy.models_of("lovelace2024tiny") == ["tiny"]
    assert toy.results_of("tiny") == ["toytable"]
    assert toy.errata_of("models", "tiny") == ["tiny-size"]


def test_a_table_stays_as_printed(toy: Catalog) -> None:
    assert list(toy.tables["toytable"].cells())[:2] == [("Tiny (ours)", "#Slides", "1K"), ("Tiny (ours)", "Bears", "0.810")]


def test_all_problems_of_all_files_are_told_at_once(toy_root: Path) -> None:
    (toy_root / "catalog/models/tiny.yaml").write_text("name: Tiny\nkinds: patch-encoder\n")
    (toy_root / "catalog/papers/babbage2025slide.yaml").write_text("a: [\n")
    (toy_root / "catalog/datasets/cohort.yaml").unlink()
    with pytest.raises(CatalogError) as error:
        Catalog.load(toy_root)
    told = [str(problem) for problem in error.value.problems]
    assert [line.split(":")[0] for line in told] == [
        "catalog/datasets/patches.yaml",
        *["catalog/models/tiny.yaml"] * 4,
        "catalog/papers/babbage2025slide.yaml",
    ]
    assert "catalog/models/tiny.yaml:2: kinds: is not a field here; did you mean 'kind'? [schema/shape]" in told, (
        "an unknown key is told with the near one"
    )


def test_a_reference_to_an_entry_that_cannot_be_read_is_not_told_twice(toy_root: Path) -> None:
    (toy_root / "catalog/papers/lovelace2024tiny.yaml").write_text("title: x\n")
    _, problems = read_catalog(toy_root)
    assert {problem.file for problem in problems} == {"catalog/papers/lovelace2024tiny.yaml"}


def test_an_unknown_id_is_told_with_the_near_one(toy_root: Path) -> None:
    file = toy_root / "catalog/models/tiny-slide.yaml"
    file.write_text(file.read_text().replace("[tiny]", "[tinny]"))
    _, problems = read_catalog(toy_root)
    assert [str(problem) for problem in problems] == [
        "catalog/models/tiny-slide.yaml:19: lineage.uses_encoder.0: 'tinny' is not in models; did you mean 'tiny'? [references/unknown-id]"
    ]


def test_facts_are_the_stated_leaves_that_speak_of_the_world(toy: Catalog) -> None:
    told = [dotted(path) for path in facts(toy.datasets["cohort"])]
    assert told[:4] == ["url", "access", "license", "organs.0"]
    assert told[-1] == "derived_from"


def test_references_are_found_through_the_types(toy: Catalog) -> None:
    assert list(references(toy.datasets["patches"])) == [(("derived_from", 0, "dataset"), "datasets", "cohort")]


def test_the_working_folder_or_one_above_it_is_the_root(toy_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(toy_root / "catalog" / "models")
    assert find_root() == toy_root
    assert sorted(pathdex.load_catalog().models) == ["tiny", "tiny-slide"]


def test_away_from_a_checkout_the_catalog_that_came_with_pathdex_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "uni2-h" in pathdex.load_catalog().models
