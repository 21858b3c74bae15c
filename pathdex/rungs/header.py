"""Names, shapes and types of the released files, read from their beginnings and indexes, and whether they fit the recipe."""

import json
from collections.abc import Mapping

from pathdex.filling import compared, recipe
from pathdex.hindrance import Hindered
from pathdex.measuring.seen import Seen, Way
from pathdex.released import described, judged
from pathdex.schema import Model
from pathdex.schema.evidence import UNTRIED
from pathdex.schema.measured import Fit, Header
from pathdex.weights.archives import COMPRESSED, PACKED
from pathdex.weights.hosts import snapshot
from pathdex.weights.hub import Remote, Snapshot, chosen, read, tried
from pathdex.weights.index import TYPES, Index, Tensor
from pathdex.weights.ranges import Ranged
from pathdex.weights.torch_files import LONGEST, read_index
from pathdex.weights.traffic import counted

LENGTH = 8
"""Bytes at the start of a safetensors file that give the length of its header."""


def measure(model: Model, _: Way) -> Seen:
    """What the host states and the indexes say; some kilobytes a file; raises `Hindered`."""
    with counted() as traffic:
        wanted = model.loader.file if model.loader else None
        found = snapshot(model.weights, wanted)
        files = {remote: _index(found, remote) for remote in chosen(model.weights, wanted, found)}
    fit, wrong = _fitted(model, files)
    measured = Header(
        revision=found.revision or None,
        url=None if found.revision else model.weights.url,
        latest=found.latest,
        files=tuple(described(remote, index) for remote, index in files.items()),
        fit=fit,
    )
    status, reason = judged(model.weights, found, files, wrong)
    return Seen(measured, status, reason, moved=traffic.moved)


def _fitted(model: Model, files: Mapping[Remote, Index]) -> tuple[Fit | None, str]:
    """How the files fit the recipe, and what is wrong in one line; nothing of either without a recipe."""
    try:
        return compared(recipe(model), ((remote.name, index) for remote, index in files.items()))
    except Hindered as hindered:
        return None, "" if hindered.status in UNTRIED else hindered.reason


def _index(found: Snapshot, remote: Remote) -> Index:
    if remote.name.endswith(PACKED):
        raise Hindered("not-attempted", COMPRESSED)
    if remote.name.endswith(".safetensors"):
        return _safetensors(found, remote)
    return read_index(Ranged(lambda start, size: read(found, remote.name, start, size), remote.bytes))


def _safetensors(found: Snapshot, remote: Remote) -> Index:
    length = int.from_bytes(read(found, remote.name, 0, LENGTH), "little")
    try:
        seen = _told(found, remote, length)
        sides = [side for _, shape, _ in seen.values() for side in shape]
        whole = LENGTH + length + max((end for _, _, end in seen.values()), default=0)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise Hindered("mismatch", f"{remote.name} has no header of safetensors ({error})") from error
    if not all(isinstance(side, int) and 0 <= side <= remote.bytes for side in sides):
        raise Hindered("mismatch", f"{remote.name} has no header of safetensors (a shape is none)")
    if whole != remote.bytes:
        raise Hindered("mismatch", f"{remote.name} describes {whole:,} bytes and has {remote.bytes:,}")
    named = {name: Tensor(TYPES.get(dtype, dtype), tuple(shape)) for name, (dtype, shape, _) in seen.items()}
    return Index("safetensors", named)


def _told(found: Snapshot, remote: Remote, length: int) -> dict[str, tuple[str, list[int], int]]:
    """Type, shape and last byte of each tensor; of the Hub's files as its own client reads them."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import SafetensorsParsingError

    if found.addresses:
        if length > min(LONGEST, remote.bytes):
            raise ValueError("it is longer than any")
        told = json.loads(read(found, remote.name, LENGTH, length))
        parts = {name: one for name, one in told.items() if name != "__metadata__"}
        return {name: (one["dtype"], one["shape"], one["data_offsets"][1]) for name, one in parts.items()}
    try:
        seen = tried(lambda: HfApi().parse_safetensors_file_metadata(found.repository, remote.name, revision=found.revision))
    except SafetensorsParsingError as error:
        raise ValueError(str(error)) from error
    return {name: (one.dtype, one.shape, one.data_offsets[1]) for name, one in seen.tensors.items()}
