"""Files that lie on other hosts than the Hub: read by range and loaded where an address gives them, and told where none does."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from local_hub import Hub
from safetensors.torch import save
from test_released import GOOD, SAFE, TOKEN, Hostile, entry, see, torch_file

from pathdex.encoding import encoder
from pathdex.hindrance import Hindered
from pathdex.measuring.seen import Way
from pathdex.rungs import header, weights
from pathdex.schema import Model
from pathdex.schema.measured import Contents, Header
from pathdex.weights import direct
from pathdex.weights.hub import Remote

FILE = torch_file(GOOD)
COMMIT = "780fafaed2e5b112bc1ed6e78852af1fe6714342"


@pytest.fixture
def elsewhere(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A server that stands for Zenodo, GitHub and the Hub's data sets."""
    for name in ("ZENODO", "GITHUB", "HUB"):
        monkeypatch.setattr(direct, name, hub.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return hub


def record(hub: Hub, number: int, **files: bytes) -> None:
    """Put a record on the stand-in for Zenodo."""
    names = {name.replace("__", "."): content for name, content in files.items()}
    listing = {"files": [{"key": name, "size": len(content), "checksum": "md5:0"} for name, content in names.items()]}
    hub.plain[f"/api/records/{number}"] = json.dumps(listing).encode()
    hub.plain |= {f"/records/{number}/files/{name}": content for name, content in names.items()}


def away(url: str, *names: str, loader: dict[str, Any] | None = None, **more: Any) -> Model:
    """An entry whose weights are at an address."""
    stated = {"files": [{"name": name} for name in names]} if names else {}
    return entry(loader, repository=None, url=url, **{**stated, **more})


PLACES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "a record of Zenodo": ("https://zenodo.org/records/7", ("m.pth",), "/records/7/files/m.pth"),
    "a record of Zenodo with one file of weights": ("https://zenodo.org/record/7", (), "/records/7/files/m.pth"),
    "a release's page": ("https://github.com/lab/code/releases/tag/v1", ("m.torch",), "/lab/code/releases/download/v1/m.torch"),
    "a file in GitHub": (f"https://github.com/lab/code/blob/{COMMIT}/w/m.pth", ("w/m.pth",), f"/lab/code/raw/{COMMIT}/w/m.pth"),
    "a folder in GitHub": ("https://github.com/lab/code/tree/main/w", ("m.bin",), "/lab/code/raw/main/w/m.bin"),
    "a data set of the Hub": (
        "https://huggingface.co/datasets/lab/data",
        ("m.pth",),
        "/datasets/lab/data/resolve/main/m.pth",
    ),
}


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
@pytest.mark.parametrize("case", PLACES)
def test_files_are_read_where_an_address_gives_them(elsewhere: Hub, rung: Any, case: str) -> None:
    url, names, path = PLACES[case]
    record(elsewhere, 7, m__pth=FILE, README__md=b"words")
    elsewhere.plain["/moved"] = FILE
    elsewhere.moved[path] = f"{elsewhere.url}/moved"
    seen = rung.measure(away(url, *names), Way(cache=Path("cache")))
    assert (seen.status, seen.reason) == ("passed", "")
    assert isinstance(seen.measured, Header | Contents)
    assert (seen.measured.revision, seen.measured.url, seen.measured.files[0].bytes) == (None, url, len(FILE))
    assert all(TOKEN not in str(entry) for entry in elsewhere.log)


@pytest.mark.parametrize("wanted", [("first", "second"), None, "second"], ids=["both", "all that the entry names", "one"])
def test_a_file_may_have_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch, wanted: Any) -> None:
    monkeypatch.setattr(direct, "remote", lambda name, *_: Remote(name, 1, None))
    places = {name: f"https://cloud.example.org/index.php/s/{name}/download" for name in ("first", "second")}
    model = away(places["first"], files=[{"name": "first"}, {"name": "second", "url": places["second"]}])
    found = direct.snapshot(model.weights, wanted)
    assert found.addresses == ({wanted: places[wanted]} if wanted == "second" else places)


def plainly(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str = "m.pth", content: bytes = FILE) -> str:
    """A file at a plain address, whose host the stand-in plays; the path."""
    path = f"/files/{name}"
    hub.plain[path] = content
    monkeypatch.setattr(direct, "_addresses", lambda *_: {name: hub.url + path})
    return path


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://drive.google.com/file/d/1x/view", f"they are at https://drive.google.com/file/d/1x/view; {direct.BY_HAND}"),
        ("https://drive.google.com/uc?export=download&id=1x", "the weights are in no repository of the Hub; they are at"),
        ("https://github.com/lab/code/releases/tag/v1", "holds several files; name those of this model under weights.files"),
        ("https://data.example.org/encoder.7z", "the weights are in no repository of the Hub; they are at"),
    ],
)
def test_an_address_that_gives_no_file_is_told_without_a_request(hub: Hub, url: str, reason: str) -> None:
    status, told = see(header, away(url))
    assert (status, reason in told, hub.log) == ("not-attempted", True, [])


