"""Runs the checks: hands each what it asks for by name and keeps what no entry is excused from."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from types import ModuleType

from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.problems import Problem

Check = Callable[..., Iterator[Problem]]


def checks() -> dict[str, Check]:
    """Every check by id, `<family>/<name>`, in sorted order."""
    return {
        f"{family}/{name.replace('_', '-')}": function
        for family, module in plugins.load_all("pathdex.checks").items()
        for name, function in _public(module)
    }


def _public(module: ModuleType) -> Iterator[tuple[str, Check]]:
    for name, function in sorted(vars(module).items()):
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
            yield name, function


def judge(catalog: Catalog, today: date) -> list[Problem]:
    """Every finding of every check, less those that an entry's `allow` excuses."""
    known = checks()
    offered = {"catalog": catalog, "today": today, "rules": tuple(known)}
    excused = _excused(catalog)
    found = []
    for rule, check in known.items():
        wanted = {name: offered[name] for name in inspect.signature(check).parameters}
        found += [replace(problem, rule=rule) for problem in check(**wanted) if (problem.file, rule) not in excused]
    return sorted(found)


def _excused(catalog: Catalog) -> set[tuple[str, str]]:
    return {
        (catalog.documents[kind, name].file, rule)
        for kind, name, record in catalog.entries()
        for rule in getattr(record, "allow", {})
    }
