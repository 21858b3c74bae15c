"""Files of torch that are made to harm their reader end as a mismatch, at once, and change nothing for the next file."""

import io
import pickle
import struct
import time
import zipfile
from pathlib import Path

import pytest

from pathdex.hindrance import Hindered
from pathdex.weights import opening
from pathdex.weights.ranges import Sparing

ORDERED = b"ccollections\nOrderedDict\n"
DOUBLED = b"(X\x01\x00\x00\x00at" + b"2\x86" * 26
"""A tuple of two tuples of two tuples, and so on; to write it out takes a minute and gigabytes."""


def text(word: str) -> bytes:
    """A string in a pickle."""
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def whole(number: int) -> bytes:
    """An integer in a pickle."""
    kept = number.to_bytes(12, "little", signed=True)
    return b"\x8a" + bytes([len(kept)]) + kept


def several(*items: bytes) -> bytes:
    """A tuple in a pickle."""
    return b"(" + b"".join(items) + b"t"


def storage(record: bytes = text("0"), kind: bytes = text("storage"), dtype: bytes = b"ctorch\nFloatStorage\n") -> bytes:
    """The id of a storage of sixteen numbers."""
    return several(kind, dtype, record, text("cpu"), whole(16)) + b"Q"


def tensor(size: bytes = whole(4), stride: bytes = whole(1), offset: bytes = whole(0), where: bytes = b"") -> bytes:
    """A tensor of one dimension."""
    given = several(where or storage(), offset, several(size), several(stride))
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + given + b"R"


def named(value: bytes, name: str = "w") -> bytes:
    """A pickle of a dictionary with one value."""
    return b"\x80\x02}" + text(name) + value + b"s."


def zipped(content: bytes) -> bytes:
    """The file of torch around a pickle, with a record of sixteen numbers."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/data/0", bytes(64))
    return kept.getvalue()


def lying(size: int) -> bytes:
    """A file whose directory says that its last record has more bytes than the file."""
    content = bytearray(zipped(named(tensor(size=whole(size // 4)))))
    entry = content.rfind(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<II", size, size)
    return bytes(content)


def opened(content: bytes, folder: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a file's tensors."""
    path = folder / "m.pth"
    path.write_bytes(content)
    return {name: tuple(one.shape) for name, one in opening.tensors(path, opening.index(path)).items()}


def keyed(*keys: bytes) -> bytes:
    """A dictionary in a pickle."""
    return b"\x80\x02}(" + b"N".join((*keys, b"")) + b"u."


def shared(step: bytes, times: int, items: int = 50_000) -> bytes:
    """A tuple remembered at 0, a class at 1, and a step that works on them time and again."""
    return (
        b"\x80\x04(" + b"K\x01" * items + b"tq\x00" + ORDERED.replace(b"OrderedDict", b"Counter") + b"q\x01" + step * times + b"."
    )