def test_an_archive_is_no_file_of_weights(elsewhere: Hub) -> None:
    record(elsewhere, 7, a__7z=b"7z")
    status, reason = see(header, away("https://zenodo.org/records/7", "a.7z"))
    assert (status, reason) == ("not-attempted", "a.7z is an archive or another library's file, which pathdex does not read")


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ({"status": 404}, "missing", "the host has no such file (HTTP 404)"),
        ({"status": 403}, "gated", "the host refuses the file (HTTP 403)"),
        ({"status": 503}, "unreachable", "the host does not answer as it should (HTTP 503)"),
        ({"status": 503, "times": 1}, "passed", ""),
        ({"wait": 3}, "unreachable", "ReadTimeout"),
        ({"whole": True}, "unreachable", "the host sends no ranges of m.pth"),
    ],
    ids=str,
)
def test_what_such_a_host_does_decides_the_status(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], status: str, reason: str
) -> None:
    plainly(hub, monkeypatch, content=torch_file({**GOOD, "more": torch.zeros(2**20)}))
    hub.fault("GET /files", **how)
    found = see(header, away("https://example.org/m.pth", loader={"unused": ["more"]}))
    assert (found[0], reason in found[1]) == (status, True), found


def test_a_record_whose_host_is_away_or_tells_no_files_is_unreachable(elsewhere: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    model = away("https://doi.org/10.5281/zenodo.7", "m.pth")
    elsewhere.plain["/api/records/7"] = b"{}"
    assert see(header, model) == ("unreachable", "record 7 of Zenodo has no list of files")
    monkeypatch.setattr(direct, "ZENODO", "http://127.0.0.1:9")
    status, reason = see(header, model)
    assert (status, "ConnectError" in reason) == ("unreachable", True)


def test_a_page_in_the_place_of_a_file_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.pages.add(plainly(hub, monkeypatch))
    status, reason = see(header, away("https://example.org/m.pth"))
    assert (status, reason.endswith(f"answers with a page, not with a file; {direct.BY_HAND}")) == ("not-attempted", True)


def test_a_name_that_a_record_lacks_is_missing(elsewhere: Hub) -> None:
    record(elsewhere, 7, m__pth=FILE)
    assert see(header, away("https://zenodo.org/records/7", "n.pth")) == ("missing", "zenodo.org/records/7 has no file 'n.pth'")


def test_few_bytes_are_moved_and_no_pickle_is_run(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    big = {**GOOD, "more": torch.zeros(2**23)}
    for name, content in (("m.pth", torch_file(big)), ("m.safetensors", save(big))):
        plainly(hub, monkeypatch, name, content)
        before = hub.sent()
        seen = header.measure(away(f"https://example.org/{name}", name, loader={"unused": ["more"]}), Way())
        assert seen.status == "passed", seen.reason
        assert seen.moved == hub.sent() - before < 0.01 * len(content)
    plainly(hub, monkeypatch, content=torch_file({**GOOD, "x": Hostile()}))
    assert see(header, away("https://example.org/m.pth"))[1].startswith("the file's pickle names posix.system")
    assert not Path("hostile-was-here").exists()


@pytest.mark.parametrize(
    "content", [b"\xff" * 300, (40).to_bytes(8, "little") + b"x" * 40, SAFE[:-100]], ids=["long", "no", "cut"]
)
def test_what_is_no_safetensors_is_a_mismatch(hub: Hub, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    plainly(hub, monkeypatch, "m.safetensors", content)
    assert see(header, away("https://example.org/m.safetensors"))[0] == "mismatch"


def test_a_transfer_that_breaks_off_goes_on_where_it_was(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly(hub, monkeypatch)
    hub.fault("GET /files", times=1)
    hub.fault("GET /files", cut=len(FILE) // 2, times=1)
    assert see(weights, away("https://example.org/m.pth")) == ("passed", "")
    sizes = [size for _, path, _, size in hub.log if size > 1]
    assert sizes == [len(FILE) // 2, len(FILE) - len(FILE) // 2]
    assert see(weights, away("https://example.org/m.pth")) == ("passed", "")
    assert [size for _, path, _, size in hub.log if size > 1] == sizes


def test_a_transfer_that_is_always_cut_off_ends(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly(hub, monkeypatch)
    hub.fault("GET /files", times=1)
    hub.fault("GET /files", cut=10)
    assert see(weights, away("https://example.org/m.pth"))[0] == "unreachable"


def test_a_file_that_is_another_than_the_entry_states_is_not_loaded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    plainly(hub, monkeypatch)
    named = {"name": "m.pth", "sha256": hashlib.sha256(FILE).hexdigest()}
    embeddings = {"cls": {"width": 32, "pooling": "cls", "default": True}}

    def model(**file: str) -> Model:
        found = away("https://example.org/m.pth", files=[{**named, **file}])
        return Model.model_validate({**found.model_dump(exclude_unset=True), "embeddings": embeddings})

    assert encoder(model(), cache=Path("cache")).width == 32
    with pytest.raises(Hindered, match=r"mismatch: m.pth has SHA-256 .*, the entry states 0000000000000000"):
        encoder(model(sha256="0" * 64), cache=Path("cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert encoder(model(), cache=Path("cache")).width == 32
    with pytest.raises(Hindered, match="unreachable: HF_HUB_OFFLINE is set"):
        encoder(model(), cache=Path("empty"))


def test_a_receipt_leads_to_its_file() -> None:
    assert direct.located(f"github:lab/code@{COMMIT}:a b/c.png") == f"https://github.com/lab/code/raw/{COMMIT}/a%20b/c.png"
    assert direct.located("https://example.org/c.png") == "https://example.org/c.png"
