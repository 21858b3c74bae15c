"""A repository of the Hugging Face Hub at one commit: its files, ranges of their bytes, and what its refusals mean."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pathdex.hindrance import Hindered
from pathdex.schema.weights import Weights
from pathdex.weights.answers import asked
from pathdex.weights.archives import PACKED
from pathdex.weights.traffic import TIMEOUT

T = TypeVar("T")
PAUSES = (1.0, 4.0)
"""Seconds to wait before the second and the third try of a server that is down or busy."""
FORMATS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".tar")
FOREIGN = (".gz", ".tgz", ".7z", ".h5", ".hdf5", ".keras", ".onnx", ".npz", ".msgpack")
PREFERRED = ("model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin", "open_clip_pytorch_model.bin")
LONGEST = 2**26
"""Bytes of a list of shards that are read at most."""
INDEX = ".index.json"
"""How the name of a list of shards ends."""
SHARDED = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


@dataclass(frozen=True)
class Remote:
    """One file: path in the repository, bytes, and SHA-256 where the Hub states it."""

    name: str
    bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit; `latest` is the main branch's commit where that is another."""

    repository: str
    revision: str
    latest: str | None
    files: dict[str, Remote]
    newest: dict[str, Remote] = field(default_factory=dict)
    """The files at `latest`."""
    folder: Path | None = None
    """Where this machine keeps the files, when the host is not asked."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Where each file is to be had, where it is no repository of the Hub."""

    def lacks(self, what: str) -> Hindered:
        """That it has no such file, at this commit or in what is kept of it."""
        if self.folder:
            words = f"HF_HUB_OFFLINE is set, and the cache has {what} of {self.repository} at {self.revision[:12]}"
            return Hindered("unreachable", words)
        return Hindered("missing", f"{self.repository} has {what}{f' at {self.revision[:12]}' if self.revision else ''}")

    def replaced(self, file: Remote) -> bool:
        """Whether the main branch has another file by this name, or none."""
        return self.latest is not None and self.newest.get(file.name) != file


def snapshot(weights: Weights) -> Snapshot:
    """The repository at the pinned commit, or at its newest one where none is pinned; raises `Hindered`."""
    from huggingface_hub import HfApi

    if not weights.repository:
        where = f"; they are at {weights.url}" if weights.url else ""
        raise Hindered("not-attempted", f"the weights are in no repository of the Hub{where}")
    api, name = HfApi(), weights.repository
    pinned = tried(lambda: api.model_info(name, revision=weights.revision, files_metadata=True, timeout=TIMEOUT))
    newest = tried(lambda: api.model_info(name, files_metadata=True, timeout=TIMEOUT)) if weights.revision else pinned
    if not pinned.sha:
        raise Hindered("unreachable", f"the host does not say which commit of {name} it describes")
    if newest.sha == pinned.sha:
        return Snapshot(name, pinned.sha, None, _files(pinned))
    return Snapshot(name, pinned.sha, newest.sha, _files(pinned), _files(newest))


def _files(info: Any) -> dict[str, Remote]:
    stored = [Remote(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else None) for one in info.siblings or ()]
    return {one.name: one for one in stored}


def chosen(weights: Weights, file: str | tuple[str, ...] | None, found: Snapshot) -> list[Remote]:
    """The files that fill the module: the recipe's, else the entry's, else the one that its name tells; raises `Hindered`."""
    wanted = (file,) if isinstance(file, str) else file or ()
    if wanted:
        return [one for name in wanted for one in _whole(found, name)]
    named = [one.name for one in weights.files]
    safe = [name for name in named if name.endswith(".safetensors")]
    return [_stored(found, name) for name in safe or named] if named else _told(found, "")


def _whole(found: Snapshot, name: str) -> list[Remote]:
    """A file; the shards where it is a list of them; what its name tells of the files in a folder, whose name ends in a slash."""
    if name.endswith("/"):
        return _told(found, name.removeprefix("./"))
    return _shards(found, name) if name.endswith(INDEX) else [_stored(found, name)]


def _stored(found: Snapshot, name: str) -> Remote:
    if name not in found.files:
        raise found.lacks(f"no file {name!r}")
    if name.endswith(FOREIGN) and not name.endswith(PACKED):
        raise Hindered("not-attempted", f"{name} is an archive or another library's file, which pathdex does not read")
    return found.files[name]


def _told(found: Snapshot, folder: str) -> list[Remote]:
    """The file of weights in a folder that has the usual name, or the only one; raises `Hindered`."""
    for name in (folder + usual for usual in (*PREFERRED[:2], SHARDED[0], *PREFERRED[2:], SHARDED[1])):
        if name in found.files:
            return _whole(found, name)
    stored = [name for name in found.files if name.startswith(folder) and name.endswith(FORMATS)]
    if not stored:
        raise found.lacks("no file of weights")
    if len(stored) > 1:
        many = f"{len(stored)} files of weights; name those of this model under weights.files"
        raise Hindered("not-attempted", f"{found.repository} has {many}")
    return [found.files[stored[0]]]