FILES = {
    "integers whose hashes collide": zipped(keyed(*(whole(number * (2**61 - 1)) for number in range(1, 120_000)))),
    "places whose hashes collide": zipped(
        b"\x80\x02N" + b"".join(b"p%d\n" % (number * (2**61 - 1)) for number in range(200_000)) + b"."
    ),
    "a key without end": zipped(keyed(DOUBLED)),
    "keys without end in a set": zipped(b"\x80\x04(" + DOUBLED + b"\x91."),
    "a deep key": zipped(keyed(b")" + b"\x85" * 200_000)),
    "many tuples as keys": zipped(keyed(*(several(whole(number), whole(-number)) for number in range(20_000)))),
    "pairs without end": zipped(b"\x80\x02" + ORDERED + b"]" + DOUBLED + b"N\x86a\x85R."),
    "a guard put out of the way": zipped(
        (b"\x80\x02ctorch._utils\n_rebuild_tensor\nq\x00}(" + text("handed") + b"ca\nb\n)R" + text("hashed") + b"ca\nb\n)Rub0")
        + (ORDERED + b"q\x01N}" + text("reader") + b"h\x00s\x86b0" + b"h\x01]" + DOUBLED + b"N\x86a\x85R.")
    ),
    "steps without end": zipped(b"\x80\x02" + b"N0" * 2_000_000 + b"N."),
    "a call with much, repeated": zipped(shared(b"h\x01h\x00R0", 100_000) + b"."),
    "an id with much, repeated": zipped(shared(b"h\x00Q0", 100_000)),
    "a state with much, repeated": zipped(
        b"\x80\x02}("
        + b"".join(text(f"k{n}") + b"N" for n in range(50_000))
        + b"uq\x00"
        + ORDERED
        + b")Rq\x01"
        + b"h\x01h\x00b0" * 50_000
        + b"N."
    ),
    "classes without end": zipped(b"\x80\x02" + b"".join(b"ca\nb%d\n0" % number for number in range(100_000)) + b"N."),
    "a long name of a class, repeated": zipped(b"\x80\x04" + text("m" * 2**24) + b"q\x00" + b"h\x00h\x00\x930" * 100_000 + b"N."),
    "a deep structure": zipped(b"\x80\x02]" + b"\x85" * 300_000 + b"."),
    "names that grow with depth": zipped(
        b"\x80\x02" + tensor() + b"q\x01" + b"".join(b"0}" + text("k" * 400) + b"h\x01s" + b"q\x01" for _ in range(20)) + b"."
    ),
    "a shape of words": zipped(named(tensor(size=text("x")))),
    "a shape below nothing": zipped(named(tensor(size=whole(-4)))),
    "an offset of words": zipped(named(tensor(offset=text("x")))),
    "an offset below nothing": zipped(named(tensor(offset=whole(-1)))),
    "an offset past the record": zipped(named(tensor(offset=whole(13)))),
    "more strides than sides": zipped(named(tensor(stride=whole(1) + whole(1)))),
    "one number as a million": zipped(named(tensor(size=whole(10**6), stride=whole(0)))),
    "a type that is a function": zipped(named(tensor(where=storage(dtype=text("load"))))),
    "a record without end": zipped(named(tensor(where=storage(record=DOUBLED)))),
    "an id without end": zipped(named(tensor(where=storage(kind=DOUBLED)))),
    "an array of a terabyte": zipped(b"\x80\x05\x96" + struct.pack("<Q", 2**46) + b"."),
    "a name on two lines": zipped(named(tensor(), "a\nb")),
    "names that grow": zipped(b"\x80\x02" + text("k" * 2**16) + b"q\x00" + b"}h\x00" * 300 + tensor() + b"s" * 300 + b"."),
    "a class on two lines": zipped(b"\x80\x04" + text("a\nb") + text("c") + b"\x93."),
    "a record past the file": lying(2**20),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_made_to_harm_is_a_mismatch_at_once(case: str, tmp_path: Path) -> None:
    assert opened(zipped(named(tensor())), tmp_path) == {"w": (4,)}
    began = time.process_time()
    with pytest.raises(Hindered, match=r"^mismatch: "):
        opened(FILES[case], tmp_path)
    assert time.process_time() - began < 5


def test_an_archive_of_many_files_has_the_budget_of_one(tmp_path: Path) -> None:
    inner, kept = zipped(b"\x80\x02" + b"N0" * 100_000 + b"N."), io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for number in range(300):
            archive.writestr(f"{number}.pt", inner)
    began = time.process_time()
    with pytest.raises(Hindered, match="it takes more steps than any checkpoint's"):
        opened(kept.getvalue(), tmp_path)
    assert time.process_time() - began < 5


def test_a_place_to_remember_things_far_away_takes_no_memory(tmp_path: Path) -> None:
    assert opened(zipped(b"\x80\x02}r" + struct.pack("<I", 2**32 - 1) + b"."), tmp_path) == {}


def test_what_one_file_does_to_the_stand_ins_is_gone_with_it(tmp_path: Path) -> None:
    harm = b"\x80\x02" + ORDERED + b"N}" + text("items") + ORDERED + b"s\x86b."
    plain = zipped(b"\x80\x02" + ORDERED + b")R" + text("w") + tensor() + b"s.")
    assert opened(zipped(harm), tmp_path) == {}
    assert opened(plain, tmp_path) == {"w": (4,)}


def test_what_training_leaves_beside_the_weights_is_read(tmp_path: Path) -> None:
    import torch

    state = {0: {"step": 3}, 1.5: True, ("a", 1): {1, 2}, "milestones": {30: 1}, None: torch.float32}
    pairs = b"\x80\x02" + ORDERED + b"]]" + b"(" + text("w") + tensor() + b"ea" + b"\x85R."
    kept = io.BytesIO()
    torch.save({"model": {"w": torch.ones(4)}, "optimizer": state}, kept)
    assert opened(kept.getvalue(), tmp_path) == {"model.w": (4,)}
    assert opened(zipped(pairs), tmp_path) == {"w": (4,)}


def test_no_more_of_an_index_is_read_than_any_checkpoint_has() -> None:
    file = Sparing(io.BytesIO(bytes(100)), 10)
    assert len(file.read(8)) == 8
    assert len(file.read(8)) == 2
    with pytest.raises(ValueError, match="longer than any checkpoint's"):
        file.read(1)


def test_a_legacy_file_that_says_it_is_larger_than_it_is_is_not_made_room_for(tmp_path: Path) -> None:
    heads = b"".join(pickle.dumps(one, 2) for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    with pytest.raises(Hindered, match="more numbers than the file"):
        opened(heads + named(tensor(size=whole(2**40))), tmp_path)
