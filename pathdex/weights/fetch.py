"""Brings a file of weights onto this machine, whole and as its host states it, or says why not."""

import hashlib
import shutil
from pathlib import Path

from pathdex.hindrance import Hindered
from pathdex.weights import direct, stream
from pathdex.weights.hub import Remote, Snapshot, tried

SPARE = 2**30
"""Bytes of disk that a download leaves free."""


def fetched(found: Snapshot, file: Remote, folder: Path, quota: int | None = None) -> Path:
    """The file below `folder`, in the Hub's cache layout; raises `Hindered`, also when `quota` bytes do not suffice."""
    if ".." in file.name.split("/") or file.name.startswith("/"):
        raise Hindered("mismatch", f"{found.repository} has a file {file.name!r}, which would lie outside its folder")
    folder.mkdir(parents=True, exist_ok=True)
    room = max(0, shutil.disk_usage(folder).free - SPARE)
    if file.bytes > (room if quota is None else min(room, quota)):
        allowed = room if quota is None else min(room, quota)
        raise Hindered("unsupported-environment", f"{file.name} takes {file.bytes:,} bytes of disk, {allowed:,} are allowed")
    try:
        path = direct.fetched(found.addresses[file.name], file, folder) if found.addresses else _from_hub(found, file, folder)
    except OSError as error:
        if error.errno is None:  # no fault of the disk: the client found a transfer shorter or longer than announced
            raise Hindered("unreachable", f"{file.name} did not arrive whole") from error
        raise Hindered("unsupported-environment", f"{file.name} could not be written ({error.strerror or error})") from error
    if path.stat().st_size != file.bytes:
        raise Hindered("mismatch", f"{file.name} has {path.stat().st_size:,} bytes, the host states {file.bytes:,}")
    return path


def _from_hub(found: Snapshot, file: Remote, folder: Path) -> Path:
    from huggingface_hub import hf_hub_download

    stream.into_cache(found, file, folder)
    return Path(tried(lambda: hf_hub_download(found.repository, file.name, revision=found.revision, cache_dir=folder)))


def hashed(path: Path) -> str:
    """SHA-256 of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same(file: Remote, claimed: str | None, computed: str) -> None:
    """Raise `Hindered` unless the computed hash is the one that the host states and the one that the entry states."""
    for who, stated in (("the host", file.sha256), ("the entry", claimed)):
        if stated and stated != computed:
            raise Hindered("mismatch", f"{file.name} has SHA-256 {computed[:16]}..., {who} states {stated[:16]}...")
