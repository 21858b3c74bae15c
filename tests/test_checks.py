"""Each check trips on what it forbids: alone, once, at the right line."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from pathdex.catalog import read_catalog
from pathdex.judge import checks, judge

TODAY = date(2026, 6, 1)

Edit = tuple[str, str, str]
"""File below catalog/, a pattern in it, and what replaces its first match; an empty pattern appends."""

TRIPS: list[tuple[str, Sequence[Edit], str]] = [
    (
        "dates/none-in-the-future",
        [
            ("papers/babbage2025slide.yaml", "preprinted: 2025-01-30", "published: 2025\npreprinted: 2025-01-30"),
            ("datasets/cohort.yaml", "access: open", "released: 2026-06-02\naccess: open"),
            ("datasets/cohort.yaml", "  url, access", "  url, released, access"),
            ("papers/babbage2025slide.yaml", "year, preprinted", "year, published, preprinted"),
        ],
        "catalog/datasets/cohort.yaml:6: released: '2026-06-02' lies in the future; correct it, or wait",
    ),
    (
        "disputes/judgement-is-stated",
        [("models/tiny.yaml", "judged: 1_000", "judged: 1_100")],
        "catalog/models/tiny.yaml:73: disputed.training.slides: the entry states 1000, but 1100 was judged right; make them equal",
    ),
    (
        "disputes/names-a-field",
        [("models/tiny.yaml", "judged: 1_000", "judged: 1_001"), ("models/tiny.yaml", "  training.slides:", "  training.slide:")],
        "catalog/models/tiny.yaml:73: disputed.training.slide: 'training.slide' is not a field of this entry; write the path as in sources",
    ),
    (
        "disputes/values-differ",
        [("models/tiny.yaml", "value: 1_100", "value: 1_000")],
        "catalog/models/tiny.yaml:74: disputed.training.slides.values: are all equal; give the values that differ",
    ),
    (
        "identity/excuses-name-checks",
        [("models/tiny-slide.yaml", "", "allow:\n  models/width-fit: It has no tokens.\n")],
        "catalog/models/tiny-slide.yaml:23: allow.models/width-fit: 'models/width-fit' is not a check; did you mean 'models/widths-fit'?",
    ),
    (
        "identity/no-look-alikes",
        [
            ("papers/babbage2025s1ide.yaml", "", "{papers/babbage2025slide.yaml}"),
            ("papers/babbage2025s1ide.yaml", "2501.20001", "2501.20002"),
            ("papers/babbage2025s1ide.yaml", "title: Slides", "title: More slides"),
        ],
        "catalog/papers/babbage2025slide.yaml:1: id 'babbage2025slide' is hard to tell from 'babbage2025s1ide'; rename the file",
    ),
    (
        "identity/no-reserved-names",
        [
            ("datasets/index.yaml", "", "{datasets/patches.yaml}"),
        ],
        "catalog/datasets/index.yaml:1: id 'index' is the site's own; rename the file",
    ),
    (
        "models/commercial-use-fits",
        [("models/tiny.yaml", "Apache-2.0", "CC-BY-NC-4.0")],
        "catalog/models/tiny.yaml:12: weights.commercial_use: is allowed, but the licence is CC-BY-NC-4.0; "
        "correct one of them, or give the condition",
    ),
    (
        "models/commercial-use-fits",
        [("models/tiny.yaml", "Apache-2.0", "PolyForm-Noncommercial-1.0.0")],
        "catalog/models/tiny.yaml:12: weights.commercial_use: is allowed, but the licence is PolyForm-Noncommercial-1.0.0; "
        "correct one of them, or give the condition",
    ),
    (
        "models/kwargs-hold-numbers",
        [("models/tiny-slide.yaml", "factory: tinyslide.build", "factory: tinyslide.build\n  kwargs:\n    eps: '1e-6'")],
        "catalog/models/tiny-slide.yaml:14: loader.kwargs.eps: '1e-6' is a number read as text; "
        "write it bare, with a point before any exponent (1.0e-5)",
    ),
    (
        "models/recipe-or-reason",
        [
            ("models/tiny-slide.yaml", "access: none", "access: open\n  license: MIT\n  url: https://example.org/get"),
        ],
        "catalog/models/tiny-slide.yaml:8: weights: were released, but nothing loads them; "
        "give a recipe, or unsupported with the reason and where it can be seen",
    ),
    (
        "models/recipe-or-reason",
        [("models/tiny.yaml", "loader:", "unsupported:\n  what: It is small.\n  source: https://example.org/tiny\nloader:")],
        "catalog/models/tiny.yaml:26: unsupported: stands beside a recipe that pathdex builds; remove one of them",
    ),
    (
        "models/widths-fit",
        [
            ("models/tiny-slide.yaml", "loader:", "architecture:\n  backbone: MIL\n  width: 64\nloader:"),
            ("models/tiny-slide.yaml", "pooling: attention", "pooling: mean"),
            ("models/tiny-slide.yaml", "weights, loader", "weights, architecture, loader"),
        ],
        "catalog/models/tiny-slide.yaml:18: embeddings.slide.width: is 192, but mean of tokens 64 wide makes 64; "
        "correct it, the pooling or architecture.width",
    ),
    (
        "papers/id-fits",
        [("papers/babbage2025slide.yaml", "Babbage", "Cabbage")],
        "catalog/papers/babbage2025slide.yaml:2: authors: id 'babbage2025slide' does not fit; name the file cabbage2025<word>.yaml",
    ),
    (
        "papers/same-arxiv",
        [("papers/babbage2025slide.yaml", '"2501.20001"', '"2308.01234"')],
        "catalog/papers/lovelace2024tiny.yaml:12: arxiv: is also that of babbage2025slide; keep one entry for a paper and its preprint",
    ),
    (
        "papers/same-doi",
        [
            ("papers/babbage2025slide.yaml", "arxiv:", "doi: 10.1234/TOYS_2024.001\narxiv:"),
            ("papers/babbage2025slide.yaml", "preprinted, arxiv", "preprinted, doi, arxiv"),
        ],
        "catalog/papers/lovelace2024tiny.yaml:11: doi: is also that of babbage2025slide; keep one entry for a paper and its preprint",
    ),
    (
        "papers/same-doi",
        [
            ("papers/babbage2025slide.yaml", "arxiv:", "preprint_doi: 10.1234/toys_2024.001\narxiv:"),
            ("papers/babbage2025slide.yaml", "preprinted, arxiv", "preprinted, preprint_doi, arxiv"),
        ],
        "catalog/papers/lovelace2024tiny.yaml:11: doi: is also that of babbage2025slide; keep one entry for a paper and its preprint",
    ),
    (
        "papers/same-title",
        [("papers/babbage2025slide.yaml", "Slides from tiles", "A Cohort of Toy-Slides")],
        "catalog/papers/hopper2020cohort.yaml:1: title: is also that of babbage2025slide; keep one entry for a paper and its preprint",
    ),
    (
        "papers/year-fits",
        [("papers/babbage2025slide.yaml", "2501.20001", "2603.20001")],
        "catalog/papers/babbage2025slide.yaml:4: year: is 2025, but arXiv:2603.20001 is of 2026-03; correct the one that is wrong",
    ),
    (
        "receipts/every-fact-has-one",
        [("models/tiny.yaml", "embeddings, preprocess:", "embeddings:")],
        "catalog/models/tiny.yaml:42: preprocess: has no receipt; add preprocess to sources",
    ),
    (
        "receipts/names-a-field",
        [("datasets/patches.yaml", "access, classes", "access, clases, classes")],
        "catalog/datasets/patches.yaml:11: sources.access, clases, classes, images, derived_from: 'clases' is not a fact of this entry; "
        "did you mean 'classes'?",
    ),
    (
        "receipts/no-path-twice",
        [("datasets/patches.yaml", "", "  images: https://example.org/another\n")],
        "catalog/datasets/patches.yaml:12: sources.images: 'images' stands twice; give its receipts as a list under one key",
    ),
    (
        "relations/lineage-has-no-circle",
        [
            ("models/tiny.yaml", "pitfalls:", "lineage:\n  distilled_from: [tiny]\npitfalls:"),
            ("models/tiny.yaml", "architecture, loader", "architecture, lineage, loader"),
        ],
        "catalog/models/tiny.yaml:61: lineage: leads back to the model itself; remove the wrong parent",
    ),
    (
        "relations/origins-have-no-circle",
        [("datasets/patches.yaml", "dataset: cohort", "dataset: patches")],
        "catalog/datasets/patches.yaml:7: derived_from: leads back to the data set itself; remove the wrong origin",
    ),
    (
        "relations/sections-exist",
        [("taxonomy.yaml", "within: encoders", "within: encoder")],
        "catalog/taxonomy.yaml:8: sections.slides.within: 'encoder' is not a section of the first level; name one",
    ),
    (
        "results/averages-exist",
        [("results/toytable.yaml", "[Bears, Outlines]", "[Bears, Lines]")],
        "catalog/results/toytable.yaml:25: columns.Average.average_of: 'Lines' is not a column; name columns",
    ),
    (
        "results/averages-fit",
        [("results/toytable.csv", "0.720", "0.725")],
        "catalog/results/toytable.yaml:24: columns.Average: 'Tiny (ours)' prints 0.725, its columns average 0.7200; "
        "correct the transcription, or add a remark that names the row and the number",
    ),
    (
        "results/cells-are-numbers",
        [("results/toytable.csv", "0.340,0.410", "o.340,0.410")],
        "catalog/results/toytable.yaml:20: columns.Bears: 'o.340' in row 'Random' is not a number; "
        "print the number as the source does, or a dash",
    ),
    (
        "results/table-fits",
        [("results/toytable.yaml", "Random:", "Chance:")],
        "catalog/results/toytable.yaml:12: rows: names what the table does not print 'Chance' and lacks 'Random'; "
        "make entry and CSV agree",
    ),
]


def _edit(root: Path, file: str, pattern: str, text: str) -> None:
    path = root / "catalog" / file
    if text.startswith("{"):
        path.write_text((root / "catalog" / text.strip("{}")).read_text())
    elif pattern:
        assert re.search(pattern if pattern.startswith("(") else re.escape(pattern), path.read_text()), pattern
        path.write_text(path.read_text().replace(pattern, text, 1))
    else:
        path.write_text(path.read_text() + text)


@pytest.mark.parametrize(("rule", "edits", "line"), TRIPS, ids=[rule for rule, _, _ in TRIPS])
def test_a_check_trips_alone_at_the_right_line(rule: str, edits: Sequence[Edit], line: str, toy_root: Path) -> None:
    for edit in edits:
        _edit(toy_root, *edit)
    catalog, problems = read_catalog(toy_root)
    assert [str(problem) for problem in [*problems, *judge(catalog, TODAY)]] == [f"{line} [{rule}]"]


def test_every_check_has_an_example() -> None:
    assert sorted(rule for rule in checks() if not rule.startswith("evidence/")) == sorted({rule for rule, _, _ in TRIPS})


def test_every_check_states_its_law() -> None:
    assert [rule for rule, check in checks().items() if not (check.__doc__ or "").endswith(".")] == []


def test_the_toy_catalog_is_clean(toy_root: Path) -> None:
    catalog, problems = read_catalog(toy_root)
    assert [*problems, *judge(catalog, TODAY)] == []


def test_an_entry_can_be_excused_from_a_check_with_a_reason(toy_root: Path) -> None:
    _edit(toy_root, "papers/babbage2025slide.yaml", "Babbage", "Cabbage")
    _edit(toy_root, "papers/babbage2025slide.yaml", "", "allow:\n  papers/id-fits: The name on the cover differs.\n")
    catalog, problems = read_catalog(toy_root)
    assert [*problems, *judge(catalog, TODAY)] == []


def test_a_paper_handed_in_on_the_eve_of_its_arxiv_month_is_well(toy_root: Path) -> None:
    _edit(toy_root, "papers/babbage2025slide.yaml", "2501.20001", "2502.00001")
    catalog, problems = read_catalog(toy_root)
    assert [*problems, *judge(catalog, TODAY)] == []


@pytest.mark.parametrize("remark", ["The average of Tiny (ours)-2, 0.725, is wrong.", "The average of Tiny (ours) is wrong."])
def test_a_remark_on_another_row_or_without_the_number_explains_nothing(remark: str, toy_root: Path) -> None:
    _edit(toy_root, "results/toytable.csv", "0.720", "0.725")
    _edit(toy_root, "results/toytable.yaml", "", f"remarks:\n  - {remark}\n")
    catalog, _ = read_catalog(toy_root)
    assert [problem.rule for problem in judge(catalog, TODAY)] == ["results/averages-fit"]


def test_a_remark_that_names_the_row_and_the_number_explains_a_wrong_printed_average(toy_root: Path) -> None:
    _edit(toy_root, "results/toytable.csv", "0.720", "0.725")
    _edit(
        toy_root,
        "results/toytable.yaml",
        "",
        "remarks:\n  - The printed average of Tiny (ours), .725, is not the mean of its columns.\n",
    )
    catalog, problems = read_catalog(toy_root)
    assert [*problems, *judge(catalog, TODAY)] == []


def test_an_average_is_recomputed_from_means_that_carry_their_spread(toy_root: Path) -> None:
    _edit(toy_root, "results/toytable.csv", "0.810,0.630,0.720", "0.810 (0.02),0.630 ± 0.1,0.725")
    catalog, problems = read_catalog(toy_root)
    assert [problem.rule for problem in [*problems, *judge(catalog, TODAY)]] == ["results/averages-fit"]
