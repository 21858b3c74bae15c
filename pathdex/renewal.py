"""What is derived, kept up to date: after a change only that is rendered again which was told something that is no longer so."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pathdex import build, plugins
from pathdex.catalog import Catalog, uncollected
from pathdex.kept import Kept
from pathdex.once import Answers, Question

Read = tuple[str, Any]
"""A kind and an id that was asked for, None for which ids there are; TEXTS and a path below site/; or ANSWERS and a question."""
ANSWERS, TEXTS = "answers", "texts"
NOTHING = object()
STATIC = "static"
"""In the place of an output's name: what is served as it stands."""
Content = str | bytes | Callable[[], str | bytes]
"""Of a file; or how it is made, once somebody wants it."""


class Known(NamedTuple):
    """An answer, and what it rests on."""

    answer: Any
    reads: frozenset[Read]


class Noted(Answers):
    """Answers that note what they rest on, and take over the former ones that still hold."""

    def __init__(self, catalog: Catalog, texts: Mapping[str, str], former: "Noted | None", paths: dict[Question, str]) -> None:
        super().__init__()
        self.former, self.paths = former, paths
        self.same: dict[Read, bool] = {}
        self.frames: list[set[Read]] = [set()]
        held = {field.name: getattr(catalog, field.name) for field in fields(catalog)}
        self.told = {TEXTS: texts, **{kind: entries for kind, entries in held.items() if isinstance(entries, Mapping)}}
        kinds: dict[str, Any] = {kind: Watched(kind, entries, self) for kind, entries in self.told.items()}
        self.texts: Mapping[str, str] = kinds.pop(TEXTS)
        self.plain, self.catalog = catalog, replace(catalog, **kinds)
        vars(self.catalog)["answers"] = self

    def of(self, question: Question, work: Callable[[], Any]) -> Any:
        """The answer; whoever asks rests on it from now on."""
        self.frames[-1].add((ANSWERS, question))
        return self._known(question, work).answer

    def renewed(self, question: Question, work: Callable[[], Any]) -> Any:
        """A file, which rests as well on what was read before it; of one that there was before, how its content is made."""
        before = frozenset(self.frames[-1])
        if question not in self.paths:
            self.paths[question] = self._known(question, work, before).answer[0]
        return self.paths[question], lambda: self._known(question, work, before).answer[1]

    def _known(self, question: Question, work: Callable[[], Any], before: frozenset[Read] = frozenset()) -> Known:
        if question not in self.known:
            former = self.former.known.get(question) if self.former else None
            self.known[question] = former if former and self._holds(former) else self._worked_out(work, before)
        found: Known = self.known[question]
        return found

    def _worked_out(self, work: Callable[[], Any], before: frozenset[Read]) -> Known:
        with self.noting() as reads:
            answer = work()
        return Known(answer, before | reads)

    @contextmanager
    def noting(self) -> Iterator[set[Read]]:
        """What is read while this is open."""
        self.frames.append(set())
        try:
            yield self.frames[-1]
        finally:
            self.frames.pop()

    def _holds(self, former: Known) -> bool:
        return all(self.same[read] if read in self.same else self._compared(read) for read in former.reads)

    def _compared(self, read: Read) -> bool:
        """Whether a former reading would be the same now."""
        kind, asked = read
        if self.former is None:
            return False
        if kind == ANSWERS:
            then, now = self.former.known[asked].answer, self._asked_again(asked)
        else:
            then, now = (_told(answers.told[kind], asked) for answers in (self.former, self))
        self.same[read] = now is then or now == then
        return self.same[read]

    def _asked_again(self, question: Question) -> Any:
        function, *rest = question
        try:
            return self._known(question, partial(function, self.catalog, *rest)).answer
        except LookupError:  # it was about an entry that is gone
            return NOTHING


class Watched(Mapping[str, Any]):
    """The entries of a kind, or the texts of the site, which note what is asked of them."""

    def __init__(self, kind: str, entries: Mapping[str, Any], answers: Noted) -> None:
        self.kind, self.entries, self.answers = kind, entries, answers

    def __getitem__(self, name: str) -> Any:
        self.answers.frames[-1].add((self.kind, name))
        return self.entries[name]

    def __iter__(self) -> Iterator[str]:
        self.answers.frames[-1].add((self.kind, None))
        return iter(self.entries)

    def __len__(self) -> int:
        self.answers.frames[-1].add((self.kind, None))
        return len(self.entries)


class Renewal:
    """Everything derived, as it stands on disk, and how to bring it up to date: as a whole, or file by file as wanted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept = Kept()
        self.texts: dict[str, str] = {}
        self.answers: Noted | None = None
        self.whole: Noted | None = None
        self.paths: dict[Question, str] = {}
        self.listed: dict[str, dict[str, Content]] = {}
        self.owners: dict[str, str] = {}
        self.written: dict[str, bytes] = {}

    def read(self) -> None:
        """Read what changed; raises `CatalogError` with every problem and leaves everything as it was then."""
        catalog, texts = Catalog.load(self.root, self.kept), build.site_texts(self.root)
        former = self.whole  # the last one that every question was put to
        if former and former.plain.taxonomy != catalog.taxonomy:
            former = None  # every page may name a section, and no reading of it is noted
        if former:
            former.former = None
        self.answers, self.texts, self.listed = Noted(catalog, texts, former, self.paths), texts, {}

    def files(self, name: str) -> Mapping[str, Content]:
        """Path to content of every file of one output. Raises `CatalogError` for a broken template."""
        if name not in self.listed:
            with uncollected():
                self.listed[name] = dict(build.static(self.root)) if name == STATIC else self._yielded(name)
            self.owners |= dict.fromkeys(self.listed[name], name)
        return self.listed[name]

    def _yielded(self, name: str) -> dict[str, Content]:
        if self.answers is None:
            raise ValueError("read the catalog first")
        with self.answers.noting():
            return dict(plugins.load(build.OUTPUTS, name).render(self.answers.catalog, self.answers.texts))

    def renew(self, path: str) -> list[str]:
        """Bring one file up to date that stood there or is among the `files`; its path if it was written or removed."""
        wanted, former = self._content(path), self.written.pop(path, None)
        if wanted is None:
            return build.write(self.root, {}, [] if former is None else [path])
        self.written[path] = wanted
        return [] if wanted == former else build.write(self.root, {path: wanted}, [])

    def render(self) -> list[str]:
        """Bring everything up to date; the paths written or removed. Raises `CatalogError` for a broken template."""
        with uncollected():
            paths = [path for name in (*build.outputs(), STATIC) for path in self.files(name)]
            wanted = {path: content for path in paths if (content := self._content(path)) is not None}
        changed = {path: content for path, content in wanted.items() if self.written.get(path) != content}
        left = [path for path in self.written if path not in wanted] if self.whole else build.leftovers(self.root, wanted)
        self.written, self.whole = wanted, self.answers
        self.owners = {path: self.owners[path] for path in wanted}
        return build.write(self.root, changed, left)

    def _content(self, path: str) -> bytes | None:
        """What stands at a path, None for nothing."""
        found = self.files(self.owners[path]).get(path)
        made = found() if callable(found) else found
        return made.encode() if isinstance(made, str) else made


def _told(entries: Mapping[str, Any], asked: Any) -> Any:
    return list(entries) if asked is None else entries.get(asked)
