"""The bibliography means the same to every program that reads it."""

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bibtexparser
import jsonschema
import pytest
import rispy
from pybtex.database import parse_string

from pathdex.catalog import Catalog, read_catalog
from pathdex.outputs import bibliography
from pathdex.schema import Paper
from pathdex.writing import citing, tex
from pathdex.writing.references import references

ROOT = Path(__file__).parents[1]

NASTY = {
    "ampersand2024": {"title": "H&E & IHC: 50% of {all} cells #1 $x_i^2$ ~ a\\b", "venue": "Cell & Tissue, 100%"},
    "unicode2024": {
        "title": "Überblick über μ-Netze für 病理学 – “quoted” naïve",
        "authors": ["Müller-Łukasz, Zoë Ñ.", "Ωmega, Ἀλέξ"],
    },
    "names2024": {
        "authors": ["van der Laak, Jeroen", "King, Jr., Martin Luther", "O'Neil, A. B.", "The UNI & Co Consortium", "李, 明"]
    },
    "braces2024": {"title": "Open { and } closed } the wrong way {", "volume": "1{2", "issue": "}"},
    "quotes2024": {"title": 'The "best" model\'s `name` @article{fake2024, title = {x}}', "venue": "A, B = C"},
    "escapes2024": {"title": "\\& is \\textbf{bold} \\\\ at \\", "venue": "\\input{/etc/passwd}"},
    "link2024": {"doi": "10.1000/a_b%20c#d&e$f(1)", "url": "https://example.org/~me/a_b%20c{d}?x=1&y=#z", "pages": "S1–S9"},
    "comma2024": {"title": "A, b, and C, and others", "authors": ["Anders, Others"], "pages": "e1002"},
    "capitals2024": {"title": "UNI2 meets Gleason grading: a T cell study of H&E in The wild", "published": "2024-05"},
    "preprint2024": {"kind": "preprint", "venue": None, "doi": None, "arxiv": "2405.00001", "preprinted": "2024-05-02"},
    "biorxiv2024": {"kind": "preprint", "venue": None, "doi": None, "preprint_doi": "10.1101/2024.01.01.573456"},
    "review2024": {"kind": "inproceedings", "doi": None, "openreview": "a_B-c%d", "publisher": "PMLR", "volume": "235"},
    "report2024": {
        "kind": "report",
        "venue": "Toy reports",
        "doi": None,
        "url": "https://example.org/r",
        "publisher": "Toy & Sons",
    },
    "thesis2024": {
        "kind": "thesis",
        "venue": None,
        "doi": None,
        "url": "https://example.org/t",
        "publisher": "University of Toys",
    },
    "blog2024": {"kind": "blog", "venue": "A blog", "doi": None, "url": "https://example.org/post_1"},
    "book2024": {"kind": "book", "venue": "Toy series", "publisher": "Toy Press"},
    "software2024": {"kind": "software", "venue": None, "doi": None, "url": "https://example.org/s"},
}


def paper(**changes: Any) -> Paper:
    plain = {
        "title": "A plain title",
        "authors": ["Chen, Richard J.", "Lu, Ming Y."],
        "kind": "article",
        "year": 2024,
        "venue": "Journal of Toys",
        "doi": "10.1234/toy.1",
        "section": "encoders",
        "summary": "It is a toy.",
    }
    return Paper.model_validate({key: value for key, value in {**plain, **changes}.items() if value is not None})


@pytest.fixture(scope="module")
def nasty(toy: Catalog) -> Catalog:
    return Catalog(papers={**{name: paper(**changes) for name, changes in sorted(NASTY.items())}, **toy.papers})


@pytest.fixture(scope="module")
def text(nasty: Catalog) -> str:
    return dict(bibliography.render(nasty, {}))["references.bib"]


def printed(value: str) -> str:
    """What TeX prints for a value of ours."""
    commands = {command: character for character, command in tex.SPECIAL.items()}
    pattern = "|".join(re.escape(command) for command in sorted(commands, key=len, reverse=True))
    return re.sub(rf"({pattern})|[{{}}]", lambda found: commands.get(found[1], ""), value)


def test_every_paper_is_an_entry_under_its_id(nasty: Catalog, text: str) -> None:
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    assert [entry.key for entry in library.entries] == list(nasty.papers)


