"""The index of a file that torch.save wrote. Its pickle is read with stand-ins for every class, so that nothing in it runs."""

import io
import pickle
import struct
import zipfile
import zlib
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights.archives import pickled, torch_files
from pathdex.weights.bounded import Bounded, Budget
from pathdex.weights.index import BYTES, Index, Place, Tensor, flat
from pathdex.weights.ranges import Sparing
from pathdex.weights.stand_ins import LONGEST_NAME, Stand, opened

LONGEST = 2**26
"""Bytes of pickle, and of index in all, that are read at most."""
MOST_ELEMENTS = 2**50
MOST_SIDES = 64
LONGEST_ID = 8
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
CLASS = 100
"""Steps that a class counts for."""
REBUILT = ("_rebuild_parameter", "_rebuild_parameter_with_state")
SETS = ("builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset")
NUMBER = struct.Struct("<q")
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
GZIP = b"\x1f\x8b"
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class _Ordered(dict[Any, Any]):
    """An ordered dictionary, which may carry attributes."""


class _Storage:
    """A storage: type and the record that holds it."""

    def __init__(self, dtype: str, record: str) -> None:
        self.dtype, self.record = dtype, record


def _tensor(storage: Any, offset: int, size: Any, strides: Any, *_: Any) -> Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    if not all(isinstance(one, tuple | list) and len(one) <= MOST_SIDES for one in (size, strides)):
        raise pickle.UnpicklingError("a tensor without a shape")
    shape, steps = tuple(size), tuple(strides)
    if len(shape) != len(steps) or not all(isinstance(one, int) and 0 <= one < MOST_ELEMENTS for one in (offset, *shape, *steps)):
        raise pickle.UnpicklingError("a tensor whose shape, strides and offset are no whole numbers that fit")
    return Tensor(storage.dtype, shape, Place(storage.record, offset, steps))


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


