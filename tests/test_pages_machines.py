"""What programs read: feeds, heads of pages, llms.txt and downloads, which say the same with and without the site's address."""

import csv
import io
import json
import sqlite3
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml

from pathdex.build import site_texts
from pathdex.catalog import Catalog
from pathdex.outputs import card, download_pages, feeds, llms
from pathdex.schema import Model, Paper
from pathdex.writing import addresses, highwire, linked
from pathdex.writing.database import database
from pathdex.writing.feeds import OWNER, moment
from pathdex.writing.flat import tables
from pathdex.writing.heads import head
from pathdex.writing.tabular import Column, Flat, comma_separated

ROOT = Path(__file__).parents[1]
ATOM = "{http://www.w3.org/2005/Atom}"
ADDRESS = {"mkdocs.yml": "site_name: toy\nsite_url: https://example.org/toy\n"}
NASTY = "</script><b>&amp; 'x' \"y\" --- \u2028 \x85 \ufeff 😀 {{ 7*7 }} # :"


@pytest.fixture(params=[{}, ADDRESS], ids=["without address", "with address"])
def prose(request: pytest.FixtureRequest) -> Any:
    """What people wrote of the site, with and without the address that it is served from."""
    return request.param


def feed(catalog: Catalog, name: str, prose: dict[str, str]) -> ElementTree.Element:
    return ElementTree.fromstring(dict(feeds.render(catalog, prose))[f"build/docs/feeds/{name}.xml"])


def links(element: ElementTree.Element, rel: str) -> list[str]:
    return [link.attrib["href"] for link in element.findall(f"{ATOM}link") if link.attrib["rel"] == rel]


@pytest.mark.parametrize(
    ("settings", "home"),
    [
        ("site_name: a\n", ""),
        ("site_url: https://example.org\n", "https://example.org/"),
        ('site_url: "https://example.org/a/" # ours\n', "https://example.org/a/"),
        ("# site_url: https://example.org\n", ""),
        ("site_url: !ENV [ADDRESS, '']\n", ""),
        ("extra:\n  site_url: https://example.org\n", ""),
    ],
)
def test_the_address_of_the_site_is_that_of_its_settings(settings: str, home: str) -> None:
    assert addresses.home({"mkdocs.yml": settings}) == home


@pytest.mark.parametrize(
    ("home", "target", "way"),
    [
        ("", "models/tiny/", "../models/tiny/"),
        ("", "feeds/models.xml", "models.xml"),
        ("", "", "../"),
        ("https://example.org/", "models/tiny/", "https://example.org/models/tiny/"),
    ],
)
def test_without_an_address_the_way_is_counted_from_the_file(home: str, target: str, way: str) -> None:
    assert addresses.way(home, target, "feeds") == way


def test_the_settings_are_read_with_the_prose(toy_root: Path) -> None:
    (toy_root / "mkdocs.yml").write_text(ADDRESS["mkdocs.yml"])
    assert addresses.home(site_texts(toy_root)) == "https://example.org/toy/"


@pytest.mark.parametrize("kind", ["models", "papers", "errata"])
def test_a_feed_has_what_atom_asks_of_it(toy: Catalog, prose: dict[str, str], kind: str) -> None:
    found = feed(toy, kind, prose)
    assert found.tag == f"{ATOM}feed" and found.findtext(f"{ATOM}author/{ATOM}name")
    for element in (found, *found.findall(f"{ATOM}entry")):
        assert all(element.findtext(f"{ATOM}{needed}") for needed in ("id", "title", "updated"))
        assert element.findtext(f"{ATOM}id", "").startswith(OWNER) and len(links(element, "alternate")) == 1
    dates = [entry.findtext(f"{ATOM}updated", "") for entry in found.findall(f"{ATOM}entry")]
    assert dates == sorted(dates, reverse=True) and found.findtext(f"{ATOM}updated") == dates[0]


def test_a_feed_names_its_items_alike_wherever_the_site_is_served(toy: Catalog) -> None:
    names = [
        [entry.findtext(f"{ATOM}id") for entry in feed(toy, "models", prose).iter(f"{ATOM}entry")] for prose in ({}, ADDRESS)
    ]
    assert names[0] == names[1] and "tag:pathdex,2026:models/tiny" in names[0]


