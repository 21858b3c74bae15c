"""The picture that other sites show beside a link to this one."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing.picture import card

COMMITTED = False
AGGREGATE = True


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """assets/card.png; the catalog's entries do not change it."""
    yield "build/docs/assets/card.png", card()
