"""A Hugging Face Hub on the loopback interface, with faults on demand; the real clients talk to it."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

PIECE = 2**20
Content = bytes | Path


@dataclass
class Fault:
    """What goes wrong with requests whose method and path match; `times` of them, or all."""

    match: str
    status: int = 0
    code: str = ""
    times: int = 10**9
    wait: float = 0.0
    """Seconds of silence before the answer."""
    pause: float = 0.0
    """Seconds between pieces of a body."""
    cut: int | None = None
    """Bytes of a body after which the connection ends."""
    flip: bool = False
    """Whether the first byte of a body is another one."""
    message: str = ""
    """What a refusal says."""
    short: int = 0
    """Bytes that lack at the end of what is sent and announced."""
    whole: bool = False
    """Whether ranges are not understood."""


@dataclass
class Commit:
    """One state of a repository."""

    sha: str
    files: Mapping[str, Content]
    hashes: dict[str, str] = field(default_factory=dict)

    def sha256(self, name: str) -> str:
        """Hash of a file, as the Hub would state it."""
        if name not in self.hashes:
            content = self.files[name]
            if isinstance(content, Path):
                with content.open("rb") as file:
                    self.hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
            else:
                self.hashes[name] = hashlib.sha256(content).hexdigest()
        return self.hashes[name]

    def size(self, name: str) -> int:
        """Bytes of a file."""
        content = self.files[name]
        return content.stat().st_size if isinstance(content, Path) else len(content)


@dataclass
class Repository:
    """Its commits, the newest last, and whether a token must have been granted access."""

    commits: list[Commit]
    gated: bool = False
    granted: frozenset[str] = frozenset()

    def at(self, revision: str) -> Commit | None:
        """The commit that a revision names."""
        if revision == "main":
            return self.commits[-1]
        return next((commit for commit in self.commits if commit.sha == revision), None)


class Hub:
    """Repositories by name, faults, and a log of requests: method, path, range and bytes sent."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.plain: dict[str, Content] = {}
        """Files at paths of their own, as a server has them that is no Hub."""
        self.pages: set[str] = set()
        """Those of them that are pages."""
        self.moved: dict[str, str] = {}
        """Paths that lead to others."""
        self.faults: list[Fault] = []
        self.log: list[tuple[str, str, str, int]] = []
        self.logins: list[str] = []
        """What requests bring to show who asks, in their order."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def add(self, name: str, files: Mapping[str, Content], sha: str = "a" * 40, **more: Any) -> Repository:
        """Add a repository with one commit, or a commit to one that is there."""
        commit = Commit(sha, files)
        if name in self.repositories:
            self.repositories[name].commits.append(commit)
        else:
            self.repositories[name] = Repository([commit], **more)
        return self.repositories[name]

    def fault(self, match: str, **how: Any) -> Fault:
        """Make requests fail whose "METHOD /path" the pattern finds."""
        self.faults.append(Fault(match, **how))
        return self.faults[-1]

    def sent(self) -> int:
        """Bytes of bodies sent so far."""
        return sum(entry[3] for entry in self.log)

    @contextmanager
    def serving(self) -> Iterator["Hub"]:
        """Answer requests within it."""
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        owner = hub

    return Handler


class _Handler(BaseHTTPRequestHandler):
    owner: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Stay silent; the hub keeps its own log."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.owner.logins.append(self.headers.get("Authorization", ""))
        fault = self._fault(path)
        time.sleep(fault.wait)
        if fault.status:
            self._refuse(fault.status, fault.code, fault.message)
        elif path in self.owner.moved:
            self._send(302, {"Location": self.owner.moved[path], "Content-Length": "0"}, None)
        elif path in self.owner.plain:
            self._content(Commit("", {path: self.owner.plain[path]}), path, fault)
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/([^/]+))?", path):
            self._info(found[1], found[2] or "main")
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", path):
            self._tree(found[1], found[2])
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(found[1], found[2], found[3], fault)
        else:
            self._refuse(404, "EntryNotFound")

    def _fault(self, path: str) -> Fault:
        for fault in self.owner.faults:
            if fault.times and re.search(fault.match, f"{self.command} {path}"):
                fault.times -= 1
                return fault
        return Fault("")

    def _refuse(self, status: int, code: str, message: str = "") -> None:
        body = json.dumps({"error": code or f"status {status}"}).encode()
        headers = {name: value for name, value in (("X-Error-Code", code), ("X-Error-Message", message)) if value}
        self._send(status, {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}, body)

    def _commit(self, name: str, revision: str) -> Commit | None:
        repository = self.owner.repositories.get(name)
        if repository is None:
            self._refuse(401 if not self._token() else 404, "RepoNotFound")
            return None
        commit = repository.at(revision)
        if commit is None:
            self._refuse(404, "RevisionNotFound")
        return commit

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _info(self, name: str, revision: str) -> None:
        if (commit := self._commit(name, revision)) is None:
            return
        files = [
            {
                "rfilename": file,
                "size": commit.size(file),
                "lfs": {"sha256": commit.sha256(file), "size": commit.size(file), "pointerSize": 134},
            }
            for file in commit.files
        ]
        gated = "manual" if self.owner.repositories[name].gated else False
        body = json.dumps(
            {"id": name, "sha": commit.sha, "private": False, "gated": gated, "tags": [], "siblings": files}
        ).encode()
        self._send(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body)

    def _tree(self, name: str, revision: str) -> None:
        if (commit := self._commit(name, revision)) is None:
            return
        listed = [
            {"type": "file", "path": file, "size": commit.size(file), "oid": commit.sha256(file)[:40]} for file in commit.files
        ]
        body = json.dumps(listed).encode()
        self._send(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body)

    def _file(self, name: str, revision: str, file: str, fault: Fault) -> None:
        commit = self._commit(name, revision)
        if commit is None:
            return
        repository = self.owner.repositories[name]
        if repository.gated and self._token() not in repository.granted:
            self._refuse(403 if self._token() else 401, "GatedRepo")
        elif file not in commit.files:
            self._refuse(404, "EntryNotFound")
        else:
            self._content(commit, file, fault)

    def _content(self, commit: Commit, file: str, fault: Fault) -> None:
        size, digest = commit.size(file), commit.sha256(file)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if not fault.whole else None
        start = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) + 1 if wanted and wanted[2] else size, size) - fault.short
        headers = {"X-Repo-Commit": commit.sha, "ETag": f'"{digest}"', "Content-Length": str(end - start)}
        headers |= {"X-Linked-Size": str(size), "X-Linked-Etag": f'"{digest}"', "Accept-Ranges": "bytes"}
        if file in self.owner.pages:
            headers["Content-Type"] = "text/html; charset=utf-8"
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self._send(206 if wanted else 200, headers, None)
        if self.command == "GET":
            self._body(commit.files[file], start, end, fault)

    def _body(self, content: Content, start: int, end: int, fault: Fault) -> None:
        sent = 0
        for piece in _pieces(content, start, end):
            part = piece[: fault.cut - sent] if fault.cut is not None else piece
            if fault.flip and not sent and start == 0 and part:
                part = bytes([part[0] ^ 1]) + part[1:]
            try:
                self.wfile.write(part)
            except OSError:
                break
            sent += len(part)
            if fault.cut is not None and sent >= fault.cut:
                break
            time.sleep(fault.pause)
        self.close_connection = self.close_connection or sent < end - start
        method, path, span, _ = self.owner.log[-1]
        self.owner.log.append((method, path, span, sent))

    def _send(self, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        sent = 0
        if body is not None and self.command == "GET":
            self.wfile.write(body)
            sent = len(body)
        self.owner.log.append((self.command, self.path, self.headers.get("Range", ""), sent))


def _pieces(content: Content, start: int, end: int) -> Iterator[bytes]:
    if isinstance(content, Path):
        with content.open("rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(PIECE, end - start))):
                start += len(piece)
                yield piece
    else:
        for at in range(start, end, PIECE):
            yield content[at : min(at + PIECE, end)]
