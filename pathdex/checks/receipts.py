"""Every fact can be traced to something a reader can open."""

from collections.abc import Iterator

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema.receipt import Receipted
from pathdex.schema.record import Path, dotted, facts
from pathdex.text import near


def every_fact_has_one(catalog: Catalog) -> Iterator[Problem]:
    """Each stated fact is covered by a path in `sources` or `disputed`."""
    for kind, name, record in catalog.entries():
        if isinstance(record, Receipted):
            covered = {path.strip() for key in (*record.sources, *record.disputed) for path in key.split(",")}
            for path in _highest([path for path in facts(record) if not _is_covered(path, covered)], covered):
                yield catalog.problem(kind, name, path, "has no receipt", f"add {dotted(path)} to sources")


def names_a_field(catalog: Catalog) -> Iterator[Problem]:
    """Each path in `sources` leads to something that the entry states."""
    for kind, name, record in catalog.entries():
        if isinstance(record, Receipted):
            known = {dotted(path[:length]) for path in facts(record) for length in range(1, len(path) + 1)}
            yield from _stray(catalog, kind, name, record, known)


def no_path_twice(catalog: Catalog) -> Iterator[Problem]:
    """No path stands twice in `sources`: one of the receipts would never be shown."""
    for kind, name, record in catalog.entries():
        seen: set[str] = set()
        for key in record.sources if isinstance(record, Receipted) else ():
            for path in (part.strip() for part in key.split(",")):
                if path in seen:
                    mend = "give its receipts as a list under one key"
                    yield catalog.problem(kind, name, ("sources", key), f"{path!r} stands twice", mend)
                seen.add(path)


def _stray(catalog: Catalog, kind: str, name: str, record: Receipted, known: set[str]) -> Iterator[Problem]:
    for key in record.sources:
        for path in (part.strip() for part in key.split(",")):
            if path not in known:
                mend = near(path, known) or "remove it, or state the fact"
                yield catalog.problem(kind, name, ("sources", key), f"{path!r} is not a fact of this entry", mend)


def _is_covered(path: Path, covered: set[str]) -> bool:
    return any(dotted(path[:length]) in covered for length in range(1, len(path) + 1))


def _highest(paths: list[Path], covered: set[str]) -> list[Path]:
    """The uncovered paths, gathered below the highest parent that has no receipt in it."""
    partly = {tuple(key.split(".")[:length]) for key in covered for length in range(1, key.count(".") + 2)}
    found: dict[Path, None] = {}
    for path in paths:
        length = next(n for n in range(1, len(path) + 1) if tuple(map(str, path[:n])) not in partly or n == len(path))
        found[path[:length]] = None
    return list(found)
