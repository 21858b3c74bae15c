"""Atom feeds of new models, new papers and errata."""

from collections.abc import Iterator, Mapping

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Erratum, Model
from pathdex.writing import addresses, citing
from pathdex.writing.feeds import Feed, Item, atom, moment, newest

COMMITTED = False
AGGREGATE = True
FOLDER = "feeds"


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """feeds/models.xml, feeds/papers.xml and feeds/errata.xml."""
    home = addresses.home(prose)
    for name, (title, subtitle, items) in FEEDS.items():
        url, page = (addresses.way(home, target, FOLDER) for target in (f"{FOLDER}/{name}.xml", f"{name}/"))
        feed = Feed(name, f"pathdex: {title}", subtitle, url, page, newest(items(catalog, home)))
        yield f"build/docs/{FOLDER}/{name}.xml", atom(feed)


def _page(home: str, name: str) -> str:
    return addresses.way(home, f"{name}/", FOLDER)


def _models(catalog: Catalog, home: str) -> Iterator[Item]:
    for name, model in catalog.models.items():
        if date := model.released or _paper_date(catalog, model):
            key, makers = f"models/{name}", tuple(model.organizations)
            yield Item(key, model.name, date, model.summary, _page(home, key), makers, model.kind, model.code or "")


def _paper_date(catalog: Catalog, model: Model) -> str:
    """When the first of a model's papers came out; "" where it has none."""
    papers = [catalog.papers[name] for name in model.papers]
    return min((paper.preprinted or paper.published or str(paper.year) for paper in papers), key=moment, default="")


def _papers(catalog: Catalog, home: str) -> Iterator[Item]:
    for name, paper in catalog.papers.items():
        key, authors = f"papers/{name}", tuple(map(text.given_family, paper.authors))
        date = paper.published or paper.preprinted or str(paper.year)
        yield Item(key, paper.title, date, paper.summary, _page(home, key), authors, paper.section, citing.link(paper))


def _errata(catalog: Catalog, home: str) -> Iterator[Item]:
    for name, erratum in catalog.errata.items():
        if date := _date(catalog, erratum):
            key, mended = f"errata/{name}", f" Mended at the source: {text.date(erratum.mended)}." if erratum.mended else ""
            says = " ".join(f"“{sighting.says}”" for sighting in erratum.circulates)
            yield Item(key, erratum.title, date, f"{says}: {erratum.correct}{mended}", _page(home, key), (), erratum.kind)


def _date(catalog: Catalog, erratum: Erratum) -> str:
    """When the source was mended, else the date of the newest entry concerned; "" where none has a date."""
    models = (catalog.models[name].released for name in erratum.models)
    papers = (catalog.papers[name].published or catalog.papers[name].preprinted for name in erratum.papers)
    known = [date for date in (*models, *papers) if date]
    return erratum.mended or max(known, key=moment, default="")


FEEDS = {
    "models": (
        "new models",
        "Models of the catalog by release date, else by that of the first paper; a model without either is not here.",
        _models,
    ),
    "papers": ("new papers", "Papers of the catalog by date of the version of record, else of the preprint.", _papers),
    "errata": (
        "errata",
        "Wrong claims in circulation. The date is when the source was mended, else that of the newest model or paper concerned; "
        "an erratum without either is not here.",
        _errata,
    ),
}