def _shards(found: Snapshot, index: str) -> list[Remote]:
    """The files that a sharded checkpoint's index names, each once."""
    import json

    if found.files[index].bytes > LONGEST:
        raise Hindered("mismatch", f"{index} is longer than any list of shards")
    try:
        told = json.loads(read(found, index, 0, found.files[index].bytes))["weight_map"]
        names = sorted({index[: index.rfind("/") + 1] + name for name in told.values()})
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Hindered("mismatch", f"{index} is no list of shards ({type(error).__name__})") from error
    if lacking := [name for name in names if name not in found.files]:
        raise found.lacks(f"no file {lacking[0]!r}, which {index} names,")
    return [found.files[name] for name in names]


def read(found: Snapshot, name: str, start: int, size: int) -> bytes:
    """`size` bytes of a file from `start` on, and no more; raises `Hindered`."""
    if found.folder:
        with (found.folder / name).open("rb") as file:
            file.seek(start)
            return file.read(size)
    span = f"bytes={start}-{start + size - 1}"

    def ask() -> bytes:
        with asked(found.addresses[name], span) if found.addresses else _asked(found, name, span) as response:
            if response.status_code != 206 and size < found.files[name].bytes:
                raise Hindered("unreachable", f"{found.repository}: the host sends no ranges of {name}")
            pieces = bytearray()
            for piece in response.iter_bytes():
                pieces += piece
                if len(pieces) >= size:
                    break
            if len(pieces) < min(size, found.files[name].bytes - start):
                raise Hindered("unreachable", f"{found.repository}: the host sends less of {name} than was asked for")
            return bytes(pieces[:size])

    return tried(ask)


@contextmanager
def _asked(found: Snapshot, name: str, span: str) -> Iterator[Any]:
    """The host's answer as it arrives; raises what the client raises, and `Hindered`."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils._headers import build_hf_headers
    from huggingface_hub.utils._http import hf_raise_for_status

    url = hf_hub_url(found.repository, name, revision=found.revision)
    with get_session().stream("GET", url, headers={**build_hf_headers(), "Range": span}) as response:
        hf_raise_for_status(response)
        yield response


def tried(ask: Callable[[], T]) -> T:
    """What `ask` returns, asked again where a server is down or busy; raises `Hindered` for whatever the Hub refuses."""
    for pause in (*PAUSES, None):
        try:
            with explained():
                return ask()
        except Hindered as hindered:
            if hindered.status != "unreachable" or pause is None or _has_tried(hindered.__cause__):
                raise
        time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _has_tried(error: BaseException | None) -> bool:
    """Whether the Hub's client gave up after tries of its own."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    return isinstance(error, LocalEntryNotFoundError)


@contextmanager
def explained() -> Iterator[None]:
    """Whatever the Hub's client raises, as a status and one line."""
    import httpx2
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except (LocalEntryNotFoundError, HfHubHTTPError, EntryNotFoundError) as error:
        raise _refusal(error) from error
    except OfflineModeIsEnabled as error:
        raise Hindered("unreachable", "HF_HUB_OFFLINE is set, so the host is not asked") from error
    except httpx2.HTTPError as error:
        raise Hindered("unreachable", f"{type(error).__name__}: {error}") from error


def _signed(answers: list[Any]) -> bool:
    """Whether a token was sent with what was refused."""
    return any("authorization" in answer.request.headers for answer in answers if answer is not None)


def _refusal(error: Exception) -> Hindered:
    from huggingface_hub import errors

    cause = error.__cause__ or error
    answers = [getattr(one, "response", None) for one in (error, cause)]
    status = next((answer.status_code for answer in answers if answer is not None), None)
    if status == 401 and not isinstance(error, errors.GatedRepoError) and _signed(answers):
        # To a token that it knows the Hub answers 404 or 403; one that has run out says nothing about any model.
        return Hindered("unreachable", "the host does not know this token (HTTP 401); give a valid one, or none")
    who = "no token was given that it knows" if status == 401 else "this token has none"
    known: tuple[tuple[type[Exception], str, str], ...] = (
        (errors.GatedRepoError, "gated", f"the repository wants an accepted form, and {who}"),
        (errors.RevisionNotFoundError, "drifted", "the pinned revision is no longer there"),
        (errors.DisabledRepoError, "missing", "the host has disabled the repository"),
        (errors.RepositoryNotFoundError, "missing", "no such repository, or a private one"),
        (errors.RemoteEntryNotFoundError, "missing", "no such file at this revision"),
    )
    for kind, ending, words in known:
        if isinstance(error, kind):
            return Hindered(ending, f"{words} (HTTP {status})" if status else words)
    if status in (401, 403):
        return Hindered("gated", f"the host refuses this token (HTTP {status})")
    told = f"HTTP {status}" if status else f"{type(cause).__name__}: {cause}"
    return Hindered("unreachable", f"the host does not answer as it should ({told})")
