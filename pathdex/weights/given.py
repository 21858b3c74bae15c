"""Files of weights that the user has, wherever they came from, in the place of those that would be fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pathdex.hindrance import Hindered
from pathdex.schema.weights import Weights
from pathdex.weights.archives import PACKED, dotted
from pathdex.weights.hub import INDEX, Remote, Snapshot, chosen
from pathdex.weights.unpacking import ZIPPED

Wanted = str | tuple[str, ...] | None
"""Files that a recipe names."""
SAFE = ".safetensors"


@dataclass(frozen=True)
class Folder(Snapshot):
    """The user's folder, with the files in it by their paths."""

    def lacks(self, what: str) -> Hindered:
        """That it has no such file."""
        return Hindered("missing", f"the folder {self.repository} has {what}")


def given(weights: Weights, wanted: Wanted, path: Path) -> dict[Remote, Path]:
    """The files that the recipe wants and where they are: a file for the only one, whatever its name, or a folder with all.

    Raises `Hindered`, also for a file of another length than the entry states.
    """
    if not path.exists():
        raise Hindered("missing", f"there is no {path}")
    found = _folder(weights, wanted, path) if path.is_dir() else {_only(weights, wanted, path): path}
    claimed = {one.name: one.bytes for one in weights.files if one.bytes}
    for one in found:
        if one.bytes != claimed.get(one.name, one.bytes):
            raise Hindered("mismatch", f"{found[one]} has {one.bytes:,} bytes, the entry states {claimed[one.name]:,}")
    return found


def below(prefix: str | None, wanted: Wanted, weights: Weights, path: Path) -> str | None:
    """The recipe's prefix in a file that the user has taken from the released archive, where its path is a part of it."""
    named = _named(weights, wanted)
    packed = len(named) == 1 and named[0].endswith((*PACKED, ZIPPED))
    if not packed or path.is_dir() or path.name.endswith((*PACKED, ZIPPED)):
        return prefix
    _, found, rest = f".{prefix or ''}".partition(f".{dotted(path.name)}.")
    return (rest or None) if found else prefix


def _named(weights: Weights, wanted: Wanted) -> Sequence[str]:
    """The files that fill the module, by name, as far as the entry tells them."""
    if wanted:
        return (wanted,) if isinstance(wanted, str) else wanted
    named = [one.name for one in weights.files]
    return [name for name in named if name.endswith(SAFE)] or named


def _only(weights: Weights, wanted: Wanted, path: Path) -> Remote:
    """What the entry calls the file: one that has its name there, or else the one that the recipe wants."""
    named = _named(weights, wanted)
    if len(named) > 1 or any(name.endswith(INDEX) for name in named):
        raise Hindered("missing", f"the recipe wants several files ({', '.join(named)}); give the folder that has them")
    listed = [one.name for one in weights.files if one.name.rpartition("/")[2] == path.name]
    told = next((name for name in (*listed, *named) if not name.endswith("/")), path.name)
    return Remote(told, path.stat().st_size, None)


def _folder(weights: Weights, wanted: Wanted, path: Path) -> dict[Remote, Path]:
    """The files by their paths below the folder, or by their names where the entry's path is longer."""
    there = {one.relative_to(path).as_posix(): one for one in sorted(path.rglob("*")) if one.is_file()}
    for name in _named(weights, wanted):
        if name not in there and (flat := name.rpartition("/")[2]) in there:
            there[name] = there[flat]
    files = {name: Remote(name, one.stat().st_size, None) for name, one in there.items()}
    found = Folder(str(path), "", None, files, folder=path)
    return {one: there[one.name] for one in chosen(weights, wanted, found)}
