"""The JSON Schemas accept what the reader accepts, and say what is not an entry."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from pathdex.catalog import Catalog, read_catalog
from pathdex.outputs import schemas
from pathdex.reading import Unreadable, parse
from pathdex.schema import KINDS, Taxonomy
from pathdex.writing.contract import NAMES, entry_schemas

ROOT = Path(__file__).parents[1]
TOY = Path(__file__).parent / "toy"
SCHEMAS = entry_schemas()


def entries(root: Path) -> list[Any]:
    """Kind's name and file of every entry below a root."""
    kinds = {**NAMES, "taxonomy": "taxonomy"}
    files = sorted([*root.glob("catalog/*/*.yaml"), *root.glob("catalog/evidence/*.json"), root / "catalog" / "taxonomy.yaml"])
    return [
        pytest.param(kinds.get(file.parent.name, "taxonomy"), file, id=file.relative_to(root / "catalog").as_posix())
        for file in files
    ]


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(SCHEMAS[name])


@pytest.fixture
def tiny() -> dict[str, Any]:
    data: dict[str, Any] = parse((TOY / "catalog/models/tiny.yaml").read_text(encoding="utf-8"))
    return data


def test_each_kind_has_a_schema_under_its_singular_name() -> None:
    paths = [path for path, _ in schemas.render(Catalog(), {})]
    names = ["model", "paper", "dataset", "benchmark", "result", "erratum", "evidence", "taxonomy"]
    assert paths == [f"schema/{name}.schema.json" for name in names]
    assert list(NAMES) == list(KINDS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:pathdex:schema:{name}"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_described_and_none_offers_null(name: str) -> None:
    text = json.dumps(SCHEMAS[name])
    assert '"null"' not in text
    assert "null," not in text
    for record in (SCHEMAS[name], *SCHEMAS[name].get("$defs", {}).values()):
        assert all("description" in field or "$ref" in field for field in record.get("properties", {}).values())


@pytest.mark.parametrize(("name", "file"), entries(TOY) + entries(ROOT))
def test_an_entry_is_accepted(name: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    data = json.loads(text) if file.suffix == ".json" else parse(text)
    assert [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(data)] == []


def test_the_first_line_of_an_entry_leads_to_its_schema() -> None:
    catalog, _ = read_catalog(ROOT)
    for kind, name, _ in catalog.entries():
        if kind != "evidence":
            first = catalog.documents[kind, name].text.partition("\n")[0]
            assert first == f"# yaml-language-server: $schema=../../schema/{NAMES[kind]}.schema.json", (kind, name)


SHORT = [
    (("released",), 2024),
    (("released",), "2024-03"),
    (("training", "slides"), 1_000),
    (("training", "slides"), {"about": 1_000}),
    (("sources", "training"), "https://example.org/paper"),
    (("sources", "training"), {"url": "https://example.org/paper"}),
    (("sources", "training"), ["https://example.org/a", {"url": "https://example.org/b", "retrieved": 2024}]),
    (("training", "stains"), []),
    (("loader", "kwargs"), {"depth": 12, "init_values": 1.0e-5, "act_layer": "torch.nn.SiLU", "flags": [True, 1, 0.5, "a"]}),
]
BROKEN = [
    (("unknown",), 1),
    (("weights", "licence"), "MIT"),
    (("weights", "access"), "closed"),
    (("training", "slides"), -1),
    (("training", "slides"), {"roughly": 1}),
    (("training", "slides"), "many"),
    (("architecture", "depth"), "12"),
    (("name",), 7),
    (("organizations",), "Toy Lab"),
    (("preprocess", "mean"), [0.5, 0.5]),
    (("sources", "training"), "see the paper"),
    (("sources", "training"), {"locator": "Table 1"}),
    (("embeddings", "cls", "pooling"), "max"),
    (("embeddings", "cls", "extra"), True),
]


def changed(entry: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(entry)
    part = copied
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return copied


@pytest.mark.parametrize(("path", "value"), SHORT)
def test_short_forms_are_accepted_as_by_the_reader(tiny: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    entry = changed(tiny, path, value)
    KINDS["models"].model_validate(entry)
    validator("model").validate(entry)


@pytest.mark.parametrize(("path", "value"), BROKEN)
def test_what_the_reader_refuses_by_shape_is_refused(tiny: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    entry = changed(tiny, path, value)
    with pytest.raises(ValidationError):
        KINDS["models"].model_validate(entry)
    assert not validator("model").is_valid(entry)


@pytest.mark.parametrize("path", [("released",), ("family",), ("weights", "license"), ("training", "slides")])
def test_nothing_is_refused_as_by_the_reader(tiny: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(Unreadable):
        parse(f"{path[-1]}:\n")
    assert not validator("model").is_valid(changed(tiny, path, None))


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_unknown_key_is_refused_everywhere(name: str) -> None:
    record = {**{NAMES[kind]: found for kind, found in KINDS.items()}, "taxonomy": Taxonomy}[name]
    assert record.model_config["extra"] == "forbid"
    objects = [SCHEMAS[name], *SCHEMAS[name].get("$defs", {}).values()]
    assert all(found["additionalProperties"] is False for found in objects if "properties" in found)


def test_grouped_digits_pass_in_editors_that_take_them_for_text(tiny: dict[str, Any]) -> None:
    validator("model").validate(changed(tiny, ("training", "slides"), "350_000"))
    assert not validator("model").is_valid(changed(tiny, ("training", "slides"), "350000"))
