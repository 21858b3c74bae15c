"""What follows from entries taken together."""

from pathlib import Path

import pytest

from pathdex.catalog import Catalog
from pathdex.commands import main
from pathdex.relations.contamination import origins, overlap
from pathdex.relations.coverage import coverage
from pathdex.relations.differences import differences
from pathdex.relations.lineage import Relation, ancestors, relations
from pathdex.relations.marks import mark


def changed(root: Path, file: str, *edits: tuple[str, str]) -> Catalog:
    """The toy catalog after an edit of one entry."""
    path = root / "catalog" / file
    text = path.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return Catalog.load(root)


def test_descent_is_told_from_both_ends(toy: Catalog) -> None:
    assert relations(toy, "tiny-slide") == [Relation("reads embeddings of", "tiny")]
    assert relations(toy, "tiny") == [Relation("encoder of", "tiny-slide")]
    assert ancestors(toy, "tiny-slide") == ["tiny"]


def test_a_data_set_comes_from_its_cohorts(toy: Catalog) -> None:
    found = origins(toy, "patches")
    assert (found.cohorts, found.partly, found.known) == ({"patches", "cohort"}, {"cohort"}, True)


def test_training_on_a_cohort_of_the_benchmark_is_contamination(toy: Catalog) -> None:
    assert overlap(toy, "tiny", "cohort").answer == "yes"
    assert overlap(toy, "tiny", "patches").answer == "part"
    assert overlap(toy, "tiny", "patches").reason == "trained on cohort"


def test_contamination_is_inherited_with_the_encoder(toy: Catalog) -> None:
    found = overlap(toy, "tiny-slide", "cohort")
    assert (found.answer, found.reason) == ("yes", "trained on cohort, through tiny")


def test_unknown_is_kept_apart_from_none(toy_root: Path) -> None:
    other = toy_root / "catalog/datasets/other.yaml"
    other.write_text(
        "name: Other\nkind: cohort\nsummary: Another cohort.\nderived_from: []\nsources:\n  derived_from: https://example.org/o\n"
    )
    private = Catalog.load(toy_root)
    assert overlap(private, "tiny", "other").answer == "unknown"
    assert "Toy Hospital archive" in overlap(private, "tiny", "other").reason
    public = changed(toy_root, "models/tiny.yaml", ("    - name: Toy Hospital archive\n      public: false\n", ""))
    assert overlap(public, "tiny", "other").answer == "no"
    silent = changed(toy_root, "models/tiny.yaml", ("  data_complete: true\n", ""))
    assert overlap(silent, "tiny", "other").answer == "unknown"
    orphan = changed(toy_root, "datasets/other.yaml", ("derived_from: []\nsources:\n  derived_from: https://example.org/o\n", ""))
    assert "the origin of the data set is not known" in overlap(orphan, "tiny", "other").reason


@pytest.mark.parametrize(
    ("printed", "differ"), [("0.810", False), ("0.81", False), ("0.812", True), ("0.8", False), ("0.83", True)]
)
def test_tables_differ_where_rounding_can_not_explain_it(printed: str, differ: bool, toy_root: Path) -> None:
    results = toy_root / "catalog/results"
    (results / "second.yaml").write_text((results / "toytable.yaml").read_text().replace("Toy table 1", "Toy table 2"))
    (results / "second.csv").write_text((results / "toytable.csv").read_text().replace("0.810", printed))
    found = differences(Catalog.load(toy_root))
    assert [(one.model, one.task) for one in found] == ([("tiny", "toybench/bears")] if differ else [])


def test_one_table_does_not_differ_from_itself(toy: Catalog) -> None:
    assert differences(toy) == []


def test_coverage_counts_what_is_stated_and_names_what_is_not(toy: Catalog) -> None:
    found = {(row.kind, row.field): row for row in coverage(toy)}
    weights, architecture = found["models", "weights.access"], found["models", "architecture.width"]
    assert (weights.entries, weights.stated, weights.receipted, weights.oldest) == (2, 2, 2, "2024-04-01")
    assert (architecture.stated, architecture.share, architecture.lacking) == (1, 0.5, ("tiny-slide",))
    assert found["models", "training.slides"].disputed == 1


def test_the_coverage_command_lists_what_is_to_be_done(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(toy_root), "coverage", "--missing"]) == 0
    shown = capsys.readouterr().out
    assert "models.architecture" in shown and "lacking: tiny-slide" in shown


def test_closed_data_and_averages_are_marked(toy_root: Path) -> None:
    closed = ("    kind: segmentation\n", "    kind: segmentation\n    private: true\n")
    catalog = changed(toy_root, "benchmarks/toybench.yaml", closed)
    columns = catalog.results["toytable"].columns
    assert {name: mark(catalog, column) for name, column in columns.items()} == {
        "#Slides": "",
        "Bears": "",
        "Outlines": "private",
        "Average": "aggregate",
    }


def test_a_closed_data_set_closes_its_tasks(toy_root: Path) -> None:
    catalog = changed(toy_root, "datasets/patches.yaml", ("access: registration", "access: private"))
    assert mark(catalog, catalog.results["toytable"].columns["Bears"]) == "private"
