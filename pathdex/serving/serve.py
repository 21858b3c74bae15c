"""Makes the site and keeps it up to date while it is served: what a reader sees first, what programs take and search after."""

import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path

from pathdex.build import DOCS, outputs
from pathdex.problems import CatalogError
from pathdex.renewal import Renewal
from pathdex.serving import watching
from pathdex.serving.pages import Pages
from pathdex.serving.server import State, server
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
    with server(root, root / SITE, port, state) as running:
        seen = watching.snapshot(root)
        site = Served(root, state)
        site.make()
        threading.Thread(target=running.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{running.server_address[1]}/"
        tell(f"serving {address} until Ctrl-C; changes in {', '.join(watching.WATCHED)} are built anew")
        if browse:
            webbrowser.open(address)
        try:
            for _ in watching.changes(root, seen):
                tell(site.follow())
        except KeyboardInterrupt:
            tell("stopped")
        finally:
            site.stop_indexing()
            running.shutdown()


class Served:
    """The site as it stands, and how to bring it up to date."""

    def __init__(self, root: Path, state: State) -> None:
        self.root, self.state = root, state
        self.renewal = Renewal(root)
        self.pages: Pages | None = None
        self.framed: dict[str, str] = {}
        self.waiting: set[str] = set()
        self.index: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the whole site; raises `CatalogError` or `SiteError`."""
        refuse_lacking(self.root)
        self.renewal.read()
        self.waiting |= set(self.renewal.render(outputs()))
        put_together(self.root)
        self.pages, self.framed = Pages(self.root), self._frame()
        self.waiting.clear()
        self.state.well()

    def follow(self) -> str:
        """Bring the site up to date; one line that says how it went, or what is wrong while the former one stays."""
        started = time.monotonic()
        self.stop_indexing()
        try:
            number = self._renew()
        except (CatalogError, SiteError) as error:
            self.state.wrong(f"{error}\nThe former site stays until this is mended.")
            return f"{error}\nthe former site stays until this is mended"
        took = time.monotonic() - started
        self._catch_up()
        return f"built anew in {took:.1f} s: {number} page{'s' * (number != 1)}"

    def _renew(self) -> int:
        self.renewal.read()
        if self.pages is None or self._frame() != self.framed:
            self.make()
            return len(list((self.root / DOCS).rglob("*.md")))
        self.waiting |= set(self.renewal.render([name for name in outputs() if name not in LATER]))
        number = self._update(self.pages)
        self.state.well()
        return number

    def _frame(self) -> dict[str, str]:
        """The files that shape every page, as they were read."""
        return {path: text for path, text in self.renewal.texts.items() if path.startswith(FRAME)}

    def _update(self, pages: Pages) -> int:
        number = pages.update(self.waiting)
        self.waiting.clear()
        return number

    def _catch_up(self) -> None:
        """What programs take, then the search index, which is left to a process of its own."""
        try:
            self.waiting |= set(self.renewal.render(LATER))
            if self.pages:
                self._update(self.pages)
        except (CatalogError, SiteError) as error:
            self.state.wrong(str(error))
        self.index = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *indexing(SITE)], cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def stop_indexing(self) -> None:
        """End an index in the making: the pages that it reads are about to change."""
        if self.index and self.index.poll() is None:
            self.index.terminate()
            self.index.wait()
        self.index = None
