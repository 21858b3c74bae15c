"""Time runs forward."""

from collections.abc import Iterator
from datetime import date

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema.record import Path, stated

DATES = {"released", "published", "preprinted", "retrieved", "mended"}


def none_in_the_future(catalog: Catalog, today: date) -> Iterator[Problem]:
    """No date lies after today, and no paper is of a year to come."""
    for kind, name, record in catalog.entries():
        for path, value in stated(record):
            if _is_date(path) and str(value) > today.isoformat()[: len(str(value))]:
                what = f"{value!r} lies in the future"
                yield catalog.problem(kind, name, path, what, "correct it, or wait")


def _is_date(path: Path) -> bool:
    return path[-1] in DATES or path == ("year",)
