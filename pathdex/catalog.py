"""The catalog in memory: the only reader of `catalog/`. Everything else asks it."""

import gc
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pathdex import faults
from pathdex.kept import Kept
from pathdex.once import answers_about, once
from pathdex.problems import CatalogError, Problem
from pathdex.reading import Document, Unreadable, decode, read
from pathdex.schema import KINDS, Benchmark, Dataset, Erratum, Evidence, Model, Paper, Record, Result, Taxonomy
from pathdex.schema.record import dotted, references
from pathdex.schema.run import Run
from pathdex.schema.values import SLUG
from pathdex.tables import Table, parsed
from pathdex.text import near

SUFFIXES = {"evidence": ".json", "evidence/runs": ".json"}
BESIDE = {"results": ((".csv",), ".yaml"), "evidence": ((".tensors.csv", ".golden.csv"), ".json")}
"""How the names of tables end, and the name of the entry that they belong to."""
RUNS = "evidence/runs"
"""Folder of what the job's runs came to."""
SHIPPED = Path(__file__).parent / "shipped"
"""Where a copy of the catalog lies when pathdex is installed without its checkout."""


@dataclass(frozen=True)
class Catalog:
    """Every entry by kind and id, in sorted order, with the file each stands in."""

    models: Mapping[str, Model] = field(default_factory=dict)
    papers: Mapping[str, Paper] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    benchmarks: Mapping[str, Benchmark] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    errata: Mapping[str, Erratum] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)
    taxonomy: Taxonomy | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)
    listings: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[tuple[str, str], Document] = field(default_factory=dict, repr=False)
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @staticmethod
    def load(root: Path, kept: Kept | None = None) -> "Catalog":
        """The catalog below `root`/catalog; raises `CatalogError` with every problem of every file."""
        catalog, problems = read_catalog(root, kept)
        if problems:
            raise CatalogError(problems)
        return catalog

    def entries(self) -> Iterator[tuple[str, str, Any]]:
        """Every entry as (kind, id, record), kinds and ids in order."""
        for kind in KINDS:
            for name, record in getattr(self, kind).items():
                yield kind, name, record

    def problem(self, kind: str, name: str, path: tuple[str | int, ...], what: str, mend: str, rule: str = "") -> Problem:
        """A finding about a field of an entry, at its line; whoever runs the check names its rule."""
        document = self.documents[kind, name]
        return Problem(document.file, document.place(path)[0], dotted(path), what, mend, rule)

    def ids(self, kind: str) -> frozenset[str]:
        """Ids that a reference to `kind` may name; entries that could not be read count."""
        if kind == "sections":
            return frozenset(self.taxonomy.sections if self.taxonomy else ())
        if kind == "tasks":
            return frozenset(f"{suite}/{task}" for suite, record in self.benchmarks.items() for task in record.tasks)
        return frozenset(getattr(self, kind)) | self.broken.get(kind, frozenset())

    @once
    def models_of(self, paper: str) -> list[str]:
        """Ids of the models that a paper is about."""
        return self._by_paper().get(paper, [])

    @once
    def results_of(self, model: str) -> list[str]:
        """Ids of the tables with a row about a model."""
        return self._by_model().get(model, [])

    @once
    def errata_of(self, kind: str, name: str) -> list[str]:
        """Ids of the errata that concern a model or paper."""
        return self._by_subject().get((kind, name), [])

    @once
    def _by_paper(self) -> dict[str, list[str]]:
        return _gathered((paper, name) for name, model in self.models.items() for paper in dict.fromkeys(model.papers))

    @once
    def _by_model(self) -> dict[str, list[str]]:
        rows = ((name, {row.model for row in result.rows.values() if row.model}) for name, result in self.results.items())
        return _gathered((model, name) for name, models in rows for model in models)

    @once
    def _by_subject(self) -> dict[tuple[str, str], list[str]]:
        return _gathered(
            ((kind, name), erratum)
            for erratum, record in self.errata.items()
            for kind in ("models", "papers")
            for name in dict.fromkeys(getattr(record, kind))
        )


