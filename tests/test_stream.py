"""Whole files as they arrive: at once or in pieces, with a login for the Hub alone, and never half a file in the cache."""

import hashlib
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from local_hub import Hub

from pathdex.hindrance import Hindered
from pathdex.schema.weights import Weights
from pathdex.weights import fetch, stream
from pathdex.weights import hub as client
from pathdex.weights.traffic import counted

FILE = random.Random(0).randbytes(300_000)
REVISION = "a" * 40
NAME, CACHE, TOKEN = "model.safetensors", Path("cache"), "hf_" + "x" * 34
BLOB = CACHE / "models--lab--model" / "blobs" / hashlib.sha256(FILE).hexdigest()


def listed() -> client.Snapshot:
    """The repository, as the hub lists it."""
    return client.snapshot(Weights.model_validate({"access": "open", "repository": "lab/model"}))


def fetched(**how: Any) -> Path:
    """The file, as every rung gets it."""
    found = listed()
    return fetch.fetched(found, replace(found.files[NAME], **how), CACHE)


@pytest.fixture
def stored(hub: Hub) -> Hub:
    """A hub that has the file."""
    hub.add("lab/model", {NAME: FILE})
    return hub


def bodies(hub: Hub) -> list[int]:
    """Bytes that each request for the file was sent."""
    return [sent for method, path, _, sent in hub.log if sent and method == "GET" and "/resolve/" in path]


def test_a_file_arrives_without_the_slower_client_and_lies_where_that_looks(stored: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.http_get", None)
    with counted() as traffic:
        path = fetched()
    assert path.read_bytes() == FILE
    assert path.resolve() == BLOB.resolve()
    assert path.relative_to(CACHE.resolve()) == Path("models--lab--model", "snapshots", REVISION, NAME)
    assert len(FILE) <= traffic.moved == sum(sent for _, _, _, sent in stored.log)
    assert fetched() == path
    assert bodies(stored) == [len(FILE)]


def test_what_xet_brings_is_left_to_it(stored: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked, found = huggingface_hub.get_hf_file_metadata, listed()
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *a, **k: replace(asked(*a, **k), xet_file_data=object()))
    for disabled in (False, True):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", disabled)
        stream.into_cache(found, found.files[NAME], CACHE)
        assert BLOB.exists() is disabled


def test_a_login_goes_to_the_hub_and_not_where_that_leads(stored: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    netrc = Path("netrc")
    netrc.write_text("machine 127.0.0.1 login someone password secret\n", encoding="ascii")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc.resolve()))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    store = Hub()
    store.plain["/signed"] = FILE
    path, found = f"/lab/model/resolve/{REVISION}/{NAME}", listed()
    stated = huggingface_hub.get_hf_file_metadata(f"{stored.url}{path}")
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *_, **__: stated)
    stored.moved[path] = f"{store.url}/signed"
    with store.serving():
        stream.into_cache(found, found.files[NAME], CACHE)
    assert BLOB.read_bytes() == FILE
    assert {login for login in stored.logins if login} == {f"Bearer {TOKEN}"}
    assert all(TOKEN not in login for login in store.logins)
    assert store.log


def test_a_line_that_breaks_is_taken_up_where_it_broke(stored: Hub) -> None:
    stored.fault("GET .*resolve", cut=100_000, times=2)
    assert fetched().read_bytes() == FILE
    assert bodies(stored) == [100_000] * 3


def test_a_line_that_breaks_again_and_again_is_used_while_it_brings_much(stored: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.fault("GET .*resolve", cut=40_000)
    with pytest.raises(Hindered, match=f"unreachable: {NAME} did not arrive whole"):
        fetched()
    assert list(BLOB.parent.iterdir()) == []
    monkeypatch.setattr(stream, "GAIN", 100_000)
    assert fetched().read_bytes() == FILE


def test_a_host_that_knows_no_ranges_begins_anew(stored: Hub) -> None:
    stored.fault("GET .*resolve", cut=100_000, times=1)
    stored.fault("GET .*resolve", whole=True)
    assert fetched().read_bytes() == FILE
    assert bodies(stored) == [100_000, len(FILE)]


def test_a_host_that_falls_silent_is_left(stored: Hub) -> None:
    stored.fault("GET .*resolve", wait=1.5)
    with pytest.raises(Hindered, match=rf"unreachable: {NAME} did not arrive whole \(ReadTimeout\)"):
        fetched()


@pytest.mark.parametrize(("status", "ending"), [(403, "gated"), (404, "missing"), (503, "unreachable"), (429, "unreachable")])
def test_a_refusal_after_the_head_was_answered_is_told(stored: Hub, status: int, ending: str) -> None:
    stored.fault("GET .*resolve", status=status)
    with pytest.raises(Hindered, match=rf"{ending}: .*HTTP {status}"):
        fetched()
    assert not BLOB.exists()


def test_a_signed_address_is_in_no_reason(stored: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise requests.ConnectionError("no route to https://store.example/x?Signature=secret")

    monkeypatch.setattr(requests.Session, "get", away)
    with pytest.raises(Hindered, match="ConnectionError") as caught:
        fetched()
    assert "secret" not in caught.value.reason


def test_a_hub_that_states_other_bytes_than_it_listed_is_not_believed(stored: Hub) -> None:
    with pytest.raises(Hindered, match="mismatch"):
        fetched(bytes=7)
