"""What people call an entry."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.once import once

KINDS = ("models", "papers", "datasets", "benchmarks", "results", "errata")


@once
def title(catalog: Catalog, kind: str, name: str) -> str:
    """Name or title of an entry; KeyError where there is none."""
    record = getattr(catalog, kind)[name]
    found: str = getattr(record, "name", None) or record.title
    return found


def titles(catalog: Catalog) -> dict[str, Mapping[str, str]]:
    """Kind to id to name or title, each looked up when it is asked for."""
    return {kind: _Titles(catalog, kind) for kind in KINDS}


class _Titles(Mapping[str, str]):
    def __init__(self, catalog: Catalog, kind: str) -> None:
        self.catalog, self.kind = catalog, kind

    def __getitem__(self, name: str) -> str:
        return title(self.catalog, self.kind, name)

    def __iter__(self) -> Iterator[str]:
        return iter(getattr(self.catalog, self.kind))

    def __len__(self) -> int:
        return len(getattr(self.catalog, self.kind))
