"""Writes what is derived: every output as it should be, each file whole or not at all, and nothing left over."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pathdex import plugins
from pathdex.catalog import Catalog, uncollected
from pathdex.files import write_whole

OUTPUTS = "pathdex.outputs"
DOCS = "build/docs"
SETTINGS = "mkdocs.yml"
OWNED = ("schema", "modelcards", DOCS)
"""Folders in which only outputs write; what they no longer yield is removed from there."""
TEMPLATES = ("templates/", "overrides/", "serving/")
"""Folders of site/ that shape pages, or stand beside them while people write, and are not part of the site."""


def outputs(aggregate: bool = True) -> tuple[str, ...]:
    """The names of all outputs; without `aggregate`, of those that write a file for each entry."""
    return tuple(name for name in plugins.names(OUTPUTS) if aggregate or not plugins.load(OUTPUTS, name).AGGREGATE)


def build(root: Path, only: Sequence[str] = (), committed_only: bool = False) -> list[str]:
    """Write what changed and remove what is left over; the paths of both, below `root`, sorted.

    Everything is rendered before anything is written. Raises `CatalogError` when the catalog can't be read.
    """
    wanted = _rendered(root, only, committed_only)
    if not (only or committed_only):
        wanted |= static(root)
    return write(root, wanted, leftovers(root, wanted, only, committed_only))


def write(root: Path, wanted: Mapping[str, bytes], left: Iterable[str]) -> list[str]:
    """Write the files that are not as wanted and remove those left over; the paths of both, sorted."""
    changed, gone = [path for path, content in wanted.items() if _read(root / path) != content], list(left)
    for path in changed:
        write_whole(root / path, wanted[path])
    for path in gone:
        (root / path).unlink()
    return sorted([*changed, *gone])


def stale(root: Path, only: Sequence[str] = ()) -> list[str]:
    """One line for each committed file that is not what `build` would write."""
    wanted = _rendered(root, only, committed_only=True)
    found = {path: _read(root / path) for path in wanted}
    lines = [f"{path}: is {'missing' if found[path] is None else 'stale'}" for path in wanted if found[path] != wanted[path]]
    lines += [f"{path}: is left over" for path in leftovers(root, wanted, only, committed_only=True)]
    return [f"{line}; run pathdex build" for line in sorted(lines)]


def _rendered(root: Path, only: Sequence[str], committed_only: bool) -> dict[str, bytes]:
    """Path to content of every file that the outputs yield."""
    with uncollected():
        catalog, texts = Catalog.load(root), site_texts(root)
        found: dict[str, bytes] = {}
        for name in only or outputs():
            output = plugins.load(OUTPUTS, name)
            for path, content in output.render(catalog, texts) if output.COMMITTED or not committed_only else ():
                if path in found:
                    raise ValueError(f"two outputs write {path}, one of them {name}")
                found[path] = content.encode() if isinstance(content, str) else content
        return found


def site_texts(root: Path) -> dict[str, str]:
    """Every text file below site/, by its path there, and the site's settings."""
    texts = {SETTINGS: (root / SETTINGS).read_text(encoding="utf-8")} if (root / SETTINGS).is_file() else {}
    for path, content in _site(root):
        try:
            texts[path] = content.decode("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a font: served, never read
    return texts


def static(root: Path) -> dict[str, bytes]:
    """What is served as it stands: everything below site/ but templates and prose."""
    return {f"{DOCS}/{path}": content for path, content in _site(root) if not path.startswith(TEMPLATES) and path[-3:] != ".md"}


def _site(root: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted((root / "site").rglob("*")):
        path = file.relative_to(root / "site").as_posix()
        if file.is_file() and not any(part.startswith((".", "__")) for part in path.split("/")):
            yield path, file.read_bytes()


def leftovers(root: Path, wanted: Mapping[str, bytes], only: Sequence[str] = (), committed_only: bool = False) -> Iterator[str]:
    """Files in the outputs' own folders that no output yields any more."""
    for folder in OWNED:
        mine = any(path.startswith(f"{folder}/") for path in wanted) if only else True
        shared = folder == DOCS and (only or committed_only)  # other outputs' pages lie there as well
        for file in sorted((root / folder).rglob("*")) if mine and not shared else ():
            path = file.relative_to(root).as_posix()
            if file.is_file() and not file.name.startswith(".") and path not in wanted:
                yield path


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
