"""The reference for those who call pathdex says everything that can be called, in the words of the code."""

import inspect
import re
from html import unescape

import pytest
from test_pages import texts

import pathdex
from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.encoding import Encoder
from pathdex.outputs import calling_pages
from pathdex.writing.served import SERVED


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    """Name of each page to its text without markup of characters."""
    found = calling_pages.render(Catalog(), texts())
    return {path.rpartition("/")[2].removesuffix(".md"): unescape(str(text)) for path, text in found}


@pytest.mark.parametrize("found", [Encoder, Catalog])
def test_every_public_part_of_what_python_gets_is_there_with_its_docstring(rendered: dict[str, str], found: type) -> None:
    for name, part in vars(found).items():
        if inspect.isfunction(part) and not name.startswith("_"):
            assert re.search(rf"<code>{name}\(.*?\)</code></th><td>\w", rendered["python"]), name


def test_the_two_functions_are_there_with_their_parameters(rendered: dict[str, str]) -> None:
    for name in ("load", "load_catalog"):
        (written,) = re.findall(rf"<code>pathdex\.{name}\((.*?)\)</code>", rendered["python"])
        assert all(parameter in written for parameter in inspect.signature(getattr(pathdex, name)).parameters)


def test_every_command_is_there_and_every_argument_says_something(rendered: dict[str, str]) -> None:
    for name in plugins.names("pathdex.commands"):
        assert f"## pathdex {name}\n" in rendered["commands"]
    assert "<td></td>" not in rendered["commands"] and "%(" not in rendered["commands"]
    assert "--format bibtex|" in rendered["commands"]


def test_every_file_of_the_api_is_there_with_its_schema(rendered: dict[str, str]) -> None:
    for kind, record in SERVED.items():
        assert f"api/{kind}.json" in rendered["api"] and f"api/schema/{kind}.json" in rendered["api"]
        assert f"<code>{[*record.model_fields][-1]}</code>" in rendered["api"]
    assert "<td></td>" not in rendered["api"]


def test_every_way_of_calling_stands_in_the_reference(rendered: dict[str, str]) -> None:
    index = texts()["templates/pages/reference.md.jinja"]
    assert all(f"reference/{name}" in index for name in rendered)
