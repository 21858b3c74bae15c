"""The pages about papers: all of them by section, one page each, and the bibliography."""

from collections.abc import Iterator, Mapping

from jinja2 import Environment

from pathdex.catalog import Catalog
from pathdex.once import once, renewed
from pathdex.schema import Paper
from pathdex.schema.taxonomy import Section
from pathdex.writing import highwire, linked
from pathdex.writing.citing import bibtex, link, reference
from pathdex.writing.heads import head
from pathdex.writing.paper_columns import spoken_kind
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The sections, the bibliography and the pages."""
    made = environment(prose)
    made.filters.update(spoken_kind=spoken_kind)
    made.globals.update(identifiers=identifiers, reference=reference, link=link)
    yield renewed(catalog, ("papers by section",), _sections, catalog, made)
    yield renewed(catalog, ("bibliography",), _bibliography, catalog, made)
    for name in catalog.papers:
        yield renewed(catalog, ("paper page", name), _page, catalog, made, name)


def _sections(catalog: Catalog, made: Environment) -> tuple[str, str]:
    sections = [(key, section, _papers(catalog, key)) for key, section in _ordered(catalog)]
    total = len(catalog.papers)
    return page(made, "sections", "papers/sections.md", sections=sections, total=total, models_of=_models(catalog))


def _bibliography(catalog: Catalog, made: Environment) -> tuple[str, str]:
    return page(made, "bibliography", "bibliography.md", papers=sorted(catalog.papers.items(), key=_alphabetical))


def _ordered(catalog: Catalog) -> Iterator[tuple[str, Section]]:
    """The sections, each followed by those within it."""
    sections = catalog.taxonomy.sections if catalog.taxonomy else {}
    for key, section in sections.items():
        if section.within is None:
            yield key, section
            yield from ((inner, found) for inner, found in sections.items() if found.within == key)


def _papers(catalog: Catalog, section: str) -> list[tuple[str, Paper]]:
    """The papers of a section, the newest first."""
    found = [(name, paper) for name, paper in catalog.papers.items() if paper.section == section]
    return sorted(found, key=lambda item: (_when(item[1]), item[0]), reverse=True)


def _when(paper: Paper) -> str:
    return paper.published or paper.preprinted or str(paper.year)


def _alphabetical(item: tuple[str, Paper]) -> tuple[str, int, str]:
    name, paper = item
    return paper.authors[0].casefold(), paper.year, name


def _models(catalog: Catalog) -> dict[str, list[tuple[str, str]]]:
    """Paper to the models that it is about, as (id, name)."""
    return {paper: [(model, catalog.models[model].name) for model in catalog.models_of(paper)] for paper in catalog.papers}


def identifiers(paper: Paper) -> list[tuple[str, str, str, str]]:
    """Where the paper can be read: label, identifier, address, and the field that its receipts stand under."""
    found = [
        ("DOI", paper.doi, f"https://doi.org/{paper.doi}", "doi"),
        ("arXiv", paper.arxiv, f"https://arxiv.org/abs/{paper.arxiv}", "arxiv"),
        ("Preprint", paper.preprint_doi, f"https://doi.org/{paper.preprint_doi}", "preprint_doi"),
        ("OpenReview", paper.openreview, f"https://openreview.net/forum?id={paper.openreview}", "openreview"),
        ("Page", paper.url, paper.url or "", "url"),
        ("Code", paper.code, paper.code or "", "code"),
    ]
    return [(label, value.split("://", 1)[-1], url, field) for label, value, url, field in found if value]


def _page(catalog: Catalog, made: Environment, name: str) -> tuple[str, str]:
    paper = catalog.papers[name]
    return page(
        made,
        "paper",
        f"papers/{name}.md",
        id=name,
        head=head(linked.paper(name, paper), highwire.tags(paper)),
        paper=paper,
        bibtex=bibtex(name, paper).strip(),
        section=catalog.taxonomy.sections.get(paper.section) if catalog.taxonomy else None,
        models=[(model, catalog.models[model]) for model in catalog.models_of(name)],
        others=_about(catalog, name),
        errata=[(erratum, catalog.errata[erratum]) for erratum in catalog.errata_of("papers", name)],
    )


@once
def _about(catalog: Catalog, paper: str) -> list[tuple[str, str, str]]:
    """Data sets, benchmarks and tables that the paper describes or prints, as (kind, id, name)."""
    return _abouts(catalog).get(paper, [])


@once
def _abouts(catalog: Catalog) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for kind in ("datasets", "benchmarks", "results"):
        for name, record in getattr(catalog, kind).items():
            for paper in dict.fromkeys(record.papers):
                found.setdefault(paper, []).append((kind, name, getattr(record, "name", None) or record.title))
    return found