def _gathered(pairs: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    """What belongs to each key, in the order of the pairs."""
    found: dict[Any, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def find_root(given: Path | None = None) -> Path:
    """The folder that holds `catalog/`: the given one, the working folder, one above it, else the copy in the package."""
    if given is not None:
        return given
    for folder in (Path.cwd(), *Path.cwd().parents, SHIPPED.parents[1], SHIPPED):
        if (folder / "catalog" / "taxonomy.yaml").is_file():
            return folder
    return Path.cwd()


def read_catalog(root: Path, kept: Kept | None = None) -> tuple[Catalog, list[Problem]]:
    """The entries that can be read, and every problem of shape and reference."""
    with uncollected():
        return _read(root, kept or Kept())


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector: a catalog and what is rendered of it stay alive, and scanning them again and again is
    quadratic."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(root: Path, kept: Kept) -> tuple[Catalog, list[Problem]]:
    reader = _Reader(root, kept)
    reader.strays()
    runs: dict[str, Any] = reader.kind(RUNS, Run)
    kinds: dict[str, Any] = {kind: reader.kind(kind, record) for kind, record in KINDS.items()}
    catalog = Catalog(
        **kinds,
        runs=runs,
        taxonomy=reader.entry("taxonomy", "taxonomy", root / "catalog" / "taxonomy.yaml", Taxonomy),
        tables=reader.tables(kinds["results"]),
        listings=reader.listings(kinds["evidence"]),
        documents=reader.documents,
        broken={kind: frozenset(names) for kind, names in reader.broken.items()},
    )
    return catalog, sorted([*reader.problems, *unknown_ids(catalog)])


def unknown_ids(catalog: Catalog) -> Iterator[Problem]:
    """References to entries that are not there."""
    known = {kind: catalog.ids(kind) for kind in (*KINDS, "sections", "tasks")}
    for kind, name, record in catalog.entries():
        for path, wanted, target in references(record):
            if target not in known[wanted] and not _in_broken(catalog, wanted, target):
                mend = near(target, known[wanted]) or f"add {_home(wanted, target)}, or leave the reference out"
                yield catalog.problem(kind, name, path, f"{target!r} is not in {wanted}", mend, "references/unknown-id")


def _in_broken(catalog: Catalog, wanted: str, target: str) -> bool:
    """Whether a section or task would stand in a file that could not be read."""
    if wanted == "sections":
        return catalog.taxonomy is None
    return wanted == "tasks" and target.partition("/")[0] in catalog.broken.get("benchmarks", ())


def _home(wanted: str, target: str) -> str:
    """Where the entry, section or task of this id would stand."""
    if wanted == "sections":
        return "it to catalog/taxonomy.yaml"
    suite, _, task = target.partition("/")
    return f"{task} to catalog/benchmarks/{suite}.yaml" if wanted == "tasks" else f"catalog/{wanted}/{target}.yaml"


class _Reader:
    """Reads files one by one and keeps what is wrong with them."""

    def __init__(self, root: Path, kept: Kept) -> None:
        self.root, self.kept = root, kept
        self.problems: list[Problem] = []
        self.documents: dict[tuple[str, str], Document] = {}
        self.broken: dict[str, set[str]] = {}

    def strays(self) -> None:
        """Refuse what stands in catalog/ itself and is no folder of a kind: it would never be read."""
        folder = self.root / "catalog"
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if file.is_symlink() and file.name in KINDS:
                self._refuse(file, "is a link", "put the folder itself here")
            elif file.name in KINDS and not file.is_dir():
                self._refuse(file, "is not a folder", "put entries in a folder of this name")
            elif file.name not in (*KINDS, "taxonomy.yaml", ".gitkeep"):
                self._refuse(file, "does not belong here", near(file.name, KINDS) or f"entries stand in {', '.join(KINDS)}")

    def kind(self, kind: str, record: type[Record]) -> dict[str, Record]:
        folder, suffix = self.root / "catalog" / kind, SUFFIXES.get(kind, ".yaml")
        found: dict[str, Record] = {}
        is_there = folder.is_dir() and not folder.is_symlink()
        for file in sorted(folder.iterdir(), key=lambda file: (file.stem, file.suffix)) if is_there else ():
            if file.suffix == suffix and self._named(file) and (entry := self.entry(kind, file.stem, file, record)):
                found[file.stem] = entry
            elif not self._belongs(kind, file):
                mend = "put its entry beside it" if file.suffix == ".csv" else f"name it <id>{suffix}"
                self._refuse(file, "does not belong here", f"{mend} or move it away")
        return found

    def entry(self, kind: str, name: str, file: Path, record: type[Any]) -> Any:
        shown = file.relative_to(self.root).as_posix()
        try:
            document = self.kept.held(file, lambda: read(file, shown))
            self.documents[kind, name] = document
            if isinstance(document.data, dict):
                return answers_about(document).of((record,), lambda: record.model_validate(document.data))
            self._refuse(file, f"wants a mapping, got {type(document.data).__name__}", "write key: value")
        except FileNotFoundError:
            self._refuse(file, "is missing", "add it")
        except Unreadable as error:
            self.problems.append(Problem(shown, error.line, dotted(error.path), error.what, error.mend, "reading/readable"))
        except ValidationError as error:
            self.problems += faults.problems(error, document, record)
        self.broken.setdefault(kind, set()).add(name)
        return None

    def tables(self, results: Mapping[str, Any]) -> dict[str, Table]:
        found = {}
        for name in results:
            file = self.root / "catalog" / "results" / f"{name}.csv"
            if table := self._table(file):
                found[name] = table.arranged(results[name].label, results[name].models_in)
        return found

    def listings(self, evidence: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for name in evidence:
            file = self.root / "catalog" / "evidence" / f"{name}.tensors.csv"
            try:
                found[name] = self.kept.held(file, partial(decode, file))
            except FileNotFoundError:
                continue
            except Unreadable as error:
                self._refuse(file, error.what, "let the job write it anew", error.line)
                self.broken.setdefault("listings", set()).add(name)
        return found

    def _table(self, file: Path) -> Table | None:
        try:
            return self.kept.held(file, lambda: parsed(decode(file)))
        except FileNotFoundError:
            self._refuse(file, "is missing", "put the table's rows, as printed, beside its entry")
        except Unreadable as error:
            self._refuse(file, error.what, error.mend, error.line)
        return None

    def _named(self, file: Path) -> bool:
        if re.fullmatch(SLUG, file.stem):
            return True
        self._refuse(file, f"{file.stem!r} is not an id", "name the file with lower-case letters, digits, '-' and '.'")
        return False

    def _belongs(self, kind: str, file: Path) -> bool:
        """An entry, or the table beside one."""
        ends, entry = BESIDE.get(kind, ((), ""))
        is_beside = any(file.name.endswith(end) and file.with_name(file.name.removesuffix(end) + entry).exists() for end in ends)
        return is_beside or file.suffix == SUFFIXES.get(kind, ".yaml") or file.name == ".gitkeep" or f"{kind}/{file.name}" == RUNS

    def _refuse(self, file: Path, what: str, mend: str, line: int = 1) -> None:
        self.problems.append(Problem(file.relative_to(self.root).as_posix(), line, "", what, mend, "reading/readable"))
