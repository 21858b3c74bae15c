"""One portable model card a model, in the style of the Hugging Face Hub."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.once import renewed
from pathdex.writing.cards import card

COMMITTED = True
AGGREGATE = False


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A card for each model, in order of ids."""
    for name in catalog.models:
        yield renewed(catalog, ("model card", name), _card, catalog, name)


def _card(catalog: Catalog, name: str) -> tuple[str, str]:
    return f"modelcards/{name}.md", card(catalog, name)
