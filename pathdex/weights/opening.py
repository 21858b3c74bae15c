"""The tensors of a local file of weights, as views of the file: nothing is copied, and no pickle is executed."""

import io
import zipfile
from pathlib import Path
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights.archives import pickled, start, torch_files
from pathdex.weights.bounded import Budget
from pathdex.weights.index import TYPES, Index, Tensor
from pathdex.weights.torch_files import BROKEN, legacy_records, read_index


def index(path: Path) -> Index:
    """What a local file holds; raises `Hindered`."""
    _allow(path.stat().st_size)
    if path.name.endswith(".safetensors"):
        return _safetensors(path)
    with path.open("rb") as file:
        return read_index(file)


def _allow(size: int) -> None:
    """Have a bound on this process's memory leave out what is mapped: pages of a file can be dropped, yet Linux counts them."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft != resource.RLIM_INFINITY:
        wanted = soft + size
        resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def tensors(path: Path, holds: Index) -> dict[str, Any]:
    """Every tensor of the file by its dotted path, on the CPU; raises `Hindered`."""
    if holds.format == "safetensors":
        from safetensors import safe_open

        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    for name, tensor in holds.tensors.items():
        if tensor.elements > path.stat().st_size:
            raise Hindered("mismatch", f"{path.name}: {name} has more numbers than the file")
    return _mapped(path, holds)


def _safetensors(path: Path) -> Index:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            found = {
                name: Tensor(TYPES.get(one.get_dtype(), one.get_dtype()), tuple(one.get_shape())) for name, one in slices.items()
            }
    except SafetensorError as error:
        raise Hindered("mismatch", f"{path.name} is no whole safetensors file ({error})") from error
    return Index("safetensors", found)


def _mapped(path: Path, holds: Index) -> dict[str, Any]:
    """Views into one mapping of the whole file; torch stores records uncompressed."""
    import torch

    size, starts = path.stat().st_size, _starts(path)
    whole = torch.UntypedStorage.from_file(str(path), shared=False, nbytes=size)
    found = {}
    for name, tensor in holds.tensors.items():
        dtype = getattr(torch, tensor.dtype, None)
        place = tensor.place
        if place is None or not isinstance(dtype, torch.dtype) or place.record not in starts:
            raise Hindered("mismatch", f"{path.name}: {name} has no numbers in the file")
        start, length = starts[place.record]
        last = place.offset + sum((side - 1) * stride for side, stride in zip(tensor.shape, place.strides, strict=True))
        if tensor.elements and ((last + 1) * dtype.itemsize > length or start + length > size):
            raise Hindered("mismatch", f"{path.name}: {name} reaches beyond its record")
        if tensor.elements * dtype.itemsize > size:
            raise Hindered("mismatch", f"{path.name}: {name} repeats numbers until they are more than the file has")
        found[name] = _view(whole, dtype, start, tensor, place)
    return found


def _view(whole: Any, dtype: Any, start: int, tensor: Tensor, place: Any) -> Any:
    import torch

    if start % dtype.itemsize:
        whole, start = whole[start:], 0
    return torch.empty(0, dtype=dtype).set_(whole, start // dtype.itemsize + place.offset, tensor.shape, place.strides)


def _starts(path: Path) -> dict[str, tuple[int, int]]:
    """Key of each record of numbers, with the byte where they start and how many there are."""
    try:
        with path.open("rb") as file:
            return _records(file)
    except BROKEN as error:
        raise Hindered("mismatch", f"{path.name}: its numbers can't be found ({type(error).__name__}: {error})") from error


def _records(file: Any, within: Budget | None = None) -> dict[str, tuple[int, int]]:
    if not zipfile.is_zipfile(file):
        return legacy_records(file, within or Budget())
    with zipfile.ZipFile(file) as archive:
        if within or pickled(archive):
            stored = ((record, *record.filename.rpartition("/")) for record in archive.infolist())
            return {key: (start(file, record), record.file_size) for record, folder, _, key in stored if folder.endswith("data")}
        budget = Budget()
        return {
            f"{name}/{key}": (one.start + at, length)
            for name, one in torch_files(file, archive).items()
            for key, (at, length) in _records(io.BufferedReader(one), budget).items()
        }
