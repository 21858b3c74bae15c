"""Files that lie elsewhere than on the Hub, at plain addresses: Zenodo, GitHub, data sets of the Hub, and servers of files."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pathdex.hindrance import Hindered
from pathdex.schema.weights import Weights
from pathdex.weights import stream
from pathdex.weights.answers import asked
from pathdex.weights.hub import FORMATS, LONGEST, Remote, Snapshot, tried

ZENODO, GITHUB, HUB = "https://zenodo.org", "https://github.com", "https://huggingface.co"
REPOSITORY = r"([\w.-]+/[\w.-]+)"
RECORD = re.compile(r"https://(?:zenodo\.org/records?/|doi\.org/10\.5281/zenodo\.)(\d+)/?")
RELEASE = re.compile(rf"https://github\.com/{REPOSITORY}/releases/tag/([^/?#]+)")
STORED = re.compile(rf"https://github\.com/{REPOSITORY}/(blob|raw|tree)/([^/?#]+)/([^?#]+)")
SHELF = re.compile(rf"https://huggingface\.co/(datasets|spaces)/{REPOSITORY}/?")
SHARE = re.compile(r"https://[^/]+/index\.php/s/\w+/download")
"""What an ownCloud server calls a shared file."""
BY_HAND = "bring the file here with a browser, and load it with pathdex.load(..., weights=<path>)"
ENDINGS = (*FORMATS, ".torch", ".zip")


def snapshot(weights: Weights, wanted: str | tuple[str, ...] | None, kept: Path | None = None) -> Snapshot:
    """The files at the entry's address, those that are wanted or all that it names; raises `Hindered` where they can't be had.

    Where the Hub's client is told to be offline, only what lies below the folder `kept` is there.
    """
    url = weights.url or ""
    names = (wanted,) if isinstance(wanted, str) else wanted or tuple(one.name for one in weights.files)
    where = re.sub(r"^https?://|/$", "", url)
    if record := RECORD.fullmatch(url):
        files, addresses = _record(record[1])
    else:
        own = {one.name: one.url for one in weights.files if one.url and one.name in names}
        others = tuple(name for name in names if name not in own)
        addresses = {**(_addresses(url, others) if others or not own else {}), **own}
        files = {name: remote(name, address, kept) for name, address in addresses.items()}
    return Snapshot(where, "", None, files, addresses=addresses)


def located(openable: str) -> str:
    """The address at which a program gets a file that a receipt names: github:owner/name@commit:path, or a web address."""
    if found := re.fullmatch(rf"github:{REPOSITORY}@([0-9a-f]+):(.+)", openable):
        return f"{GITHUB}/{found[1]}/raw/{found[2]}/{quote(found[3])}"
    return openable


def _addresses(url: str, names: tuple[str, ...]) -> dict[str, str]:
    """Name to address; raises `Hindered` for a page that only a browser gets through."""
    if stored := STORED.fullmatch(url):
        repository, kind, commit, path = stored.groups()
        place = f"{GITHUB}/{repository}/raw/{commit}/{path}"
        return (
            {name: f"{place}/{quote(name)}" for name in _stated(url, names)} if kind == "tree" else {_single(path, names): place}
        )
    if release := RELEASE.fullmatch(url):
        return {name: f"{GITHUB}/{release[1]}/releases/download/{release[2]}/{quote(name)}" for name in _stated(url, names)}
    if shelf := SHELF.fullmatch(url):
        return {name: f"{HUB}/{shelf[1]}/{shelf[2]}/resolve/main/{quote(name)}" for name in _stated(url, names)}
    path = unquote(urlsplit(url).path)
    if path.endswith(ENDINGS) or (SHARE.fullmatch(url) and len(names) == 1):
        return {_single(path, names): url}
    raise Hindered("not-attempted", f"the weights are in no repository of the Hub; they are at {url}; {BY_HAND}")


def _stated(url: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise Hindered("not-attempted", f"{url} holds several files; name those of this model under weights.files")
    return names


def _single(path: str, names: tuple[str, ...]) -> str:
    """What the entry calls the one file at an address."""
    return names[0] if len(names) == 1 else path.rpartition("/")[2]


def _record(number: str) -> tuple[dict[str, Remote], dict[str, str]]:
    """The files of a record on Zenodo, and their addresses, as its own listing has them."""

    def ask() -> bytes:
        with asked(f"{ZENODO}/api/records/{number}") as response:
            return b"".join(_limited(response))

    content = tried(ask)
    try:
        sizes = {str(one["key"]): int(one["size"]) for one in json.loads(content)["files"]}
    except (LookupError, TypeError, ValueError) as error:
        raise Hindered("unreachable", f"record {number} of Zenodo has no list of files") from error
    return (
        {name: Remote(name, size, None) for name, size in sizes.items()},
        {name: f"{ZENODO}/records/{number}/files/{quote(name)}?download=1" for name in sizes},
    )


def _limited(response: Any) -> Iterator[bytes]:
    length = 0
    for piece in response.iter_bytes():
        length += len(piece)
        if length > LONGEST:
            raise Hindered("unreachable", "the host's list of files has no end")
        yield piece


def remote(name: str, address: str, kept: Path | None) -> Remote:
    """A file's length, from asking for its first byte; offline, from what is kept of it."""
    from huggingface_hub import is_offline_mode

    if kept and is_offline_mode() and (there := place(address, name, kept)).is_file():
        return Remote(name, there.stat().st_size, None)
    return tried(lambda: _seen(name, address))


def _seen(name: str, address: str) -> Remote:
    with asked(address, "bytes=0-0") as response:
        ranged, headers = response.status_code == 206, response.headers
        if headers.get("content-type", "").startswith("text/html"):
            raise Hindered("not-attempted", f"{address} answers with a page, not with a file; {BY_HAND}")
        if ranged:
            next(response.iter_bytes(), b"")  # so that it counts as moved
        length = headers.get("content-range", "").rpartition("/")[2] if ranged else headers.get("content-length", "")
    if not length.isdecimal() or not int(length):
        raise Hindered("unreachable", f"the host does not say how long {name} is")
    return Remote(name, int(length), None)


def place(address: str, name: str, folder: Path) -> Path:
    """Where a file from an address lies below the cache's folder."""
    return folder / "direct" / sha256(address.encode()).hexdigest()[:16] / Path(name).name


def fetched(address: str, file: Remote, folder: Path) -> Path:
    """The whole file below `folder`; a transfer that breaks off goes on where it was. Raises `Hindered` and `OSError`."""
    path = place(address, file.name, folder)
    if path.is_file() and path.stat().st_size == file.bytes:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    stream.arrived(address, file, part)
    part.replace(path)
    return path
