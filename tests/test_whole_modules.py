"""Tensors are found in pickled modules and in archives of files, by the names of a state dictionary, and nothing runs."""

import gzip
import io
import pickle
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")
timm: Any = pytest.importorskip("timm")

from pathdex.filling import filled  # noqa: E402
from pathdex.hindrance import Hindered  # noqa: E402
from pathdex.schema.model import Loader  # noqa: E402
from pathdex.weights import opening  # noqa: E402


class Net(torch.nn.Module):  # type: ignore[misc]
    """Weights that two layers share, buffers of both kinds, a list, a part that is none, and a method kept as an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1, bias=False), torch.nn.BatchNorm2d(4))
        self.layers = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(2))
        self.layers[1].weight = self.layers[0].weight
        self.register_buffer("kept", torch.arange(3))
        self.register_buffer("passing", torch.zeros(5), persistent=False)
        self.register_module("none", None)
        self.loose = torch.ones(7)
        self.call = self.first.forward

    def __setstate__(self, state: dict[str, Any]) -> None:
        Path("it-ran").touch()
        super().__setstate__(state)


def saved(content: Any, zipped: bool = True) -> bytes:
    """What torch.save writes."""
    kept = io.BytesIO()
    torch.save(content, kept, _use_new_zipfile_serialization=zipped)
    return kept.getvalue()


def packed(compression: int = zipfile.ZIP_STORED, **files: bytes) -> bytes:
    """An archive of files; a double underscore is a slash in their names, a single one a dot."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return kept.getvalue()


def opened(content: bytes, folder: Path, name: str = "m.pth") -> dict[str, Any]:
    """The tensors of a file."""
    path = folder / name
    path.write_bytes(content)
    return opening.tensors(path, opening.index(path))


