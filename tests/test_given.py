"""Files that the user has stand for those that would be fetched: as strictly checked, and without a word to any host."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch
from local_hub import Hub
from safetensors.torch import save
from test_direct import away
from test_released import GOOD, SAFE, SHARDS, Hostile, entry, torch_file

import pathdex
from pathdex.catalog import Catalog
from pathdex.encoding import Encoder, encoder
from pathdex.hindrance import Hindered
from pathdex.schema import Model

FILE = torch_file(GOOD)
OTHER = {**GOOD, "cls_token": GOOD["cls_token"] + 1}
EMBEDDINGS = {"cls": {"width": 32, "pooling": "cls", "default": True}}


def model(**weights: Any) -> Model:
    """An entry whose weights lie where only a browser gets them."""
    loader = weights.pop("loader", None)
    found = away("https://drive.google.com/file/d/1x/view", loader=loader, **weights)
    return Model.model_validate({**found.model_dump(exclude_unset=True), "embeddings": EMBEDDINGS})


def load(of: Model, path: str) -> Encoder:
    """As `pathdex.load` does."""
    return encoder(of, weights=Path(path), cache=Path("cache"))


def put(**files: bytes) -> None:
    """Files here; a double underscore is a slash in their names, a single one a dot."""
    for name, content in files.items():
        path = Path(name.replace("__", "/").replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


NAMED = {"files": [{"name": "w/m.pth"}]}
PLACES: dict[str, tuple[dict[str, Any], dict[str, bytes], str]] = {
    "a file of another name": (NAMED, {"downloaded_1_pth": FILE}, "downloaded.1.pth"),
    "a file that the entry does not name": ({}, {"m_pth": FILE}, "m.pth"),
    "safetensors": ({}, {"m_safetensors": SAFE}, "m.safetensors"),
    "a folder with the entry's path": (NAMED, {"f__w__m_pth": FILE, "f__more_pth": b"no"}, "f"),
    "a folder with the file's name": (NAMED, {"f__m_pth": FILE, "f__more_pth": b"no"}, "f"),
    "a folder with one file": ({}, {"f__m_pth": FILE, "f__read_md": b"words"}, "f"),
    "a folder with the usual name": ({}, {"f__pytorch.model_bin": FILE, "f__model_safetensors": SAFE}, "f"),
    "a folder with shards": ({}, {f"f__{name.replace('.', '_')}": content for name, content in SHARDS.items()}, "f"),
    "a folder with both files": (
        {"files": [{"name": "a.safetensors"}, {"name": "b.safetensors"}]},
        {"f__a_safetensors": save(dict(list(GOOD.items())[:2])), "f__b_safetensors": save(dict(list(GOOD.items())[2:]))},
        "f",
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_model_is_loaded_from_what_the_user_has_and_no_host_is_asked(hub: Hub, case: str) -> None:
    stated, files, path = PLACES[case]
    put(**files)
    made = load(model(**stated), path)
    assert torch.equal(made.module.state_dict()["cls_token"], GOOD["cls_token"])
    assert (made.encode_image(torch.zeros(1, 3, 32, 32)).shape, hub.log) == ((1, 32), [])


def test_what_lies_on_the_hub_need_not_be_fetched_either(hub: Hub) -> None:
    put(m_safetensors=SAFE)
    assert (
        load(Model.model_validate({**entry().model_dump(exclude_unset=True), "embeddings": EMBEDDINGS}), "m.safetensors").width
        == 32
    )
    assert hub.log == []


SUM = hashlib.sha256(FILE).hexdigest()
FAULTS: dict[str, tuple[dict[str, Any], dict[str, bytes], str, str]] = {
    "no such file": ({}, {}, "m.pth", "missing: there is no m.pth"),
    "another sum": (
        {"files": [{"name": "m.pth", "sha256": SUM}]},
        {"a_pth": torch_file(OTHER)},
        "a.pth",
        f"mismatch: m.pth has SHA-256 {hashlib.sha256(torch_file(OTHER)).hexdigest()[:16]}..., the entry states {SUM[:16]}...",
    ),
    "another length": (
        {"files": [{"name": "m.pth", "bytes": 7}]},
        {"a_pth": FILE},
        "a.pth",
        f"mismatch: a.pth has {len(FILE):,} bytes, the entry states 7",
    ),
    "a tensor too few": (
        {},
        {"a_pth": torch_file({"norm.bias": GOOD["norm.bias"]})},
        "a.pth",
        f"mismatch: {len(GOOD) - 1} missing from",
    ),
    "a tensor too many": ({}, {"a_pth": torch_file({**GOOD, "more": torch.ones(1)})}, "a.pth", "mismatch: 1 without a place"),
    "a hostile file": (
        {},
        {"a_pth": torch_file({**GOOD, "x": Hostile()})},
        "a.pth",
        "mismatch: the file's pickle names posix.system",
    ),
    "words": ({}, {"a_pth": b"words"}, "a.pth", "mismatch: the file can't be read as torch wrote it"),
    "one file of several": (
        {"files": [{"name": "a.pth"}, {"name": "b.pth"}]},
        {"a_pth": FILE},
        "a.pth",
        "missing: the recipe wants several files (a.pth, b.pth); give the folder that has them",
    ),
    "a list of shards alone": (
        {"loader": {"file": "m.safetensors.index.json"}},
        {"m_safetensors_index_json": json.dumps({"weight_map": {}}).encode()},
        "m.safetensors.index.json",
        "missing: the recipe wants several files (m.safetensors.index.json)",
    ),
    "a folder without the file": (NAMED, {"f__a_pth": FILE}, "f", "missing: the folder f has no file 'w/m.pth'"),
    "a folder with nothing": ({}, {"f__read_md": b"words"}, "f", "missing: the folder f has no file of weights"),
    "a folder with too much": ({}, {"f__a_pth": FILE, "f__b_pth": FILE}, "f", "not-attempted: f has 2 files of weights"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_does_not_fit_is_told(hub: Hub, case: str) -> None:
    stated, files, path, told = FAULTS[case]
    put(**files)
    with pytest.raises(Hindered) as hindered:
        load(model(**stated), path)
    assert str(hindered.value).startswith(told), hindered.value
    assert (hub.log, Path("hostile-was-here").exists()) == ([], False)


def test_another_file_of_the_entry_is_held_against_its_own_sum() -> None:
    files = [{"name": "w/a.pth", "sha256": SUM}, {"name": "w/b.pth", "sha256": hashlib.sha256(torch_file(OTHER)).hexdigest()}]
    put(b_pth=torch_file(OTHER))
    made = load(model(files=files, loader={"file": "w/a.pth"}), "b.pth")
    assert torch.equal(made.module.state_dict()["cls_token"], OTHER["cls_token"])


@pytest.mark.parametrize("given", ["m.tar.gz", "unpacked/w/best"])
@pytest.mark.parametrize("inner", ["", "state."])
def test_an_archive_is_taken_packed_or_unpacked(given: str, inner: str) -> None:
    put(unpacked__w__best=torch_file({f"{inner}{name}": one for name, one in GOOD.items()}))
    with tarfile.open("m.tar.gz", "w:gz") as archive:
        archive.add("unpacked/w", "w")
    of = model(files=[{"name": "m.tar.gz"}], loader={"prefix": f"w.best.{inner}"})
    assert load(of, given).width == 32


def test_the_door_takes_a_path_as_text_and_from_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(m_pth=FILE)
    monkeypatch.setattr(pathdex, "load_catalog", lambda _: Catalog({"t": model()}))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pathdex.load("t", weights="~/m.pth").width == pathdex.load("t", weights=Path("m.pth")).width == 32
