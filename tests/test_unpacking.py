"""Compressed archives are unpacked once they are here: only what is asked for, never by a name of theirs, and never without end."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from local_hub import Hub
from test_direct import away
from test_released import GOOD, Hostile, see, torch_file

from pathdex import obtaining
from pathdex.encoding import encoder
from pathdex.filling import filled
from pathdex.hindrance import Hindered
from pathdex.rungs import header, weights
from pathdex.schema import Model
from pathdex.schema.model import Loader
from pathdex.weights import direct, opening, tar, unpacking
from pathdex.weights.archives import COMPRESSED

FILE = torch_file(GOOD)
CACHE = Path("cache")
NOISE = torch.randn(64, 1024, generator=torch.Generator().manual_seed(0))


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT, links: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    """An archive of files, compressed as a whole."""
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz", format=form, compresslevel=1) as archive:
        for name, content in members:
            told = tarfile.TarInfo(name)
            told.size, told.mtime = len(content), 1.5
            archive.addfile(told, io.BytesIO(content))
        for link in links:
            archive.addfile(link)
    return kept.getvalue()


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of files, each compressed."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return kept.getvalue()


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE, size: int = 0) -> tarfile.TarInfo:
    """A member that is another file's name."""
    told = tarfile.TarInfo(name)
    told.type, told.linkname, told.size = kind, to, size
    return told


def read(content: bytes, name: str = "m.tar.gz", prefix: str | None = None, quota: int | None = None) -> dict[str, Any]:
    """The tensors of an archive, unpacked."""
    path = Path(name)
    path.write_bytes(content)
    found = unpacking.readable(path, CACHE, prefix, quota)
    return opening.tensors(found, opening.index(found))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)


LONG = "folder-" * 30
SEVERAL = (("./w/a.pth", FILE), ("w/._a.pth", b"Mac"), ("w/notes.txt", b"!"), (f"{LONG}/b.pt", torch_file({"more": NOISE})))
TOGETHER = {f"w.a.{name}" for name in GOOD} | {f"{LONG}.b.more"}
ARCHIVES = {
    "a tar of POSIX": ("m.tar.gz", tarred(*SEVERAL)),
    "a tar of GNU": ("m.tgz", tarred(*SEVERAL, form=tarfile.GNU_FORMAT)),
    "a zip": ("m.zip", zipped(*SEVERAL[1:], ("w/a.pth", FILE), ("__MACOSX/w/a.pth", b"Mac"))),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_each_file_is_found_below_its_path(case: str) -> None:
    name, content = ARCHIVES[case]
    found = read(content, name)
    assert found.keys() == TOGETHER
    assert all(torch.equal(found[f"w.a.{key}"], one) for key, one in GOOD.items())
    assert torch.equal(found[f"{LONG}.b.more"], NOISE)
    assert all(one.data_ptr() % one.element_size() == 0 for one in found.values())


@pytest.mark.parametrize("case", ARCHIVES)
def test_only_what_the_recipe_asks_for_is_unpacked(case: str) -> None:
    name, content = ARCHIVES[case]
    assert read(content, name, prefix="w.a.").keys() == {f"w.a.{key}" for key in GOOD}
    [kept] = CACHE.rglob("*.zip")
    assert kept.stat().st_size < len(FILE) + 1000


@pytest.mark.parametrize("content", [tarred(("w/best", FILE)), zipped(("w/best", FILE))], ids=["tar", "zip"])
def test_a_file_that_the_prefix_names_needs_no_ending(content: bytes) -> None:
    name = "m.zip" if content.startswith(b"PK") else "m.tar.gz"
    assert read(content, name, prefix="w.best.").keys() == {f"w.best.{key}" for key in GOOD}


def test_a_file_without_an_ending_is_known_by_its_beginning() -> None:
    stored = zipped(("w/best", FILE), ("w/old", torch_file(GOOD, zipped=False)), ("w/words", b"!"), how=zipfile.ZIP_STORED)
    found = read(stored, "m.zip")
    assert found.keys() == {f"w.{name}.{key}" for name in ("best", "old") for key in GOOD}
    assert not CACHE.exists()


def test_what_was_unpacked_is_kept_until_the_archive_is_another() -> None:
    read(tarred(("a.pt", FILE)))
    [first] = CACHE.rglob("*.zip")
    before = first.stat().st_mtime_ns
    assert unpacking.readable(Path("m.tar.gz"), CACHE) == first
    assert first.stat().st_mtime_ns == before
    assert read(tarred(("b.pt", FILE))).keys() == {f"b.{key}" for key in GOOD}


@pytest.mark.parametrize("name", ["m.pth", "m.zip"])
def test_a_file_that_can_be_read_where_it_lies_is_left_there(name: str) -> None:
    Path(name).write_bytes(FILE)
    assert unpacking.readable(Path(name), CACHE) == Path(name)


def sparse() -> bytes:
    """A tar whose member has holes."""
    told = tarfile.TarInfo("a.pt")
    told.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "99"}
    told.size = 4
    return gzip.compress(told.tobuf(tarfile.PAX_FORMAT) + bytes(512 + 1024))


