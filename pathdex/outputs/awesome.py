"""The awesome list: every paper by section, newest first, then the models that have no paper."""

import re
from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.schema import Model, Paper
from pathdex.schema.taxonomy import Section
from pathdex.writing import citing
from pathdex.writing.markdown import escaped, link

COMMITTED = True
AGGREGATE = True

HEAD = """\
# Awesome Pathology Foundation Models [![Awesome](https://awesome.re/badge.svg)](https://awesome.re)

> Foundation models of computational pathology, the papers about them, and the data and benchmarks behind the numbers.

Each line is made from an entry in `catalog/`, where every fact has a receipt; edit the entry and run `pathdex build awesome`.
"""


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One file: head, contents, sections in the order of the taxonomy; a section without items is left out."""
    parts = [HEAD, "## Contents\n", "", ""]
    contents: list[str] = []
    for name, section, depth in _ordered(catalog):
        items = [*_papers(catalog, name), *_models(catalog, name)]
        if items or any(_inside(catalog, name)):
            contents.append(f"{'  ' * (depth - 2)}- [{escaped(section.title)}](#{_anchor(section.title)})")
            parts += [f"{'#' * depth} {escaped(section.title)}\n", f"{_sentence(section.about)}\n", *_block(items)]
    parts[2] = "\n".join(contents) + "\n"
    yield "AWESOME.md", "\n".join(part for part in parts if part)


def _ordered(catalog: Catalog) -> Iterator[tuple[str, Section, int]]:
    """Sections with the depth of their headings; what lies within a section follows it."""
    sections = catalog.taxonomy.sections if catalog.taxonomy else {}
    for name, section in sections.items():
        if not section.within:
            yield name, section, 2
            yield from ((inner, found, 3) for inner, found in sections.items() if found.within == name)


def _inside(catalog: Catalog, outer: str) -> Iterator[str]:
    """Items of the sections within a section."""
    for name, section, _ in _ordered(catalog):
        if section.within == outer:
            yield from (*_papers(catalog, name), *_models(catalog, name))


def _papers(catalog: Catalog, section: str) -> list[str]:
    """Items of the section's papers, newest first."""
    found = [(name, paper) for name, paper in catalog.papers.items() if paper.section == section]
    found.sort(key=lambda named: named[1].title)
    found.sort(key=lambda named: citing.dated(named[1]), reverse=True)
    return [_item(catalog, name, paper) for name, paper in found]


def _item(catalog: Catalog, name: str, paper: Paper) -> str:
    parts = [f"{_emphasised(citing.venue(paper))}{paper.year}.", _sentence(paper.summary)]
    if paper.code:
        parts.append(f"{link('Code', paper.code)}.")
    if models := catalog.models_of(name):
        cards = ", ".join(link(catalog.models[model].name, f"modelcards/{model}.md") for model in models)
        parts.append(f"{'Models' if len(models) > 1 else 'Model'}: {cards}.")
    return f"- {link(paper.title, citing.link(paper))} - {' '.join(parts)}"


def _models(catalog: Catalog, section: str) -> list[str]:
    """Items of the models without a paper whose kind the section bears in its id."""
    places: dict[str, str] = {}
    bare = {name: model for name, model in catalog.models.items() if not model.papers}
    for name, model in bare.items():
        places.setdefault(_place(model), name)
    found = [(name, model) for name, model in bare.items() if section in _homes(model)]
    found.sort(key=lambda named: named[1].name.lower())
    return [_without_paper(name, model, places[_place(model)] == name) for name, model in found]


def _homes(model: Model) -> tuple[str, str]:
    return model.kind, f"{model.kind}s"


def _place(model: Model) -> str:
    """Where the model is to be had, or ""."""
    hub = f"https://huggingface.co/{model.weights.repository}" if model.weights.repository else ""
    return hub or model.weights.url or model.code or ""


def _without_paper(name: str, model: Model, first: bool) -> str:
    """The item of a model; only the first one in a repository links to it, since a list names no link twice."""
    place = _place(model) if first else ""
    parts = [f"{model.released[:4]}." if model.released else "Undated.", _sentence(model.summary)]
    head = link(model.name, place) if place else f"Model {escaped(model.name)}"
    return f"- {head} - {' '.join(parts)} {link('Model card', f'modelcards/{name}.md')}."


def _emphasised(venue: str) -> str:
    return f"*{escaped(venue)}*, " if venue else ""


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    shown = escaped(text)
    return shown if re.search(r"[.!?…]$", shown) else f"{shown}."


def _block(items: list[str]) -> list[str]:
    return ["\n".join(items) + "\n"] if items else []


def _anchor(title: str) -> str:
    """The heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