def test_the_links_of_a_feed_are_whole_where_the_address_is_known(toy: Catalog) -> None:
    whole, relative = feed(toy, "papers", ADDRESS), feed(toy, "papers", {})
    assert links(whole, "self") == ["https://example.org/toy/feeds/papers.xml"] and links(relative, "self") == ["papers.xml"]
    first = [found.find(f"{ATOM}entry") for found in (whole, relative)]
    assert first[0] is not None and first[1] is not None
    assert links(first[0], "alternate")[0] == "https://example.org/toy/" + links(first[1], "alternate")[0].removeprefix("../")
    assert links(first[0], "related") == links(first[1], "related") != []


@pytest.mark.parametrize(
    ("date", "first"),
    [("2024", "2024-01-01T00:00:00Z"), ("2024-03", "2024-03-01T00:00:00Z"), ("2024-03-19", "2024-03-19T00:00:00Z")],
)
def test_a_partial_date_is_its_first_moment(date: str, first: str) -> None:
    assert moment(date) == first


def test_a_model_of_unknown_date_bears_that_of_its_first_paper(toy: Catalog) -> None:
    undated = replace(toy, models={"tiny": toy.models["tiny"].model_copy(update={"released": None})})
    paper = toy.papers[toy.models["tiny"].papers[0]]
    assert feed(undated, "models", {}).findtext(f"{ATOM}entry/{ATOM}updated") == moment(paper.preprinted or paper.published or "")


def test_a_model_without_any_date_is_in_no_feed(toy: Catalog) -> None:
    undated = replace(toy, models={"tiny": toy.models["tiny"].model_copy(update={"released": None, "papers": ()})})
    found = feed(undated, "models", {})
    assert not found.findall(f"{ATOM}entry") and found.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


def test_an_erratum_bears_the_day_of_the_mending_or_of_what_it_concerns(toy: Catalog) -> None:
    erratum = toy.errata["tiny-size"]
    mended = replace(toy, errata={"tiny-size": erratum.model_copy(update={"mended": "2025-02"})})
    assert feed(mended, "errata", {}).findtext(f"{ATOM}entry/{ATOM}updated") == "2025-02-01T00:00:00Z"
    assert "Mended at the source: February 2025." in feed(mended, "errata", {}).findtext(f"{ATOM}entry/{ATOM}summary", "")
    assert feed(toy, "errata", {}).findtext(f"{ATOM}entry/{ATOM}updated") == "2024-03-19T00:00:00Z"


def test_whatever_a_name_holds_a_feed_stays_xml(toy: Catalog) -> None:
    changed = replace(toy, models={"tiny": toy.models["tiny"].model_copy(update={"name": NASTY + "\x01"})})
    assert feed(changed, "models", {}).findtext(f"{ATOM}entry/{ATOM}title", "").startswith("</script><b>&amp; 'x'")


def test_front_matter_carries_data_unchanged_and_harmless() -> None:
    line = str(head({"name": NASTY}, [("citation_title", NASTY)]))
    assert "\n" not in line and not set("<>&'\u2028\x85\ufeff") & set(line)
    for read in (json.loads, yaml.safe_load):
        assert read(line) == {"linked": {"name": NASTY}, "citation": [["citation_title", NASTY]]}


def test_a_model_is_code_with_its_weights_as_data(toy: Catalog) -> None:
    tiny = linked.model(toy, "tiny")
    assert (tiny["@context"], tiny["@type"], tiny["name"]) == ("https://schema.org", "SoftwareSourceCode", "Tiny")
    assert tiny["codeRepository"] == "https://example.org/tiny" and tiny["author"][0]["name"] == "Toy Lab"
    weights = tiny["hasPart"]
    assert weights["@type"] == "Dataset" and weights["license"] == "https://spdx.org/licenses/Apache-2.0.html"
    assert weights["distribution"][0]["contentUrl"].endswith(f"/resolve/{toy.models['tiny'].weights.revision}/model.safetensors")


@pytest.mark.parametrize(("access", "kind"), [("gated", "Dataset"), ("none", "CreativeWork")])
def test_weights_alone_are_a_data_set_and_an_announcement_is_a_work(toy: Catalog, access: str, kind: str) -> None:
    weights = toy.models["tiny"].weights.model_copy(update={"access": access})
    bare = toy.models["tiny"].model_copy(update={"code": None, "loader": None, "weights": weights})
    assert linked.model(replace(toy, models={"tiny": bare}), "tiny")["@type"] == kind


def test_a_licence_links_to_its_text() -> None:
    assert linked.license_address("MIT", None) == "https://spdx.org/licenses/MIT.html"
    assert linked.license_address("LicenseRef-X", "https://example.org/x") == "https://example.org/x"
    assert linked.license_address("MIT AND CC-BY-4.0", None) is linked.license_address(None, None) is None


