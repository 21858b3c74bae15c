"""The API serves bare values under schemas of its own."""

import json
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from pathdex.catalog import Catalog
from pathdex.outputs import api
from pathdex.writing.served import SERVED, bare

FOLDER = "build/docs/api/"


@pytest.fixture(scope="module")
def files(toy: Catalog) -> dict[str, Any]:
    return {path.removeprefix(FOLDER): json.loads(text) for path, text in api.render(toy, {})}


def test_the_index_leads_to_every_file(files: dict[str, Any], toy: Catalog) -> None:
    index = files["index.json"]
    assert list(index) == list(SERVED)
    for kind, told in index.items():
        ids = list(getattr(toy, kind))
        assert told["entries"] == len(ids)
        assert [entry["id"] for entry in files[told["all"]]] == ids
        assert told["schema"] in files
        for name in ids if "each" in told else ():
            assert files[told["each"].format(id=name)] in files[told["all"]]
            assert told["schema_of_each"] in files


def test_every_file_keeps_to_its_schema(files: dict[str, Any]) -> None:
    found = [content for path, content in files.items() if path.startswith("schema/")]
    registry: Registry[Any] = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in found)
    for each in found:
        jsonschema.Draft202012Validator.check_schema(each)
    for told in files["index.json"].values():
        check = jsonschema.Draft202012Validator(files[told["schema"]], registry=registry)
        assert [f"{error.json_path}: {error.message}" for error in check.iter_errors(files[told["all"]])] == []


def test_values_are_bare_and_receipts_are_whole(files: dict[str, Any]) -> None:
    tiny = files["models/tiny.json"]
    assert tiny["released"] == "2024-03-19"
    assert tiny["parameters"]["image-encoder"]["reported"] == 5_500_000
    assert tiny["training"]["slides"] == {"exactly": 1_000}
    assert tiny["sources"]["training"] == [{"url": "https://example.org/tiny/paper", "locator": "Table 1", "method": "reported"}]
    assert tiny["disputed"]["training.slides"]["values"][1]["value"] == 1_100


def test_what_was_counted_stands_beside_what_is_claimed(files: dict[str, Any], toy: Catalog) -> None:
    measured = toy.evidence["tiny"].rungs.architecture.measured
    assert measured
    counted = files["models/tiny.json"]["counted"]
    assert counted["status"] == "passed"
    assert counted["parameters"] == measured.parameters
    assert "reason" in files["models/tiny-slide.json"]["counted"]


def test_an_entry_knows_what_points_at_it(files: dict[str, Any]) -> None:
    tiny, paper = files["models/tiny.json"], files["papers/lovelace2024tiny.json"]
    assert [tiny["results"], tiny["errata"]] == [["toytable"], ["tiny-size"]]
    assert [paper["models"], paper["errata"]] == [["tiny"], ["tiny-size"]]
    assert paper["link"] == "https://doi.org/10.1234/toys_2024.001"
    assert paper["citation"].endswith(paper["link"])


def test_tables_come_as_printed_and_as_numbers(files: dict[str, Any]) -> None:
    result = files["results.json"][0]
    assert result["table"]["rows"][0] == ["Tiny (ours)", "1K", "0.810", "0.630", "0.720"]
    assert result["scores"][0] == {
        "row": "Tiny (ours)",
        "model": "tiny",
        "task": "toybench/bears",
        "embedding": "cls",
        "printed": "0.810",
        "value": 0.81,
    }


def test_what_is_unknown_is_left_out_and_what_is_none_is_told(toy: Catalog) -> None:
    cohort = bare(toy.datasets["cohort"])
    assert cohort["derived_from"] == []
    assert "mpp" not in cohort
    assert "released" not in cohort
    assert bare(toy.benchmarks["toybench"])["tasks"]["bears"]["scale"] == "unit"
