"""The tensors of a local file of weights, as views of the file: nothing is copied, and no pickle is executed."""

import struct
import zipfile
from pathlib import Path
from typing import Any

from pathdex.hindrance import Hindered, starved
from pathdex.weights.index import TYPES, Index, Tensor, flat
from pathdex.weights.torch_files import read_index

LOCAL_HEADER = struct.Struct("<26xHH")
"""Of a zip record's own header: the lengths of its name and of its extra field."""


def index(path: Path) -> Index:
    """What a local file holds; raises `Hindered`."""
    if path.name.endswith(".safetensors"):
        return _safetensors(path)
    with path.open("rb") as file:
        return read_index(file)


def tensors(path: Path, holds: Index) -> dict[str, Any]:
    """Every tensor of the file by its dotted path, on the CPU; raises `Hindered`."""
    if holds.format == "safetensors":
        from safetensors import safe_open

        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    return _zipped(path, holds) if holds.format == "torch-zip" else _legacy(path, holds)


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


def _zipped(path: Path, holds: Index) -> dict[str, Any]:
    """Views into one mapping of the whole file; torch stores records uncompressed and aligned."""
    import torch

    size = path.stat().st_size
    whole = torch.UntypedStorage.from_file(str(path), shared=False, nbytes=size)
    starts = _starts(path)
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
    found = {}
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        for record in archive.infolist():
            folder, _, key = record.filename.rpartition("/")
            if folder.endswith("data"):
                if record.compress_type != zipfile.ZIP_STORED:
                    raise Hindered("mismatch", f"{path.name}: record {key} is compressed")
                file.seek(record.header_offset)
                header = file.read(LOCAL_HEADER.size)
                if len(header) < LOCAL_HEADER.size:
                    raise Hindered("mismatch", f"{path.name}: record {key} lies beyond the file")
                name, extra = LOCAL_HEADER.unpack(header)
                found[key] = (record.header_offset + LOCAL_HEADER.size + name + extra, record.file_size)
    return found


def _legacy(path: Path, holds: Index) -> dict[str, Any]:
    """Old files have no records to map: torch reads them, with nothing but tensors allowed."""
    import pickle

    import torch

    for name, tensor in holds.tensors.items():
        if tensor.elements > path.stat().st_size:
            raise Hindered("mismatch", f"{path.name}: {name} has more numbers than the file")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, TypeError, ValueError) as error:
        if starved(error):
            raise
        raise Hindered("mismatch", f"{path.name} holds more than tensors, or is not whole ({type(error).__name__})") from error
    return dict(flat(found, torch.Tensor))
