"""Every byte of the released files: their hashes, a strict load without a second copy, and a search for NaN and Inf."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pathdex.filling import filled, not_finite, recipe
from pathdex.hindrance import Hindered
from pathdex.measuring.seen import Seen, Way
from pathdex.released import described, hostile, hub_cache, judged, peak_memory
from pathdex.schema import Model
from pathdex.schema.measured import Contents
from pathdex.schema.model import Loader
from pathdex.weights import opening
from pathdex.weights.fetch import fetched, hashed, same
from pathdex.weights.hosts import snapshot
from pathdex.weights.hub import Remote, Snapshot, chosen
from pathdex.weights.traffic import counted
from pathdex.weights.unpacking import readable


def measure(model: Model, way: Way) -> Seen:
    """Fetch, hash and load the released files; raises `Hindered`."""
    loader, began = recipe(model), time.monotonic()
    with counted() as traffic:
        found = snapshot(model.weights, loader.file)
        paths = _brought(model, loader, found, way)
    within = {file: readable(path, way.cache or hub_cache(), loader.prefix, way.quota) for file, path in paths.items()}
    fetched_at = time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        hashes = beside.map(hashed, paths.values())
        indexes = {path: opening.index(path) for path in within.values()}
        if danger := hostile(indexes.values()):
            raise Hindered("mismatch", danger)
        module, fit, wrong = filled(loader, indexes, way.device)
        bad = [] if wrong else not_finite(module)
        loaded_at = time.monotonic()
        computed = dict(zip(paths, hashes, strict=True))
    _compare(model, computed)
    measured = Contents(
        revision=found.revision or None,
        url=None if found.revision else model.weights.url,
        files=tuple(described(remote, indexes[path], computed[remote]) for remote, path in within.items()),
        fit=fit,
        not_finite=len(bad),
        fetch_seconds=round(fetched_at - began, 2),
        load_seconds=round(loaded_at - fetched_at, 2),
        peak_memory=peak_memory(),
    )
    status, reason = judged(model.weights, found, {remote: indexes[path] for remote, path in within.items()}, wrong)
    if bad and status != "mismatch":
        status, reason = "mismatch", f"{len(bad)} tensors hold NaN or Inf ({bad[0]})"
    return Seen(measured, status, reason, device=way.device, moved=traffic.moved)


def _brought(model: Model, loader: Loader, found: Snapshot, way: Way) -> dict[Remote, Path]:
    """The released files, each with where it lies now."""
    files = chosen(model.weights, loader.file, found)
    return {file: fetched(found, file, way.cache or hub_cache(), way.quota) for file in files}


def _compare(model: Model, computed: Mapping[Remote, str]) -> None:
    claimed = {file.name: file.sha256 for file in model.weights.files}
    for remote, digest in computed.items():
        same(remote, claimed.get(remote.name), digest)
