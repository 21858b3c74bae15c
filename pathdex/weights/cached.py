"""A repository as the Hub's cache on this machine holds it, for machines that have no way to the Hub."""

import re
from pathlib import Path

from pathdex.hindrance import Hindered
from pathdex.schema.weights import Weights
from pathdex.weights import hub
from pathdex.weights.hub import Remote, Snapshot


def snapshot(weights: Weights, folder: Path) -> Snapshot:
    """The repository at the pinned commit: as the host describes it, or, offline, as the cache in `folder` holds it.

    Offline is what the Hub's own client is told to be, by HF_HUB_OFFLINE. Raises `Hindered`.
    """
    from huggingface_hub import is_offline_mode

    if weights.repository and is_offline_mode():
        return _kept(weights.repository, weights.revision, folder)
    return hub.snapshot(weights)


def _kept(repository: str, revision: str | None, folder: Path) -> Snapshot:
    from huggingface_hub.file_download import repo_folder_name

    place = folder / repo_folder_name(repo_id=repository, repo_type="model")
    commit = revision or _newest(place)
    here = place / "snapshots" / commit
    if not here.is_dir():
        raise Hindered("unreachable", f"HF_HUB_OFFLINE is set, and the cache has nothing of {repository} at {commit[:12]}")
    stored = [path for path in sorted(here.rglob("*")) if path.is_file()]
    return Snapshot(repository, commit, None, {one.name: one for one in (_file(path, here) for path in stored)}, folder=here)


def _newest(place: Path) -> str:
    """The commit that was the newest when the cache last looked, or the only one in it."""
    looked, kept = place / "refs" / "main", list(place.glob("snapshots/*"))
    if looked.is_file():
        return looked.read_text(encoding="ascii").strip()
    return kept[0].name if len(kept) == 1 else "main"


def _file(path: Path, below: Path) -> Remote:
    """One file; the cache calls what it keeps of a large one by its SHA-256, as the host stated it."""
    blob = path.resolve().name
    return Remote(path.relative_to(below).as_posix(), path.stat().st_size, blob if re.fullmatch(r"[0-9a-f]{64}", blob) else None)
