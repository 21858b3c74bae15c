"""Entries as schema.org describes them, for search engines: JSON-LD without the page's own address, which the theme adds."""

from collections.abc import Sequence
from typing import Any

from pathdex.catalog import Catalog
from pathdex.schema import Dataset, Model, Paper
from pathdex.schema.weights import Weights
from pathdex.writing import citing

CONTEXT = "https://schema.org"
HUB = "https://huggingface.co"
PAPERS = {"report": "Report", "thesis": "Thesis", "book": "Book", "blog": "BlogPosting", "software": "SoftwareSourceCode"}
"""Kinds of papers that are no ScholarlyArticle."""
LIBRARIES = ("timm", "transformers", "open_clip", "diffusers")


def model(catalog: Catalog, name: str) -> dict[str, Any]:
    """Code where there is code or a recipe, a data set where only weights are given, a work where nothing is."""
    entry = catalog.models[name]
    about = {
        "name": entry.name,
        "description": entry.summary,
        "identifier": name,
        "keywords": ["computational pathology", "foundation model", entry.kind],
        "author": _organizations(entry.organizations),
        "datePublished": entry.released,
        "citation": [citing.link(catalog.papers[paper]) for paper in entry.papers],
    }
    if entry.code or entry.loader:
        return _known({**_typed("SoftwareSourceCode"), **about, **_code(entry), "hasPart": _weights(entry)})
    if entry.weights.access != "none":
        return _known({**_typed("Dataset"), **about, **_files(entry.weights)})
    return _known({**_typed("CreativeWork"), **about})


def _code(entry: Model) -> dict[str, Any]:
    library = entry.loader.library if entry.loader else None
    return {
        "codeRepository": entry.code,
        "programmingLanguage": "Python" if library else None,
        "runtimePlatform": library if library in LIBRARIES else None,
    }


def _weights(entry: Model) -> dict[str, Any] | None:
    """The weights as a data set, where they are given at all."""
    if entry.weights.access == "none":
        return None
    head = {"@type": "Dataset", "name": f"Weights of {entry.name}", "description": entry.summary}
    return _known({**head, "creator": _organizations(entry.organizations), **_files(entry.weights)})


def _files(weights: Weights) -> dict[str, Any]:
    place = f"{HUB}/{weights.repository}" if weights.repository else weights.url
    at = f"{place}/resolve/{weights.revision}" if weights.repository and weights.revision else ""
    return {
        "url": place,
        "version": weights.revision,
        "license": license_address(weights.license, weights.license_url),
        "conditionsOfAccess": weights.access,
        "distribution": [
            _known(
                {
                    "@type": "DataDownload",
                    "name": file.name,
                    "contentUrl": f"{at}/{file.name}" if at else place,
                    "contentSize": f"{file.bytes} B" if file.bytes else None,
                    "sha256": file.sha256,
                }
            )
            for file in weights.files
        ],
    }


def dataset(catalog: Catalog, entry: Dataset) -> dict[str, Any]:
    """A data set or cohort."""
    about = {
        "name": entry.name,
        "description": entry.summary,
        "url": entry.url,
        "datePublished": entry.released,
        "license": license_address(entry.license, entry.license_url),
        "conditionsOfAccess": entry.access,
        "citation": [citing.link(catalog.papers[paper]) for paper in entry.papers],
    }
    return _known({**_typed("Dataset"), **about})


def paper(name: str, entry: Paper) -> dict[str, Any]:
    """A scholarly article, or what else the paper is."""
    place = {"article": "Periodical", "inproceedings": "Book"}.get(entry.kind, "CreativeWork")
    about = {
        "headline": entry.title,
        "name": entry.title,
        "description": entry.summary,
        "author": [_person(author) for author in entry.authors],
        "datePublished": "-".join(f"{part:02}" for part in citing.dated(entry)),
        "isPartOf": {"@type": place, "name": entry.venue} if entry.venue else None,
        "publisher": {"@type": "Organization", "name": entry.publisher} if entry.publisher else None,
        "pagination": entry.pages,
        "url": citing.link(entry),
        "identifier": [
            {"@type": "PropertyValue", "propertyID": kind, "value": value}
            for kind, value in (("pathdex", name), ("DOI", entry.doi or entry.preprint_doi), ("arXiv", entry.arxiv))
            if value
        ],
        "sameAs": f"https://arxiv.org/abs/{entry.arxiv}" if entry.arxiv else None,
    }
    return _known({**_typed(PAPERS.get(entry.kind, "ScholarlyArticle")), **about})


def license_address(name: str | None, text: str | None) -> str | None:
    """Where a licence can be read: its own text, else SPDX's page of a licence that stands alone."""
    single = name and " " not in name and not name.startswith("LicenseRef-")
    return text or (f"https://spdx.org/licenses/{name}.html" if single else None)


def _person(author: str) -> dict[str, str]:
    family, *rest = author.split(", ")
    if not rest:
        return {"@type": "Organization", "name": author}
    suffix = {"honorificSuffix": rest[0]} if len(rest) > 1 else {}
    return {"@type": "Person", "name": f"{rest[-1]} {family}", "familyName": family, "givenName": rest[-1], **suffix}


def _organizations(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"@type": "Organization", "name": name} for name in names]


def _typed(kind: str) -> dict[str, str]:
    return {"@context": CONTEXT, "@type": kind}


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, [], "")}
