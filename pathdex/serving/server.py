"""Serves the folder of the site on this machine, each page with a script that shows it anew when it was built anew."""

import errno
import functools
import http.server
import json
import threading
import urllib.parse
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from pathdex.site import SiteError

LIVE = "/_serving/"
"""Where the script, its style and the state stand; no page of a site begins with a low line."""
SCRIPT = '<script src="/_serving/live.js" defer></script><link rel="stylesheet" href="/_serving/live.css"></head>'


class PortTaken(SiteError):
    """Nothing can be served on the port that was asked for."""


class State:
    """How often the site was built, and what is wrong with it now, as browsers are told."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.built = 0
        self.problem = ""

    def well(self) -> None:
        """The site was built anew."""
        with self.lock:
            self.built, self.problem = self.built + 1, ""

    def wrong(self, problem: str) -> None:
        """The former site stays, and this is why."""
        with self.lock:
            self.problem = problem

    def told(self) -> bytes:
        """As JSON."""
        with self.lock:
            return json.dumps({"built": self.built, "problem": self.problem}).encode()


def server(root: Path, folder: Path, port: int, state: State, freshen: Callable[[str], None]) -> http.server.ThreadingHTTPServer:
    """A server of the folder, not yet running, that has each address made fresh before it answers; raises `PortTaken`."""
    handler = functools.partial(_Handler, directory=str(folder), live=root / "site" / "serving", state=state, freshen=freshen)
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} is busy; choose another with --port") from error
        raise PortTaken(f"port {port} can't be used ({error.strerror}); choose another with --port") from error


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each, and has browsers ask anew after a change."""

    def __init__(self, *given: object, live: Path, state: State, freshen: Callable[[str], None], **named: object) -> None:
        self.live, self.state, self.freshen = live, state, freshen
        super().__init__(*given, **named)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        """A page with the script, the script itself, the state, or a file as it stands."""
        path = self.path.partition("?")[0]
        if path == f"{LIVE}state.json":
            self._answer(self.state.told(), "application/json")
        elif path in (f"{LIVE}live.js", f"{LIVE}live.css") and (file := self.live / path.removeprefix(LIVE)).is_file():
            self._answer(file.read_bytes(), self.guess_type(str(file)))
        else:
            self.freshen(urllib.parse.unquote(path))
            self._answer_from_site(path)

    def _answer_from_site(self, path: str) -> None:
        if path.endswith("/") and (page := Path(self.translate_path(self.path)) / "index.html").is_file():
            self._answer(_alive(page.read_bytes()), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """As hosts of plain files do: what is not there is answered with the site's own page."""
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        self._answer(_alive(page.read_bytes()), "text/html; charset=utf-8", code)

    def _answer(self, body: bytes, kind: str, code: int = HTTPStatus.OK) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def _alive(page: bytes) -> bytes:
    return page.replace(b"</head>", SCRIPT.encode(), 1)
