"""Makes the site and keeps it up to date while it is served: first the page that somebody asks for, then all the others."""

import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pathdex.build import DOCS, outputs
from pathdex.problems import CatalogError
from pathdex.renewal import STATIC, Renewal
from pathdex.serving import watching
from pathdex.serving.pages import Pages, sources
from pathdex.serving.server import State, server
from pathdex.serving.turns import Turns
from pathdex.site import SITE, SiteError, indexing, put_together, refuse_lacking

LATER = ("api", "awesome", "bibliography", "card", "download_pages", "llms", "modelcards", "schemas")
"""Outputs that nobody waits for in front of a page."""
FRAME = ("overrides/", "mkdocs.yml")
"""What shapes every page of MkDocs: a change makes the whole site anew."""


def serve(root: Path, port: int, browse: bool, tell: Callable[[str], None]) -> None:
    """Make the site and serve it on this machine until interrupted; what changes is made anew, what is wrong is told.

    Raises `PortTaken` before anything is made, and `CatalogError` or `SiteError` when the first making fails.
    """
    state = State()
    site = Served(root, state)
    with server(root, root / SITE, port, state, site.freshen) as running:
        site.make()
        threading.Thread(target=running.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{running.server_address[1]}/"
        tell(f"serving {address} until Ctrl-C; changes in {', '.join(watching.WATCHED)} are built anew")
        if browse:
            webbrowser.open(address)
        try:
            for _ in watching.changes(root, site.seen):
                tell(site.follow())
        except KeyboardInterrupt:
            tell("stopped")
        finally:
            site.stop_indexing()
            running.shutdown()


class Served:
    """The site as it stands, and how to bring it up to date: the page that somebody asks for, and by and by all others."""

    def __init__(self, root: Path, state: State) -> None:
        self.root, self.state = root, state
        self.renewal = Renewal(root)
        self.pages: Pages | None = None
        self.framed: dict[str, str] = {}
        self.seen: watching.Seen = {}
        self.fresh: set[str] = set()
        self.waiting: set[str] = set()
        self.others: Iterator[str] = iter(())
        self.made = 0
        self.turns = Turns()
        self.index: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the whole site; raises `CatalogError` or `SiteError`."""
        with self.turns.first():
            refuse_lacking(self.root)
            seen = watching.snapshot(self.root)
            self.renewal.read()
            self._make()
            self.state.well()
            self.seen = seen

    def freshen(self, address: str) -> None:
        """Before an answer: what stands at the address is brought up to date with the files as they are at this moment.

        Where that can't be, it stays as it was, and what is wrong is told.
        """
        if watching.snapshot(self.root) == self.seen and self._is_fresh(address):
            return
        with self.turns.first(), self._telling():
            self._look()
            if not self._is_fresh(address):
                self._list(address)
                self._renew(self._path(address))

    def follow(self) -> str:
        """Bring the whole site up to date; one line that says how it went, or what is wrong and stays as it was."""
        started = time.monotonic()
        with self._telling():
            self._renew_others()
        if self.state.problem:
            return self.state.problem
        return f"built anew in {time.monotonic() - started:.1f} s: {self.made} page{'s' * (self.made != 1)}"

    def _look(self) -> None:
        """Read what changed since the last look."""
        now = watching.snapshot(self.root)
        if now == self.seen:
            return
        self.stop_indexing()
        with self._telling():
            self.renewal.read()
            self.fresh, self.others, self.made = set(), self._others(), 0
            if self._frame() != self.framed:
                self._make()
            self.state.well()
        self.seen = now  # last: until then nobody takes for fresh what was so before

    def _make(self) -> None:
        self.waiting |= set(self.renewal.render())
        put_together(self.root)
        self.pages, self.framed = Pages(self.root), self._frame()
        self.waiting, self.fresh = set(), set(self.renewal.written)
        self.made = sum(path.startswith(DOCS) and path.endswith(".md") for path in self.fresh)

    def _frame(self) -> dict[str, str]:
        """The files that shape every page, as they were read."""
        return {path: text for path, text in self.renewal.texts.items() if path.startswith(FRAME)}

    def _path(self, address: str) -> str | None:
        """The file below the root that an address stands for, as far as it is known."""
        return next((path for path in sources(address) if path in self.renewal.owners), None)

    def _is_fresh(self, address: str) -> bool:
        """Whether what stands at an address is up to date; what no output writes, such as the theme's own, always is."""
        path = self._path(address)
        return path in self.fresh if path else (self.root / SITE / address.strip("/")).is_file()

    def _list(self, address: str = "") -> None:
        """Find out which files there are now, at least up to the one that an address stands for."""
        for name in self._outputs():
            if address and self._path(address):
                return
            self.renewal.files(name)

    def _outputs(self) -> list[str]:
        """The names of all outputs, pages first."""
        return sorted((*outputs(), STATIC), key=lambda name: name in LATER)

    def _renew(self, path: str | None) -> None:
        """Bring one file of the site up to date."""
        if path is None:
            return
        self.waiting.update(self.renewal.renew(path))
        if path in self.waiting:
            self._convert(path)
        self.fresh.add(path)

    def _convert(self, *paths: str) -> None:
        """Bring what MkDocs made of these files up to date."""
        if self.pages is None:
            return
        try:
            self.made += self.pages.update(paths)
        except SiteError:  # perhaps it leads to a page that nobody asked for yet
            self._list()
            self.pages.know(path for name in self._outputs() for path in self.renewal.files(name))
            self.made += self.pages.update(paths)
        self.waiting.difference_update(paths)

    def _renew_others(self) -> None:
        """Bring everything up to date that nobody asks for."""
        looked = 0.0
        while True:
            with self.turns.last():
                if time.monotonic() - looked > watching.PAUSE:
                    self._look()
                    looked = time.monotonic()
                path = next(self.others, None)
                if path is None:
                    return
                self._renew(path)

    def _others(self) -> Iterator[str]:
        """What nobody asked for yet; after the last of them what is left over is removed, and the search index made."""
        for name in self._outputs():
            yield from (path for path in [*self.renewal.files(name)] if path not in self.fresh)
        self.waiting |= set(self.renewal.render())
        self._convert(*self.waiting)
        self.index = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *indexing(SITE)], cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What is wrong is told to whoever looks at the site."""
        try:
            yield
        except (CatalogError, SiteError) as error:
            self.state.wrong(f"{error}\nWhat it concerns stays as it was until this is mended.")

    def stop_indexing(self) -> None:
        """End an index in the making: the pages that it reads are about to change."""
        if self.index and self.index.poll() is None:
            self.index.terminate()
            self.index.wait()
        self.index = None
