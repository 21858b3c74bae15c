"""Names, shapes and types of the released files, read from their beginnings and indexes, and whether they fit the recipe."""

from pathdex.filling import compared, recipe
from pathdex.hindrance import Hindered
from pathdex.measuring.seen import Seen, Way
from pathdex.released import described, judged
from pathdex.schema import Model
from pathdex.schema.measured import Header
from pathdex.weights.hub import Remote, Snapshot, chosen, read, snapshot, tried
from pathdex.weights.index import TYPES, Index, Tensor
from pathdex.weights.ranges import Ranged
from pathdex.weights.torch_files import read_index
from pathdex.weights.traffic import counted

LENGTH = 8
"""Bytes at the start of a safetensors file that give the length of its header."""


def measure(model: Model, _: Way) -> Seen:
    """What the host states and the indexes say; some kilobytes a file; raises `Hindered`."""
    with counted() as traffic:
        found = snapshot(model.weights)
        wanted = model.loader.file if model.loader else None
        files = {remote: _index(found, remote) for remote in chosen(model.weights, wanted, found)}
    stored = {name: tensor for index in files.values() for name, tensor in index.tensors.items()}
    fit, wrong = None, ""
    try:
        fit, wrong = compared(recipe(model), stored)
    except Hindered as hindered:
        if hindered.status != "not-attempted":
            raise
    measured = Header(
        revision=found.revision,
        latest=found.latest,
        files=tuple(described(remote, index) for remote, index in files.items()),
        fit=fit,
    )
    status, reason = judged(model.weights, found, files, wrong)
    return Seen(measured, status, reason, moved=traffic.moved)


def _index(found: Snapshot, remote: Remote) -> Index:
    if remote.name.endswith(".safetensors"):
        return _safetensors(found, remote)
    return read_index(Ranged(lambda start, size: read(found, remote.name, start, size), remote.bytes))


def _safetensors(found: Snapshot, remote: Remote) -> Index:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import SafetensorsParsingError

    try:
        seen = tried(lambda: HfApi().parse_safetensors_file_metadata(found.repository, remote.name, revision=found.revision))
    except (SafetensorsParsingError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Hindered("mismatch", f"{remote.name} has no header of safetensors ({error})") from error
    sides = [side for one in seen.tensors.values() for side in one.shape]
    if not all(isinstance(side, int) and 0 <= side <= remote.bytes for side in sides):
        raise Hindered("mismatch", f"{remote.name} has no header of safetensors (a shape is none)")
    length = int.from_bytes(read(found, remote.name, 0, LENGTH), "little")
    whole = LENGTH + length + max((one.data_offsets[1] for one in seen.tensors.values()), default=0)
    if whole != remote.bytes:
        raise Hindered("mismatch", f"{remote.name} describes {whole:,} bytes and has {remote.bytes:,}")
    named = {name: Tensor(TYPES.get(one.dtype, one.dtype), tuple(one.shape)) for name, one in seen.tensors.items()}
    return Index("safetensors", named)