class _Reader(Bounded):
    """Every class is a stand-in, save the two functions that rebuild tensors, which are ours."""

    def __init__(self, file: Any, budget: Budget | None = None) -> None:
        super().__init__(file, budget)
        self.classes: set[str] = set()
        self.made: dict[str, Any] = {}
        self.records: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may name: nothing imported, and made anew for each file, which may set attributes of it to no effect."""
        if len(module) + len(name) >= LONGEST_NAME:
            raise pickle.UnpicklingError("a class whose name is none")
        full = f"{module}.{name}"
        if full not in self.made:
            self.spend(CLASS)
            self.made[full] = self._stand_in(module, name, full)
        return self.made[full]

    def _stand_in(self, module: str, name: str, full: str) -> Any:
        if full in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"):
            return lambda *given: _tensor(*given)
        if module == "torch._utils" and name in REBUILT:
            return lambda *given: _parameter(*given)
        if module in ("torch", "torch.storage") and name in STORAGES:
            return STORAGES[name]
        if module == "torch" and name in STORAGES.values():
            return name
        if full in HARMLESS:
            return (lambda *given: self._ordered(*given)) if name == "OrderedDict" else type(name, (Stand,), {})
        if not full.isprintable():
            raise pickle.UnpicklingError("a class whose name is none")
        self.classes.add(full)
        if full in SETS:
            return lambda *given: self._members(*given)
        return type(name if name.isidentifier() else "Unknown", (Stand,), {})

    def persistent_load(self, pid: Any) -> Any:
        """A storage by its key; old files also refer to the classes of whole modules this way."""
        if not isinstance(pid, tuple) or not 3 <= len(pid) <= LONGEST_ID:
            raise pickle.UnpicklingError("a persistent id that is no storage's")
        kind, dtype, record, *_ = pid
        if kind == "module":
            return dtype
        if kind != "storage":
            raise pickle.UnpicklingError("a persistent id that is no storage's")
        if not isinstance(record, str | int):
            raise pickle.UnpicklingError("a storage whose record has no name")
        if len(pid) > 5 and pid[5] is not None:
            raise pickle.UnpicklingError("a storage within another")
        storage = _Storage(dtype if dtype in STORAGES.values() else "unknown", str(record))
        self.records[storage.record] = storage.dtype
        return storage

    def _ordered(self, pairs: Any = ()) -> _Ordered:
        """An ordered dictionary; old files make it of pairs."""
        self.handed(pairs)
        self.hashed(key for key, _ in pairs)
        return _Ordered(pairs)

    def _members(self, members: Any = ()) -> tuple[Any, ...]:
        """A set, as what it was made of."""
        if not isinstance(members, list | tuple):
            raise pickle.UnpicklingError("a set of what is no list")
        self.handed(members)
        return tuple(members)


def read_index(file: Any) -> Index:
    """The tensors of a torch file, zip or legacy, or of all such files in a zip archive, each below its name there.

    Raises `Hindered` for what is neither.
    """
    try:
        return _read(_sparing(file))
    except BROKEN as error:
        raise Hindered("mismatch", f"the file can't be read as torch wrote it ({type(error).__name__}: {error})") from error


def _sparing(file: Any) -> io.BufferedReader:
    return io.BufferedReader(Sparing(file, LONGEST))


def _read(file: Any, within: Budget | None = None) -> Index:
    """The index of a file, or of one in an archive, which shares the budget of all."""
    if not zipfile.is_zipfile(file):
        if _starts_with(file, GZIP):
            raise Hindered("unsupported", "the file is compressed as a whole, and pathdex unpacks archives of files alone")
        tree, reader = _unpickled(file, within)
        return _index("torch-legacy", tree, reader)
    with zipfile.ZipFile(file) as archive:
        files = {} if within or pickled(archive) else torch_files(file, archive)
        return _together(files) if files else _zipped(archive, within)


def _starts_with(file: Any, beginning: bytes) -> bool:
    file.seek(0)
    return bool(file.read(len(beginning)) == beginning)


def _together(files: dict[str, Any]) -> Index:
    budget = Budget()
    found = [_read(io.BufferedReader(file), budget).below(name) for name, file in files.items()]
    tensors = [(name, tensor) for one in found for name, tensor in one.tensors.items()]
    if len(dict(tensors)) < len(tensors):
        raise ValueError("two tensors of one name")
    return Index(found[0].format, dict(tensors), tuple(sorted({name for one in found for name in one.classes})))


def _zipped(archive: zipfile.ZipFile, budget: Budget | None) -> Index:
    names = pickled(archive)
    if len(names) != 1:
        raise ValueError(f"{len(names)} records named data.pkl")
    if archive.getinfo(names[0]).file_size > LONGEST:
        raise ValueError("data.pkl is too long")
    reader = _Reader(io.BytesIO(archive.read(names[0])), budget)
    return _index("torch-zip", reader.load(), reader)


def _unpickled(file: Any, budget: Budget | None = None) -> tuple[Any, _Reader]:
    """Of a legacy file four pickles in a row: a magic number, the protocol, the system, and the object itself."""
    budget = budget or Budget()
    file.seek(0)
    if _Reader(file, budget).load() != LEGACY_MAGIC:
        raise ValueError("no magic number")
    _Reader(file, budget).load()
    system = _Reader(file, budget).load()
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise ValueError("its numbers begin with the greatest byte")
    reader = _Reader(file, budget)
    return reader.load(), reader


def legacy_records(file: Any, budget: Budget) -> dict[str, tuple[int, int]]:
    """Where the numbers of a legacy file lie: of each record its first byte and its length; raises one of `BROKEN`.

    After the pickles of the index stands one that lists the records, and then each record, its length before it.
    """
    sparing = _sparing(file)
    _, reader = _unpickled(sparing, budget)
    found, at = {}, -1
    for key in _Reader(sparing, budget).load():
        at = sparing.tell() if at < 0 else sparing.seek(at)
        numbers = NUMBER.unpack(sparing.read(NUMBER.size))[0]
        length = numbers * BYTES[reader.records[str(key)]]
        if length < 0:
            raise ValueError("a record of less than no numbers")
        found[str(key)] = (at + NUMBER.size, length)
        at += NUMBER.size + length
    return found


def _index(form: Any, tree: Any, reader: _Reader) -> Index:
    tensors = list(flat(opened(tree, reader.budget.nodes), Tensor))
    if len(dict(tensors)) < len(tensors):
        raise ValueError("two tensors of one name")
    return Index(form, dict(tensors), tuple(sorted(reader.classes)))
