"""Streams whole files to disk. The Hub's own client spends four times the processor time on every byte that comes without Xet."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights import traffic
from pathdex.weights.answers import refused
from pathdex.weights.hub import Remote, Snapshot, tried

PIECE = 2**20
GAIN = 2**26
"""Bytes that a round of tries must bring for another to follow; a line that breaks off again and again still ends."""


def arrived(address: str, file: Remote, part: Path, headers: Mapping[str, str] | None = None) -> None:
    """Bring what lacks of a file into `part`, which may hold its beginning; raises `Hindered` and `OSError`.

    A login among the headers is not sent on to another host.
    """
    while True:
        begun = _length(part)
        try:
            return tried(lambda: _more(address, file, part, headers or {}))
        except Hindered as hindered:
            if hindered.status != "unreachable" or _length(part) < begun + GAIN:
                raise


def into_cache(found: Snapshot, file: Remote, folder: Path) -> None:
    """Put a file where the Hub's client looks for it, unless that has it, is offline, or gets it by Xet, which is faster."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, is_offline_mode, try_to_load_from_cache
    from huggingface_hub.file_download import repo_folder_name
    from huggingface_hub.utils._fixes import WeakFileLock
    from huggingface_hub.utils._headers import build_hf_headers
    from huggingface_hub.utils._runtime import is_xet_available

    kept = try_to_load_from_cache(found.repository, file.name, folder, found.revision)
    if not file.sha256 or is_offline_mode() or isinstance(kept, str):
        return
    url = hf_hub_url(found.repository, file.name, revision=found.revision)
    stated = tried(lambda: get_hf_file_metadata(url, timeout=traffic.TIMEOUT))
    if stated.etag != file.sha256 or stated.size != file.bytes or (stated.xet_file_data and is_xet_available()):
        return
    place = repo_folder_name(repo_id=found.repository, repo_type="model")
    blob, lock = folder / place / "blobs" / file.sha256, folder / ".locks" / place / f"{file.sha256}.lock"
    for one in (blob, lock):
        one.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock), _own(blob) as part:
        if not blob.is_file():
            arrived(url, file, part, build_hf_headers())
            part.replace(blob)


@contextmanager
def _own(blob: Path) -> Iterator[Path]:
    """A name for what has come so far that no other process uses, where a file system's locks do not hold; gone afterwards."""
    part = blob.with_name(f"{blob.name}.{uuid.uuid4().hex[:8]}.incomplete")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _more(address: str, file: Remote, part: Path, headers: Mapping[str, str]) -> None:
    """What lacks of a file; from its beginning where the host sends no ranges."""
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    if (begun := _length(part)) < file.bytes:
        try:
            _written(address, file, part, {**headers, "Accept-Encoding": "identity"}, begun)
        except (RequestException, HTTPError) as error:  # its words may hold a signed address
            raise Hindered("unreachable", f"{file.name} did not arrive whole ({type(error).__name__})") from error
    if (length := _length(part)) != file.bytes:
        if length > file.bytes:
            part.unlink()
        raise Hindered("unreachable", f"{file.name} did not arrive whole")


def _written(address: str, file: Remote, part: Path, headers: Mapping[str, str], begun: int) -> None:
    from huggingface_hub.utils.tqdm import tqdm

    with _opened(address, {**headers, **({"Range": f"bytes={begun}-"} if begun else {})}) as response:
        ranged = response.status_code == 206
        bar: Any = tqdm(  # type: ignore[no-untyped-call]
            total=file.bytes, initial=begun if ranged else 0, desc=file.name, unit="B", unit_scale=True, disable=None
        )
        with bar, part.open("ab" if ranged else "wb") as kept:
            while piece := response.raw.read1(PIECE):  # what has come, however little, so that none is lost when the line breaks
                traffic.received(len(piece))
                bar.update(kept.write(piece))
                if kept.tell() > file.bytes:
                    break


@contextmanager
def _opened(address: str, headers: Mapping[str, str]) -> Iterator[Any]:
    """A host's answer, its body still to come; raises `Hindered` where it refuses. Redirections are followed."""
    import requests

    with requests.Session() as session:
        session.auth = _as_it_is
        session.verify = os.environ.get("SSL_CERT_FILE", True)  # which the Hub's client heeds too
        with session.get(address, headers=dict(headers), stream=True, timeout=(10, traffic.TIMEOUT)) as response:
            refused(response.status_code)
            yield response


def _as_it_is(request: Any) -> Any:
    """No login but the one in the headers: requests would replace it by what ~/.netrc has."""
    return request


def _length(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0
