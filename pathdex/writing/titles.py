"""What people call an entry."""

from pathdex.catalog import Catalog

KINDS = ("models", "papers", "datasets", "benchmarks", "results", "errata")


def titles(catalog: Catalog) -> dict[str, dict[str, str]]:
    """Kind to id to name or title."""
    return {
        kind: {name: getattr(record, "name", None) or record.title for name, record in getattr(catalog, kind).items()}
        for kind in KINDS
    }
