"""Makes the website out of the built pages, and serves it while people write."""

import errno
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

from pathdex.build import build
from pathdex.problems import CatalogError

SITE = "build/site"
FRESH = "build/site.new"
WATCHED = ("catalog", "site", "mkdocs.yml")
UNSEARCHED = ".headerlink"
"""What the search index leaves out: the permalink of each heading."""


class SiteError(Exception):
    """The site can't be made or served; the message says why in the tool's own words, and how to mend it where that is known."""


class PortTaken(SiteError):
    """Nothing can be served on the port that was asked for."""


def make(root: Path) -> Path:
    """Build the pages, the site and its search index; the folder of the site.

    The site is replaced whole at the end, so a failure leaves the former one. Raises `CatalogError` or `SiteError`.
    """
    _refuse_lacking(root)
    build(root)
    shutil.rmtree(root / FRESH, ignore_errors=True)
    # not --quiet: MkDocs would then count no warnings, and --strict would let them pass
    _run(root, "mkdocs", "build", "--strict", "--site-dir", FRESH)
    _run(root, "pagefind", "--site", FRESH, "--exclude-selectors", UNSEARCHED, "--quiet")
    shutil.rmtree(root / SITE, ignore_errors=True)
    (root / FRESH).replace(root / SITE)
    return root / SITE


def _refuse_lacking(root: Path) -> None:
    if not (root / "mkdocs.yml").is_file():
        raise SiteError(f"{root} has no mkdocs.yml; run it in a checkout of pathdex")
    lacking = [name for name in ("mkdocs", "material", "pagefind", "pagefind_bin") if find_spec(name) is None]
    if lacking:
        raise SiteError(f"{', '.join(lacking)} can't be imported; install pathdex with its extra 'site'")


def _run(root: Path, module: str, *arguments: str) -> None:
    """Run a tool as a process of its own; `SiteError` with what it said when it fails."""
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=root, env=quiet, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SiteError(f"{module} failed:\n{(done.stdout + done.stderr).strip()}")


def serve(root: Path, port: int, browse: bool, tell: Callable[[str], None]) -> None:
    """Make the site and serve it on this machine until interrupted; what changes is made anew, what is wrong is told.

    Raises `PortTaken` before anything is made, and what `make` raises when the first making fails.
    """
    with _server(root / SITE, port) as server:
        seen = _snapshot(root)
        make(root)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        tell(f"serving {address} until Ctrl-C; changes in {', '.join(WATCHED)} are built anew")
        if browse:
            webbrowser.open(address)
        try:
            for _ in _changes(root, seen):
                tell(_remake(root))
        except KeyboardInterrupt:
            tell("stopped")
        server.shutdown()


def _server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    handler = functools.partial(_Quiet, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} is busy; choose another with --port") from error
        raise PortTaken(f"port {port} can't be used ({error.strerror}); choose another with --port") from error


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each, and has browsers ask anew after a change."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """As hosts of plain files do: what is not there is answered with the site's own page."""
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def _remake(root: Path) -> str:
    """Make the site anew; one line that says how it went, or what is wrong while the former one stays."""
    started = time.monotonic()
    try:
        make(root)
    except (CatalogError, SiteError) as error:
        return f"{error}\nthe former site stays until this is mended"
    return f"built anew in {time.monotonic() - started:.1f} s"


def _changes(root: Path, seen: dict[str, int], pause: float = 0.7) -> Iterator[None]:
    """Once for each change of the watched files after the state `seen`, without end."""
    while True:
        time.sleep(pause)
        now = _snapshot(root)
        if now != seen:
            seen = now
            yield


def _snapshot(root: Path) -> dict[str, int]:
    """Time of the last change of every watched file."""
    files = (file for name in WATCHED for file in (root / name, *(root / name).rglob("*")))
    return {str(file): file.stat().st_mtime_ns for file in files if file.is_file()}