def test_the_fields_say_what_the_entry_says(nasty: Catalog, text: str) -> None:
    for entry in bibtexparser.parse_string(text).entries:
        record = nasty.papers[entry.key]
        fields = {field.key: field.value for field in entry.fields}
        assert printed(fields["title"]) == record.title
        assert [printed(author) for author in fields["author"].split(" and ")] == list(record.authors)
        assert fields["year"] == str(record.year)
        if entry.entry_type in ("article", "inproceedings"):
            volume = printed(fields.get("volume") or fields.get("note", "").removeprefix("Volume "))
            assert [volume, printed(fields.get("number", ""))] == [record.volume or "", record.issue or ""]
        server = "bioRxiv" if record.preprint_doi and not record.arxiv else ""
        assert printed(fields.get(citing.VENUES[entry.entry_type], "")) == (record.venue or server)


@pytest.mark.parametrize(
    ("fields", "venue"),
    [
        ({"preprint_doi": "10.1101/2024.01.01.573456"}, "bioRxiv"),
        ({"preprint_doi": "10.1101/2023.07.21.23292757"}, "medRxiv"),
        ({"preprint_doi": "10.1101/19001234"}, "medRxiv"),
        ({"preprint_doi": "10.21203/rs.3.rs-1"}, "Research Square"),
        ({"preprint_doi": "10.1101/2024.01.01.573456", "arxiv": "2405.00001"}, "arXiv"),
    ],
)
def test_a_preprint_is_named_by_its_server(fields: dict[str, str], venue: str) -> None:
    found = paper(kind="preprint", venue=None, doi=None, **fields)
    assert citing.venue(found) == venue
    assert ("howpublished" in citing.bibtex("x", found)) is ("arxiv" not in fields)


def test_both_readers_see_the_same_fields(text: str) -> None:
    months = {month[:3].lower(): month for month in citing.MONTHS}
    theirs = parse_string(text, "bibtex").entries
    for entry in bibtexparser.parse_string(text).entries:
        fields = {field.key: months.get(field.value, field.value) for field in entry.fields}
        authors = fields.pop("author").split(" and ")
        assert fields == dict(theirs[entry.key].fields.items())
        assert [re.sub(r"^\{(.*)\}$", r"\1", name) for name in authors] == [
            re.sub(r"^\{(.*)\}$", r"\1", str(person)) for person in theirs[entry.key].persons["author"]
        ]


def test_a_title_of_any_characters_comes_back() -> None:
    random.seed(0)
    letters = [chr(code) for code in (*range(33, 127), 0xE9, 0x3BC, 0x2013, 0x75C5, 0x1F600)]
    for _ in range(300):
        title = " ".join("".join(random.choices(letters, k=random.randint(1, 9))) for _ in range(random.randint(1, 9)))
        written = citing.bibtex("any2024", paper().model_copy(update={"title": title}))
        library = bibtexparser.parse_string(written)
        assert not library.failed_blocks
        assert printed(library.entries[0]["title"]) == title
        assert parse_string(written, "bibtex").entries["any2024"].fields["title"] == library.entries[0]["title"]


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Towards a general-purpose model", "Towards a general-purpose model"),
        ("UNI2 meets Gleason grading in slides", "{UNI2} meets {Gleason} grading in slides"),
        ("Scaling Vision Transformers to Gigapixel Images", "Scaling Vision Transformers to Gigapixel Images"),
        ("H&E slides: The T cell", "{H\\&E} slides: The {T} cell"),
        ("A study of A and B", "A study of {A} and {B}"),
        ("see #UNI now", "see \\#{UNI} now"),
    ],
)
def test_titles_keep_the_capitals_that_matter(title: str, written: str) -> None:
    assert tex.title(title) == written


def test_addresses_stay_verbatim(text: str) -> None:
    fields = bibtexparser.parse_string(text).entries_dict["link2024"].fields_dict
    assert fields["doi"].value == "10.1000/a_b%20c#d&e$f(1)"
    assert fields["url"].value == "https://example.org/~me/a_b%20c%7Bd%7D?x=1&y=#z"
    assert fields["pages"].value == "S1--S9"


def test_biber_accepts_every_entry(text: str, tmp_path: Path) -> None:
    assert biber(text, tmp_path) == []


def test_biber_accepts_the_shipped_bibliography(tmp_path: Path) -> None:
    catalog, _ = read_catalog(ROOT)
    assert biber(dict(bibliography.render(catalog, {}))["references.bib"], tmp_path) == []


def biber(text: str, folder: Path) -> list[str]:
    """Biber's warnings and errors; its exit code is 0 even when it warns."""
    if not shutil.which("biber"):
        assert not os.environ.get("CI"), "biber is not installed; install it, here it is never skipped"
        pytest.skip("biber is not installed; CI has it")
    (folder / "references.bib").write_text(text, encoding="utf-8")
    call = ["biber", "--tool", "--validate-datamodel", "--output-file", "out.bib", "references.bib"]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if re.match(r"(WARN|ERROR)", line)] + (
        [] if done.returncode == 0 else ["exit"]
    )


