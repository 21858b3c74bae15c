"""The index of a file that torch.save wrote. Its pickle is read with stand-ins for every class, so that nothing in it runs."""

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import count
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights.index import Index, Place, Tensor, flat
from pathdex.weights.ranges import Sparing

LONGEST = 2**26
"""Bytes of pickle, and of index in all, that are read at most."""
LONGEST_NAME = 500
MOST_ELEMENTS = 2**50
STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "UntypedStorage": "uint8",
}
HARMLESS = ("collections.OrderedDict", "torch.serialization._get_layout", "torch.Size", "torch.device")
MOST_NODES = 500_000
"""Values that are looked at at most; a file that says more is built to exhaust its reader."""
MODULE_PARTS = ("_parameters", "_buffers", "_modules")
BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a broken or hostile file ends in."""
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class _Stand:
    """Stands for an instance of any class: takes whatever a pickle gives it and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> "_Stand":
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        self.given: dict[Any, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.given = state if isinstance(state, dict) else {}

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__dict__.setdefault("given", {})[key] = value

    def __call__(self, *_: Any, **__: Any) -> "_Stand":
        return self

    def append(self, _: Any) -> None:
        """Forget it."""

    def extend(self, _: Any) -> None:
        """Forget them."""


class _Ordered(dict[Any, Any]):
    """An ordered dictionary, which may carry attributes."""


class _Storage:
    """A storage: type and the record that holds it."""

    def __init__(self, dtype: str, record: str) -> None:
        self.dtype, self.record = dtype, record


def _tensor(storage: Any, offset: int, size: Any, strides: Any, *_: Any) -> Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    shape, steps = tuple(size), tuple(strides)
    if len(shape) != len(steps) or not all(isinstance(one, int) and 0 <= one < MOST_ELEMENTS for one in (offset, *shape, *steps)):
        raise pickle.UnpicklingError("a tensor whose shape, strides and offset are no whole numbers that fit")
    return Tensor(storage.dtype, shape, Place(storage.record, offset, steps))


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


class _Reader(pickle._Unpickler):
    """Every class is a stand-in, save the two functions that rebuild tensors, which are ours.

    Python's own reader in place of the one in C, whose list of things to remember grows to gigabytes if a file says so.
    """

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.classes: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may name: never anything imported, and made anew, for a pickle may set attributes of what it is given."""
        full = f"{module}.{name}"
        if full in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"):
            return lambda *given: _tensor(*given)
        if full == "torch._utils._rebuild_parameter":
            return lambda *given: _parameter(*given)
        if module in ("torch", "torch.storage") and name in STORAGES:
            return STORAGES[name]
        if module == "torch" and name in STORAGES.values():
            return name
        if full in HARMLESS:
            return type(name, (_Ordered if name == "OrderedDict" else _Stand,), {})
        if not full.isprintable() or len(full) > LONGEST_NAME:
            raise pickle.UnpicklingError("a class whose name is none")
        self.classes.add(full)
        return type(name if name.isidentifier() else "Unknown", (_Stand,), {})

    def persistent_load(self, pid: Any) -> Any:
        """A storage by its key; old files also refer to the classes of whole modules this way."""
        kind, dtype, record, *_ = pid
        if kind == "module":
            return dtype
        if kind != "storage":
            raise pickle.UnpicklingError("a persistent id that is no storage's")
        if not isinstance(record, str | int):
            raise pickle.UnpicklingError("a storage whose record has no name")
        return _Storage(dtype if dtype in STORAGES.values() else "unknown", str(record))


def read_index(file: Any) -> Index:
    """The tensors of a torch file, zip or legacy; raises `Hindered` for what is neither."""
    try:
        sparing = io.BufferedReader(Sparing(file, LONGEST))
        return _zipped(sparing) if zipfile.is_zipfile(sparing) else _legacy(sparing)
    except BROKEN as error:
        raise Hindered("mismatch", f"the file can't be read as torch wrote it ({type(error).__name__}: {error})") from error


def _zipped(file: Any) -> Index:
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith("data.pkl") and name.count("/") <= 1]
        if len(names) != 1:
            raise ValueError(f"{len(names)} records named data.pkl")
        if archive.getinfo(names[0]).file_size > LONGEST:
            raise ValueError("data.pkl is too long")
        reader = _Reader(io.BytesIO(archive.read(names[0])))
    return _index("torch-zip", reader.load(), reader)


def _legacy(file: Any) -> Index:
    """Four pickles in a row: a magic number, the protocol, the system, and the object itself."""
    file.seek(0)
    if _Reader(file).load() != LEGACY_MAGIC:
        raise ValueError("no magic number")
    _Reader(file).load()
    _Reader(file).load()
    reader = _Reader(file)
    return _index("torch-legacy", reader.load(), reader)


def _index(form: Any, tree: Any, reader: _Reader) -> Index:
    return Index(form, dict(flat(_opened(tree, count()), Tensor)), tuple(sorted(reader.classes)))


def _opened(tree: Any, nodes: Iterator[int]) -> Any:
    """The tree with stand-ins replaced by what they were given; the inner names of modules are left out."""
    if next(nodes) > MOST_NODES:
        raise ValueError("more values than any checkpoint has")
    if isinstance(tree, _Stand):
        given = tree.__dict__.get("given", {})
        inner = [given[part] for part in MODULE_PARTS if isinstance(given.get(part), dict)]
        return _opened({key: value for part in inner for key, value in part.items()} if inner else given, nodes)
    if isinstance(tree, dict):
        if any(isinstance(key, str) and (len(key) > LONGEST_NAME or not key.isprintable()) for key in tree):
            raise ValueError("a name that is none")
        return {key: _opened(value, nodes) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_opened(value, nodes) for value in tree]
    return tree
