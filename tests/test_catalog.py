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
        *["catalog/models/tiny.yaml"] * 3,
        "catalog/papers/babbage2025slide.yaml",
    ]
    assert "catalog/models/tiny.yaml:2: kinds: is not a field here; did you mean 'kind'? [schema/shape]" in told, (
        "an unknown key is told with the near one"
    )


def test_a_reference_to_an_entry_that_cannot_be_read_is_not_told_twice(toy_root: Path) -> None:
    (toy_root / "catalog/papers/lovelace2024tiny.yaml").write_text("title: x\n")
    _, problems = read_catalog(toy_root)
    assert {problem.file for problem in problems} == {"catalog/papers/lovelace2024tiny.yaml"}


@pytest.mark.parametrize("file", ["catalog/taxonomy.yaml", "catalog/benchmarks/toybench.yaml"])
def test_what_stands_in_a_file_that_cannot_be_read_is_not_missed_one_by_one(file: str, toy_root: Path) -> None:
    (toy_root / file).write_text("a: [\n")
    _, problems = read_catalog(toy_root)
    assert [problem.file for problem in problems] == [file]


@pytest.mark.parametrize(
    ("file", "old", "new", "mend"),
    [
        ("papers/lovelace2024tiny.yaml", "section: encoders", "section: zoo", "add it to catalog/taxonomy.yaml"),
        ("results/toytable.yaml", "toybench/bears", "zoo/cats", "add cats to catalog/benchmarks/zoo.yaml"),
    ],
)
def test_a_missing_section_or_task_is_told_with_its_file(file: str, old: str, new: str, mend: str, toy_root: Path) -> None:
    entry = toy_root / "catalog" / file
    entry.write_text(entry.read_text().replace(old, new))
    _, problems = read_catalog(toy_root)
    assert [problem.mend for problem in problems] == [f"{mend}, or leave the reference out"]


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


def test_a_table_is_turned_so_that_its_models_stand_in_rows(toy_root: Path) -> None:
    table, entry = toy_root / "catalog/results/toytable.csv", toy_root / "catalog/results/toytable.yaml"
    before = Catalog.load(toy_root).tables["toytable"]
    table.write_text("Task,Tiny (ours),Random\n#Slides,1K,0\nBears,0.810,0.340\nOutlines,0.630,0.410\nAverage,0.720,0.375\n")
    entry.write_text(entry.read_text().replace("label: Model", "label: Task\nmodels_in: columns"))
    turned = Catalog.load(toy_root).tables["toytable"]
    assert (turned.header[0], turned.header[1:], turned.rows) == ("Task", before.header[1:], before.rows)


def test_the_column_of_the_labels_may_stand_anywhere(toy_root: Path) -> None:
    table = toy_root / "catalog/results/toytable.csv"
    before = Catalog.load(toy_root).tables["toytable"]
    table.write_text("#Slides,Model,Bears,Outlines,Average\n1K,Tiny (ours),0.810,0.630,0.720\n0,Random,0.340,0.410,0.375\n")
    assert Catalog.load(toy_root).tables["toytable"] == before