def same(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether names, shapes and numbers are the same."""
    return found.keys() == wanted.keys() and all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickled_module_gives_its_state_dictionary_and_none_of_it_runs(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    net = Net()
    found = opened(saved(net, zipped), tmp_path)
    assert same(found, net.state_dict())
    assert {"first.1.num_batches_tracked", "layers.1.weight", "kept"} <= found.keys()
    assert not Path("it-ran").exists()


def test_modules_within_other_things_keep_the_path_to_them(tmp_path: Path) -> None:
    net = torch.nn.DataParallel(Net()) if torch.cuda.is_available() else torch.nn.ModuleDict({"module": Net()})
    found = opened(saved({"epoch": 3, "model": net}), tmp_path)
    assert found.keys() == {f"model.{name}" for name in net.state_dict()}


@pytest.mark.parametrize("zipped", [True, False])
def test_numbers_of_every_type_lie_where_the_file_has_them(zipped: bool, tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    types = [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
    stored = {
        "a": whole,
        "a part": whole[1:3, ::2],
        "turned": whole.T,
        "bool": whole > 3,
        "none": torch.zeros(0),
        "one": whole[2, 2],
    }
    stored |= {str(dtype): torch.arange(5).to(dtype) for dtype in types}
    assert same(opened(saved(stored, zipped), tmp_path), stored)


def test_an_archive_gives_each_file_below_its_name(tmp_path: Path) -> None:
    encoder, squeezer = Net(), torch.nn.Linear(2, 2)
    content = packed(encoder_pt=saved(encoder), parts__squeezer_pth=saved(squeezer.state_dict(), zipped=False), readme_txt=b"!")
    wanted = {f"encoder.{name}": one for name, one in encoder.state_dict().items()}
    wanted |= {f"parts.squeezer.{name}": one for name, one in squeezer.state_dict().items()}
    assert same(opened(content, tmp_path, "m.pt.zip"), wanted)


@pytest.mark.parametrize(
    ("content", "status"),
    [(packed(zipfile.ZIP_DEFLATED, a_pt=b"!"), "not-attempted"), (gzip.compress(b"!"), "unsupported")],
    ids=["a zip", "a gzip"],
)
def test_what_is_compressed_is_said_to_be(content: bytes, status: str, tmp_path: Path) -> None:
    with pytest.raises(Hindered, match=f"^{status}: .* compressed"):
        opened(content, tmp_path)


def test_a_recipe_is_filled_from_a_pickled_module_in_an_archive(tmp_path: Path) -> None:
    kwargs = {"img_size": 32, "depth": 1, "num_classes": 0}
    loader = Loader(library="timm", factory="vit_tiny_patch16_224", kwargs=kwargs, prefix="encoder.", unused=["head.*"])
    network, path = timm.create_model(loader.factory, **kwargs), tmp_path / "m.pt.zip"
    path.write_bytes(packed(encoder_pt=saved(network), task_pt=saved(torch.nn.Linear(2, 2), zipped=False)))
    module, _, wrong = filled(loader, {path: opening.index(path)})
    assert wrong == ""
    assert same(module.state_dict(), network.state_dict())


NET = saved({"w": torch.ones(4)})
ORDERED = b"ccollections\nOrderedDict\n)R"


def text(word: str) -> bytes:
    """A string in a pickle."""
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def tensor() -> bytes:
    """A tensor of four numbers."""
    where = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x04tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + where + b"K\x00K\x04\x85K\x01\x85tR"


def pairs(**values: bytes) -> bytes:
    """A dictionary in a pickle; a double underscore in a name stands for a dot."""
    return b"}(" + b"".join(text(name.replace("__", ".")) + value for name, value in values.items()) + b"u"


def module(parameters: bytes = b"}", buffers: bytes = b"}", modules: bytes = b"}", passing: bytes = b")") -> bytes:
    """A module in a pickle."""
    state = (text("_parameters"), parameters, text("_buffers"), buffers, text("_modules"), modules)
    return b"cnet\nNet\n)\x81}(" + b"".join(state) + text("_non_persistent_buffers_set") + passing + b"ub"


def whole(content: bytes) -> bytes:
    """The file of torch around a pickle, with a record of four numbers."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + content + b".")
        archive.writestr("archive/data/0", bytes(16))
    return kept.getvalue()


def deep(depth: int) -> bytes:
    """Modules within modules."""
    return (
        b"".join(b"cnet\nNet\n)\x81}(" + text("_modules") + b"}" + text("a") for _ in range(depth))
        + b"N"
        + (b"s" + text("_parameters") + b"}" + text("_buffers") + b"}ub") * depth
    )


def legacy(numbers: int) -> bytes:
    """An old file that says how many numbers its record has."""
    heads = b"".join(pickle.dumps(one, 2) for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    return heads + b"\x80\x02" + pairs(w=tensor()) + b"." + pickle.dumps(["0"], 2) + struct.pack("<q", numbers) + bytes(16)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a module that holds itself": lambda: whole(
        b"cnet\nNet\n)\x81q\x00}("
        + text("_parameters")
        + b"}"
        + text("_buffers")
        + b"}"
        + text("_modules")
        + pairs(a=b"h\x00")
        + b"ub"
    ),
    "a module in another, and so on": lambda: whole(deep(10_000)),
    "a module twice in another, and so on": lambda: whole(
        module(pairs(w=tensor()))
        + b"q\x00"
        + b"".join(b"0" + module(modules=pairs(a=b"h\x00", b=b"h\x00")) + b"q\x00" for _ in range(40))
    ),
    "a name with a dot": lambda: whole(module(pairs(a__b=tensor()))),
    "no name": lambda: whole(module(b"}" + text("") + tensor() + b"s")),
    "a number for a name": lambda: whole(module(b"}K\x01" + tensor() + b"s")),
    "parameters that are no dictionary": lambda: whole(module(b"]" + tensor() + b"a")),
    "parts that are none": lambda: whole(module(modules=b"N")),
    "a parameter and a module of one name": lambda: whole(module(pairs(a=tensor()), modules=pairs(a=b"N"))),
    "more buffers in passing than there are": lambda: whole(module(passing=b"(" + text("a") * 1000 + b"t")),
    "buffers in passing that are no set": lambda: whole(module(passing=b"N")),
    "a set of no list": lambda: whole(module(passing=b"c__builtin__\nset\n" + text("abc") + b"\x85R")),
    "two tensors of one name": lambda: whole(pairs(a__b=tensor(), a=pairs(b=tensor()))),
    "two files of one name": lambda: packed(a_pt=NET, a_pth=NET),
    "a file whose name is on two lines": lambda: packed(**{"a\nb_pt": NET}),
    "two files whose tensors have one name": lambda: packed(a_pt=saved({"b": {"w": torch.ones(1)}}), a__b_pt=NET),
    "an archive in an archive": lambda: packed(a_pt=packed(b_pt=NET)),
    "an archive of what torch did not write": lambda: packed(a_pt=b"!" * 99),
    "an archive of nothing": lambda: packed(a_txt=b"!"),
    "an archive without end": lambda: packed(**{f"a{number}_pt": b"" for number in range(2000)}),
    "a record of fewer numbers than it has": lambda: legacy(-1),
    "a record longer than the file": lambda: legacy(2**40),
    "a record of fewer numbers than its tensor": lambda: legacy(3),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_module_or_an_archive_made_to_harm_is_a_mismatch_at_once(case: str, tmp_path: Path) -> None:
    assert opened(whole(module(pairs(w=tensor()))), tmp_path).keys() == {"w"}
    assert opened(legacy(4), tmp_path).keys() == {"w"}
    content, began = HOSTILE[case](), time.process_time()
    with pytest.raises(Hindered, match=r"^mismatch: "):
        opened(content, tmp_path)
    assert time.process_time() - began < 5
