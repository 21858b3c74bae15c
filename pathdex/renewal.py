"""What is derived, kept up to date: after a change only that is rendered again which was told something that is no longer so."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
"""A kind and an id that was asked for, None for which ids there are; or ANSWERS and a question."""
ANSWERS = "answers"
NOTHING = object()
PROSE = "pages/"


class Known(NamedTuple):
    """An answer, and what it rests on."""

    answer: Any
    reads: frozenset[Read]


class Noted(Answers):
    """Answers that note what they rest on, and take over the former ones that still hold."""

    def __init__(self, catalog: Catalog, former: "Noted | None") -> None:
        super().__init__()
        self.plain = catalog
        self.former = former
        self.same: dict[Read, bool] = {}
        self.frames: list[set[Read]] = [set()]
        watched = {field.name: getattr(catalog, field.name) for field in fields(catalog)}
        kinds: dict[str, Any] = {kind: Watched(kind, held, self) for kind, held in watched.items() if isinstance(held, Mapping)}
        self.catalog = replace(catalog, **kinds)
        vars(self.catalog)["answers"] = self

    def of(self, question: Question, work: Callable[[], Any]) -> Any:
        """The answer; whoever asks rests on it from now on."""
        self.frames[-1].add((ANSWERS, question))
        return self._known(question, work).answer

    def renewed(self, question: Question, work: Callable[[], Any]) -> Any:
        """The answer, which rests as well on what was read before it was asked."""
        return self._known(question, work, self.frames[-1]).answer

    def _known(self, question: Question, work: Callable[[], Any], before: set[Read] | None = None) -> Known:
        if question not in self.known:
            former = self.former.known.get(question) if self.former else None
            self.known[question] = former if former and self._holds(former) else self._worked_out(work, before or set())
        found: Known = self.known[question]
        return found

    def _worked_out(self, work: Callable[[], Any], before: set[Read]) -> Known:
        with self.noting() as reads:
            answer = work()
        return Known(answer, frozenset(reads | before))

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
            then, now = (_told(getattr(answers.plain, kind), asked) for answers in (self.former, self))
        self.same[read] = now is then or now == then
        return self.same[read]

    def _asked_again(self, question: Question) -> Any:
        function, *rest = question
        try:
            return self._known(question, partial(function, self.catalog, *rest)).answer
        except LookupError:  # it was about an entry that is gone
            return NOTHING


def _told(entries: Mapping[str, Any], asked: Any) -> Any:
    return list(entries) if asked is None else entries.get(asked)


class Watched(Mapping[str, Any]):
    """The entries of a kind, which notes what is asked of them."""

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
    """Everything derived, as it stands on disk, and how to bring it up to date."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kept = Kept()
        self.texts: dict[str, str] = {}
        self.answers: Noted | None = None
        self.rendered: dict[str, dict[str, bytes]] = {}
        self.written: dict[str, bytes] = {}

    def read(self) -> None:
        """Read what changed; raises `CatalogError` with every problem and leaves everything as it was then."""
        catalog, texts = Catalog.load(self.root, self.kept), build.site_texts(self.root)
        former = self.answers if _shape(texts) == _shape(self.texts) else None
        if former and former.plain.taxonomy != catalog.taxonomy:
            former = None  # every page may name a section, and no reading of it is noted
        if former:
            former.former = None
        self.answers, self.texts = Noted(catalog, former), texts

    def render(self, names: Sequence[str]) -> list[str]:
        """Bring these outputs up to date; the paths written or removed. Raises `CatalogError` for a broken template."""
        with uncollected():
            self.rendered |= {name: self._output(name) for name in names}
        static = build.static(self.root)
        wanted = {path: content for found in (*self.rendered.values(), static) for path, content in found.items()}
        if self.written:
            changed = {path: content for path, content in wanted.items() if self.written.get(path) != content}
            gone: Iterable[str] = [path for path in self.written if path not in wanted]
        else:
            changed, gone = wanted, build.leftovers(self.root, wanted) if set(names) == set(build.outputs()) else ()
        self.written = wanted
        return build.write(self.root, changed, gone)

    def _output(self, name: str) -> dict[str, bytes]:
        """Path to content of every file of one output."""
        if self.answers is None:
            raise ValueError("read the catalog first")
        with self.answers.noting():
            items = plugins.load(build.OUTPUTS, name).render(self.answers.catalog, self.texts)
            return {path: content.encode() if isinstance(content, str) else content for path, content in items}


def _shape(texts: Mapping[str, str]) -> dict[str, str]:
    """What shapes pages: templates and settings, not the prose itself."""
    return {path: text for path, text in texts.items() if not path.startswith(PROSE)}
