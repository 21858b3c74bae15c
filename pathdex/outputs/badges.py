"""A badge for each model, and one for the whole catalog: small SVG pictures that other pages may show."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing.badges import badge
from pathdex.writing.ladder import badge as said
from pathdex.writing.ladder import whole

COMMITTED = False
AGGREGATE = True
FOLDER = "build/docs/badges"


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """badges/<id>.svg for each model; badges/index.svg for all of them, an id that no model has."""
    yield f"{FOLDER}/index.svg", badge(*whole(catalog))
    for name, model in catalog.models.items():
        yield f"{FOLDER}/{name}.svg", badge(*said(model, catalog.evidence.get(name)))
