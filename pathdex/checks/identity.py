"""Entries can be told apart, and what excuses them exists."""

from collections.abc import Collection, Iterator

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema import KINDS
from pathdex.text import near

RESERVED = ("index", "index.html", "readme")
LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "-": None, ".": None, "_": None})


def no_look_alikes(catalog: Catalog) -> Iterator[Problem]:
    """No id differs from another only by case, separators or look-alike characters (0 and o, 1 and l and i, rn and m)."""
    for kind in KINDS:
        first: dict[str, str] = {}
        for name in getattr(catalog, kind):
            key = name.lower().translate(LOOK_ALIKE).replace("rn", "m").replace("vv", "w")
            if first.setdefault(key, name) != name:
                what, mend = f"id {name!r} is hard to tell from {first[key]!r}", "rename the file"
                yield catalog.problem(kind, name, (), what, mend)


def no_reserved_names(catalog: Catalog) -> Iterator[Problem]:
    """No entry is called index or readme: the site keeps these for its own pages."""
    for kind, name, _ in catalog.entries():
        if name in RESERVED:
            yield catalog.problem(kind, name, (), f"id {name!r} is the site's own", "rename the file")


def excuses_name_checks(catalog: Catalog, rules: Collection[str]) -> Iterator[Problem]:
    """Each key of `allow` is the id of a check."""
    for kind, name, record in catalog.entries():
        for rule in getattr(record, "allow", {}):
            if rule not in rules:
                mend = near(rule, rules) or "see the list of checks"
                yield catalog.problem(kind, name, ("allow", rule), f"{rule!r} is not a check", mend)