def test_a_paper_is_an_article_by_persons_and_groups(toy: Catalog) -> None:
    found = linked.paper("lovelace2024tiny", toy.papers["lovelace2024tiny"])
    assert found["@type"] == "ScholarlyArticle" and found["isPartOf"] == {"@type": "Periodical", "name": "Journal of Toys"}
    assert [(author["@type"], author["name"]) for author in found["author"]] == [
        ("Person", "Ada Lovelace"),
        ("Person", "Paul Émile de la Cour"),
        ("Organization", "The Toy Consortium"),
    ]
    assert {"@type": "PropertyValue", "propertyID": "DOI", "value": "10.1234/toys_2024.001"} in found["identifier"]


def test_zotero_and_google_scholar_find_the_reference(toy: Catalog) -> None:
    assert highwire.tags(toy.papers["lovelace2024tiny"]) == [
        ("citation_title", "Tiny: an encoder for {small} slides & 100% of tiles"),
        ("citation_author", "Lovelace, Ada"),
        ("citation_author", "de la Cour, Paul Émile"),
        ("citation_author", "The Toy Consortium"),
        ("citation_publication_date", "2024/03/19"),
        ("citation_online_date", "2023/08"),
        ("citation_journal_title", "Journal of Toys"),
        ("citation_volume", "3"),
        ("citation_issue", "2"),
        ("citation_firstpage", "10"),
        ("citation_lastpage", "19"),
        ("citation_doi", "10.1234/toys_2024.001"),
        ("citation_arxiv_id", "2308.01234"),
        ("citation_public_url", "https://doi.org/10.1234/toys_2024.001"),
    ]


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"kind": "inproceedings"}, ("citation_conference_title", "Journal of Toys")),
        ({"kind": "thesis", "publisher": "Toy University"}, ("citation_dissertation_institution", "Toy University")),
        ({"kind": "report", "publisher": "Toy Lab"}, ("citation_technical_report_institution", "Toy Lab")),
    ],
)
def test_the_tags_say_what_the_paper_is(toy: Catalog, changes: dict[str, str], tag: tuple[str, str]) -> None:
    found: Paper = toy.papers["lovelace2024tiny"].model_copy(update=changes)
    assert tag in highwire.tags(found) and "citation_journal_title" not in dict(highwire.tags(found))


def test_llms_txt_is_a_title_a_summary_and_lists_of_links(toy: Catalog, prose: dict[str, str]) -> None:
    ((path, text),) = llms.render(toy, prose)
    lines = text.splitlines()
    assert path == "build/docs/llms.txt" and lines[0] == "# pathdex" and lines[2].startswith("> ")
    assert f"{len(toy.models)} models, {len(toy.papers)} papers, {len(toy.datasets)} data sets" in text
    start = addresses.home(prose)
    assert f"- [API]({start}api/index.json): " in text and f"- [Models]({start}models/): " in text
    assert [line for line in lines if line.startswith("## ")] == ["## Data", "## Pages", "## Optional"]


def test_the_card_is_a_picture_of_the_stated_size() -> None:
    ((path, content),) = card.render(Catalog(), {})
    assert path == "build/docs/assets/card.png" and content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colours = struct.unpack(">IIBB", content[16:26])
    main = (ROOT / "site/overrides/frame.html").read_text(encoding="utf-8")
    assert (depth, colours) == (8, 3) and f'width" content="{width}"' in main and f'height" content="{height}"' in main
    start = content.index(b"IDAT")
    (size,) = struct.unpack(">I", content[start - 4 : start])
    assert len(zlib.decompress(content[start + 4 : start + 4 + size])) == height * (width + 1)


@pytest.fixture(scope="module")
def downloads(toy: Catalog) -> dict[str, str | bytes]:
    """What lies below downloads/."""
    found = dict(download_pages.render(toy, site_texts(ROOT)))
    return {path.removeprefix("build/docs/downloads/"): content for path, content in found.items()}


def test_the_page_names_each_file_with_its_size_and_schema(downloads: dict[str, Any]) -> None:
    text = downloads["index.md"]
    files = [name for name in downloads if name != "index.md" and "schema" not in name and "metadata" not in name]
    references = ["references.bib", "references.ris", "references.csl.json"]
    tables = [f"{name}.{kind}" for name in ("models", "papers", "results") for kind in ("csv", "parquet")]
    assert set(files) == {"pathdex.json", "pathdex.sqlite", *tables, *references}
    for name in downloads:
        assert name == "index.md" or f'href="{name}"' in text or f'href="../downloads/{name}"' in text, name


