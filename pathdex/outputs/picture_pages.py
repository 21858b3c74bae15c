"""The page of pictures: the field, sizes, quality and cost, and a post redrawn, all from the entries."""

from collections.abc import Iterator, Mapping

from jinja2 import Environment

from pathdex.catalog import Catalog
from pathdex.once import renewed
from pathdex.writing.drawing.picture import Picture
from pathdex.writing.pictures import field, post, quality, size
from pathdex.writing.rendering import environment, page

COMMITTED = False
AGGREGATE = True


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The one page."""
    yield renewed(catalog, ("pictures",), _page, catalog, environment(prose))


def _page(catalog: Catalog, made: Environment) -> tuple[str, str]:
    return page(made, "pictures", "pictures.md", parts=_parts(catalog))


def _parts(catalog: Catalog) -> list[tuple[str, list[Picture]]]:
    """Headings with their pictures, those left out that would show nothing."""
    parts: list[tuple[str, list[Picture | None]]] = [
        ("The field", [field.releases(catalog), field.by_year(catalog), field.by_organisation(catalog), field.suites(catalog)]),
        ("Sizes", [size.claimed_and_counted(catalog), size.slides(catalog)]),
        ("Quality and cost", [*quality.pictures(catalog)]),
        ("A post, redrawn", [*post.pictures(catalog)]),
    ]
    shown = [(title, [one for one in pictures if one and one.rows]) for title, pictures in parts]
    return [(title, pictures) for title, pictures in shown if pictures]