def test_ris_comes_back_as_it_was(nasty: Catalog) -> None:
    files = references(nasty)
    records = rispy.loads(files["references.ris"])
    assert [record["id"] for record in records] == list(nasty.papers)
    for record in records:
        source = nasty.papers[record["id"]]
        assert record["title"] == source.title
        assert record["authors"] == list(source.authors)
        assert record["year"] == str(source.year)
        assert record.get("secondary_title") == source.venue
        assert record.get("doi") == (source.doi or source.preprint_doi)
        assert record["urls"] == [citing.link(source)]


def test_ris_has_no_line_that_importers_choke_on(nasty: Catalog) -> None:
    text = references(nasty)["references.ris"]
    assert all(re.match(r"[A-Z][A-Z0-9]  - |$", line) for line in text.splitlines())


CSL = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["type", "id"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": ["string", "number"]},
            "type": {
                "enum": ["article", "article-journal", "paper-conference", "report", "thesis", "book", "post-weblog", "software"]
            },
            "author": {
                "type": "array",
                "items": {
                    "anyOf": [{"required": ["family", "given"]}, {"required": ["literal"]}],
                    "additionalProperties": False,
                    "properties": {name: {"type": "string"} for name in ("family", "given", "suffix", "literal")},
                },
            },
            "issued": {
                "required": ["date-parts"],
                "properties": {
                    "date-parts": {"maxItems": 2, "items": {"minItems": 1, "maxItems": 3, "items": {"type": "integer"}}}
                },
            },
            "custom": {"type": "object"},
            **{
                name: {"type": "string"}
                for name in ("title", "container-title", "volume", "issue", "page", "number", "publisher", "DOI", "URL")
            },
        },
    },
}
"""The part of the CSL data schema that our items use."""


def test_csl_json_has_the_required_shape(nasty: Catalog) -> None:
    items = json.loads(references(nasty)["references.csl.json"])
    jsonschema.Draft7Validator(CSL).validate(items)
    assert [item["id"] for item in items] == list(nasty.papers)
    assert items[-1]["issued"] == {"date-parts": [[2024, 3, 19]]}
    assert next(item for item in items if item["id"] == "names2024")["author"][1] == {
        "family": "King",
        "suffix": "Jr.",
        "given": "Martin Luther",
    }


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        (
            {"volume": "3", "issue": "2", "pages": "10-19"},
            "Chen, R. J., & Lu, M. Y. (2024). A plain title. Journal of Toys, 3(2), 10–19. https://doi.org/10.1234/toy.1",
        ),
        (
            NASTY["preprint2024"],
            "Chen, R. J., & Lu, M. Y. (2024). A plain title (arXiv:2405.00001). arXiv. https://arxiv.org/abs/2405.00001",
        ),
        (
            {"kind": "inproceedings", "title": "Why?", "pages": "1-9", "authors": ["The Toys"]},
            "The Toys. (2024). Why? In Journal of Toys (pp. 1–9). https://doi.org/10.1234/toy.1",
        ),
        (NASTY["report2024"], "Chen, R. J., & Lu, M. Y. (2024). A plain title. Toy reports. Toy & Sons. https://example.org/r"),
    ],
)
def test_apa_reads_as_in_print(changes: dict[str, Any], reference: str) -> None:
    assert citing.apa(paper(**changes)) == reference


def test_apa_shortens_more_than_twenty_authors() -> None:
    many = paper(authors=[f"Author{number}, Given-Name" for number in range(21)])
    names = citing.apa(many).partition(" (2024)")[0]
    assert names.endswith("Author18, G.-N., … Author20, G.-N.")
    assert "Author19" not in names


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({"doi": "10.1000/(SICI)<1::AID-1>3"}, "https://doi.org/10.1000/(SICI)%3C1::AID-1%3E3"),
        (NASTY["preprint2024"], "https://arxiv.org/abs/2405.00001"),
        (NASTY["biorxiv2024"], "https://doi.org/10.1101/2024.01.01.573456"),
        (NASTY["review2024"], "https://openreview.net/forum?id=a_B-c%25d"),
        (NASTY["blog2024"], "https://example.org/post_1"),
    ],
)
def test_the_link_leads_to_the_best_version(changes: dict[str, Any], address: str) -> None:
    assert citing.link(paper(**changes)) == address
