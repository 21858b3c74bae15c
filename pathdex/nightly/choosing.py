"""Which models a run is about."""

import subprocess
from collections.abc import Collection, Iterable
from pathlib import Path

from pathdex.catalog import Catalog
from pathdex.schema.evidence import Height
from pathdex.schema.recipe import fingerprint
from pathdex.text import near

MEASURING = (
    "loaders",
    "layers",
    "measuring",
    "rungs",
    "weights",
    "encoding.py",
    "filling.py",
    "obtaining.py",
    "publications.py",
    "released.py",
    "verify.py",
)
"""What in pathdex/ takes part in measuring every model."""
TRY_AGAIN = frozenset(("not-attempted", "unreachable", "unsupported-environment"))
"""Ends that say nothing about a model where more is at hand."""


class WrongCall(Exception):
    """A call that can't be followed, in one line."""


def choose(
    catalog: Catalog,
    root: Path,
    ids: Collection[str] = (),
    changed_since: str | None = None,
    kind: str | None = None,
    environment: str | None = None,
) -> list[str]:
    """The models named, or all, of those the ones that changed, are of a kind and of an environment group; raises `WrongCall`.

    An entry that can't be read is of every kind and group, so that it is not lost.
    """
    known = catalog.ids("models")
    for name in ids:
        if name not in known:
            raise WrongCall(f"no model {name!r}; {near(name, known) or 'see catalog/models/ for the ids'}")
    asked = set(ids or known)
    if changed_since:
        asked &= changed(catalog, root, changed_since)
    return [name for name in sorted(asked) if _fits(catalog, name, kind, environment)]


def _fits(catalog: Catalog, name: str, kind: str | None, environment: str | None) -> bool:
    model = catalog.models.get(name)
    if model is None:
        return True
    group = model.loader.environment if model.loader else "default"
    return kind in (None, model.kind) and environment in (None, group)


def lacking(catalog: Catalog, names: Iterable[str], rungs: Collection[Height]) -> list[str]:
    """Those of the models whose evidence does not tell, of today's recipe, how each rung ended where it could be tried."""
    return [name for name in names if _lacks(catalog, name, rungs)]


def _lacks(catalog: Catalog, name: str, rungs: Collection[Height]) -> bool:
    model, evidence = catalog.models.get(name), catalog.evidence.get(name)
    if model is None or evidence is None or evidence.recipe != fingerprint(model):
        return True
    tried = dict(evidence.rungs.tried())
    return any(rung not in tried or tried[rung].status in TRY_AGAIN for rung in rungs)


def changed(catalog: Catalog, root: Path, commit: str) -> set[str]:
    """Models whose entry, architecture or environment is another one than at a commit; all if what measures is."""
    files = [Path(line) for line in _changed_files(root, commit)]
    package = {Path(*file.parts[1:]) for file in files if file.parts[0] == "pathdex"}
    if any(file.parts[0] in MEASURING for file in package):
        return set(catalog.ids("models"))
    entries = {file.stem for file in files if file.parts[:2] == ("catalog", "models")}
    architectures = {file.stem for file in package if file.parts[0] == "architectures"}
    groups = {file.stem for file in files if file.parts[0] == "environments"}
    built = {
        name
        for name, model in catalog.models.items()
        if model.loader
        and (model.loader.environment in groups or (model.loader.library == "pathdex" and model.loader.factory in architectures))
    }
    return built | entries & catalog.ids("models")


def _changed_files(root: Path, commit: str) -> list[str]:
    """Paths below `root` that differ from a commit, and those that git does not know yet."""
    differ = _git(root, "diff", "--name-only", "--relative", "--end-of-options", commit, "--")
    return [*differ, *_git(root, "ls-files", "--others", "--exclude-standard")]


def _git(root: Path, *arguments: str) -> list[str]:
    told = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if told.returncode:
        line = (told.stderr.strip().splitlines() or ["git failed"])[0]
        raise WrongCall(f"git can't tell what changed ({line})")
    return told.stdout.splitlines()