def headed(body: bytes, kind: bytes = tarfile.XHDTYPE, size: int | None = None) -> bytes:
    """A tar that begins with what tells of the next member."""
    told = tarfile.TarInfo("h")
    told.type, told.size = kind, len(body) if size is None else size
    padded = body + bytes(-len(body) % 512)
    return gzip.compress(told.tobuf(tarfile.USTAR_FORMAT) + padded + tarfile.TarInfo("a.pt").tobuf() + bytes(1024))


MANY = tarred(*((f"{number}.txt", b"") for number in range(30)))
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "a path that leads out": ("m.tar.gz", tarred(("../a.pt", FILE)), "outside its folder"),
    "a path that leads out later": ("m.tar.gz", tarred(("a.pt", FILE), ("w/../../b.txt", b"!")), "outside its folder"),
    "a path from the root": ("m.tar.gz", tarred(("/tmp/a.pt", FILE)), "outside its folder"),
    "a zip that leads out": ("m.zip", zipped(("../a.pt", FILE)), "outside its folder"),
    "a link": ("m.tar.gz", tarred(links=(link("a.pt", "/etc/passwd"),)), "no file of torch that the recipe asks for"),
    "a hard link": ("m.tar.gz", tarred(links=(link("a.pt", "b", tarfile.LNKTYPE, 9**9),)), "no file of torch that the recipe"),
    "a device": ("m.tar.gz", tarred(links=(link("a.pt", "", tarfile.CHRTYPE),)), "no file of torch that the recipe asks for"),
    "a bomb": ("m.tar.gz", tarred(("a.pt", bytes(2**24))), "grows to more than any weights do"),
    "a bomb after its end": (
        "m.tar.gz",
        tarred(("a.pt", FILE)) + gzip.compress(bytes(2**27)),
        "grows to more than any weights do",
    ),
    "a bomb in a zip": ("m.zip", zipped(("a.pt", bytes(2**24))), "grows to more than any weights do"),
    "a bomb in a header": ("m.tar.gz", headed(b"", size=2**33 - 1), "a name that is none"),
    "a header that is none": ("m.tar.gz", headed(b"99 path=a\n"), "a header that is none"),
    "a header without a length": ("m.tar.gz", headed(b"path=a\n"), "ValueError"),
    "a length that is none": ("m.tar.gz", headed(b"11 size=-9\n"), "a file of less than nothing"),
    "a length without end": ("m.tar.gz", headed(b"30 size=999999999999999999999\n"), "grows to more than any weights do"),
    "a file that is longer than the rest": ("m.tar.gz", headed(b"14 size=99999\n"), "ends within a file"),
    "holes": ("m.tar.gz", sparse(), "a file with holes"),
    "too many files": ("m.tar.gz", MANY, "more files than any archive of weights has"),
    "two files of one name": ("m.tar.gz", tarred(("a.pt", FILE), ("./a.pt", FILE)), "two files of one name"),
    "a name that is no text": ("m.tar.gz", tarred(("\udcff.pt", FILE)), "UnicodeEncodeError"),
    "a cut within a file": ("m.tar.gz", tarred(("a.pt", torch_file({"a": NOISE})))[:-5000], "Compressed file ended before"),
    "a cut between files": ("m.tar.gz", gzip.compress(tarfile.TarInfo("a.pt").tobuf()), "ends without an end"),
    "another sum": ("m.tar.gz", tarred(("a.pt", FILE))[:-8] + bytes(8), "CRC check failed"),
    "no gzip": ("m.tar.gz", b"words", "Not a gzipped file"),
    "no tar": ("m.tar.gz", gzip.compress(b"words" * 300), "no header of tar"),
    "nothing": ("m.tar.gz", b"", "ends without an end"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_or_broken_archive_ends_as_a_mismatch_and_leaves_nothing(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, content, reason = HOSTILE[case]
    monkeypatch.setattr(tar, "MOST_MEMBERS", 20)
    with pytest.raises(Hindered) as told:
        read(content, name)
    assert (told.value.status, reason in told.value.reason) == ("mismatch", True), told.value.reason
    assert {path.name for path in Path().rglob("*") if path.is_file()} == {name}


def test_a_zip_whose_sums_do_not_hold_is_a_mismatch() -> None:
    content = bytearray(zipped(("a.pt", FILE)))
    content[content.rindex(b"PK\x01\x02") + 16] ^= 1
    with pytest.raises(Hindered, match=r"^mismatch: m.zip can't be unpacked \(BadZipFile: Bad CRC-32"):
        read(bytes(content), "m.zip")


def test_a_zip_under_a_password_is_a_mismatch() -> None:
    content = bytearray(zipped(("a.pt", FILE)))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    content[6] |= 1
    with pytest.raises(Hindered, match=r"^mismatch: m.zip can't be unpacked \(RuntimeError: .*password"):
        read(bytes(content), "m.zip")


@pytest.mark.parametrize(("name", "content"), ARCHIVES.values(), ids=ARCHIVES)
def test_what_is_unpacked_counts_against_the_quota(name: str, content: bytes) -> None:
    with pytest.raises(Hindered, match=r"^unsupported-environment: m.* unpacked takes more bytes of disk than are allowed"):
        read(content, name, quota=len(content) + len(FILE))
    assert [path for path in CACHE.rglob("*") if path.is_file()] == []
    assert read(content, name, quota=len(content) + len(FILE) + 2**20).keys() == TOGETHER


def test_a_disk_that_can_not_be_written_is_told() -> None:
    CACHE.write_bytes(b"a file in its place")
    with pytest.raises(Hindered, match=r"^unsupported-environment: m.tar.gz can't be unpacked here \(File exists"):
        read(tarred(("a.pt", FILE)))


def released(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, prefix: str) -> Model:
    """An entry whose weights are in an archive on another host."""
    hub.plain[f"/{name}"] = content
    monkeypatch.setattr(direct, "_addresses", lambda *_: {name: f"{hub.url}/{name}"})
    found = away("https://example.org/m", name, loader={"file": name, "prefix": prefix})
    embeddings = {"cls": {"width": 32, "pooling": "cls", "default": True}}
    return Model.model_validate({**found.model_dump(exclude_unset=True), "embeddings": embeddings})


@pytest.mark.parametrize("name", ["m.tar.gz", "m.zip"])
def test_a_model_is_loaded_from_a_compressed_archive(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pack = tarred if name.endswith("gz") else zipped
    model = released(hub, monkeypatch, name, pack(("w/m.pth", FILE), ("w/other.pth", FILE)), "w.m.")
    assert see(header, model) == ("not-attempted", COMPRESSED)
    assert see(weights, model) == ("passed", "")
    made = encoder(model, cache=CACHE)
    assert (made.width, torch.equal(made.module.state_dict()["cls_token"], GOOD["cls_token"])) == (32, True)
    hostile = pack(("w/m.pth", torch_file({**GOOD, "x": Hostile()})), ("more", NOISE.numpy().tobytes()))
    status, reason = see(weights, released(hub, monkeypatch, name, hostile, "w.m."))
    assert (status, reason.startswith("the file's pickle names posix.system")) == ("mismatch", True)
    assert not Path("hostile-was-here").exists()


def test_an_archive_that_the_host_lacks_is_missing(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    model = released(hub, monkeypatch, "m.tar.gz", b"x", "w.")
    monkeypatch.setattr(direct, "_addresses", lambda *_: {"n.tar.gz": f"{hub.url}/m.tar.gz"})
    status, reason = see(weights, model)
    assert (status, "has no file 'm.tar.gz'" in reason) == ("missing", True)


def test_an_ensemble_is_filled_from_a_file_for_each_of_its_members() -> None:
    loader = Loader(
        library="pathdex",
        factory="path2space",
        kwargs={"width": 4, "genes": 3, "outer": 2, "inner": 2},
        file="mlp_ensemble.tar.gz",
        prefix="mlp_ensemble.",
    )
    wanted = obtaining.randomised(loader)
    members = {f"mlp_ensemble/{name}/model_trained.pth": torch_file(one.state_dict()) for name, one in wanted.items()}
    Path("m.tar.gz").write_bytes(tarred(*members.items(), ("mlp_ensemble/other/notes.pkl.txt", b"!")))
    path = unpacking.readable(Path("m.tar.gz"), CACHE, loader.prefix)
    module, _, wrong = filled(loader, {path: opening.index(path)})
    assert wrong == ""
    assert all(torch.equal(one, wanted.state_dict()[name]) for name, one in module.state_dict().items())