def test_the_whole_catalog_keeps_to_its_schema(downloads: dict[str, Any], toy: Catalog) -> None:
    schema, whole = json.loads(downloads["pathdex.schema.json"]), json.loads(downloads["pathdex.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(whole)] == []
    assert [entry["id"] for entry in whole["models"]] == list(toy.models)
    wrong = {**whole, "models": [{**whole["models"][0], "kind": "horse"}]}
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(wrong))


@pytest.mark.parametrize("name", ["models", "papers", "results"])
def test_a_csv_file_has_the_columns_that_its_metadata_name(downloads: dict[str, Any], name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(downloads[f"{name}.csv"])))
    told = json.loads(downloads[f"{name}.csv-metadata.json"])
    columns = told["tableSchema"]["columns"]
    assert told["url"] == f"{name}.csv" and rows and list(rows[0]) == [column["name"] for column in columns]
    assert all(column["dc:description"] for column in columns)
    for key in told["tableSchema"].get("primaryKey", []):
        assert len({row[key] for row in rows}) == len(rows) and all(row[key] for row in rows)


def test_csv_cells_are_bare(downloads: dict[str, Any]) -> None:
    tiny = next(row for row in csv.DictReader(io.StringIO(downloads["models.csv"])) if row["id"] == "tiny")
    assert (tiny["training_slides"], tiny["training_slides_is"]) == ("1000", "exactly")
    assert (tiny["training_tiles"], tiny["training_tiles_is"]) == ("2000000", "at_least")
    assert (tiny["embedding"], tiny["embedding_width"], tiny["training_data_complete"]) == ("cls", "192", "true")
    assert tiny["training_data"] == "cohort; Toy Hospital archive" and tiny["condition"] == ""
    first = next(csv.DictReader(io.StringIO(downloads["results.csv"])))
    assert (first["row"], first["model"], first["task"], first["printed"], first["value"]) == (
        *("Tiny (ours)", "tiny", "bears", "0.810", "0.81"),
    )


def test_sqlite_holds_every_table_and_its_columns_meaning(downloads: dict[str, Any], toy: Catalog, tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(downloads["pathdex.sqlite"])
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for table in tables(toy):
            (statement,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table.name,)).fetchone()
            assert all(f"-- {' '.join(column.about.split())}" in statement for column in table.columns), table.name
            assert len(connection.execute(f'SELECT * FROM "{table.name}"').fetchall()) == len(table.rows)
        counted = connection.execute("SELECT claimed, counted, agrees FROM parameters WHERE model = 'tiny'").fetchone()
        assert counted == (5_500_000, 5_524_416, 1)
        named = "SELECT rungs.status FROM rungs JOIN models ON models.id = rungs.model WHERE models.name = 'Tiny' AND rung = 'architecture'"
        assert connection.execute(named).fetchall() == [("passed",)]
    finally:
        connection.close()


def test_every_column_says_what_it_means_and_keeps_to_its_type(toy: Catalog) -> None:
    types = {"text": str, "integer": int, "real": float | int, "yes-no": bool}
    for table in tables(toy):
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names) and set(table.key) <= set(names), table.name
        for number, column in enumerate(table.columns):
            assert column.about.endswith("."), (table.name, column.name)
            held = {type(row[number]) for row in table.rows if row[number] is not None}
            assert all(issubclass(one, types[column.kind]) for one in held), (table.name, column.name, held)


def test_equal_tables_give_equal_bytes_and_no_version_of_the_library() -> None:
    table = Flat("t'\"able", "It is\ntwo.", (Column('a"b', "text", "One\nline.", lambda row: row),), (("x",), ('y"\n,',)))
    assert database([table]) == database([table]) and database([table])[96:100] == (3_008_000).to_bytes(4, "big")
    assert comma_separated(table) == '"a""b"\nx\n"y""\n,"\n'


def test_downloads_are_the_same_bytes_twice(toy: Catalog, downloads: dict[str, Any]) -> None:
    again = {
        path.removeprefix("build/docs/downloads/"): content for path, content in download_pages.render(toy, site_texts(ROOT))
    }
    assert again == downloads


def test_what_programs_read_renders_of_an_empty_catalog() -> None:
    assert [path for output in (feeds, llms) for path, _ in output.render(Catalog(), {})]
    assert dict(download_pages.render(Catalog(), site_texts(ROOT)))
    assert Model.model_fields
