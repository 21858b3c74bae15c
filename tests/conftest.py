"""The toy catalog: small, complete, fictional; tests change copies of it."""

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from local_hub import Hub

from pathdex.catalog import Catalog
from pathdex.weights import hub as client
from pathdex.weights import traffic

TOY = Path(__file__).parent / "toy"


@pytest.fixture
def toy_root(tmp_path: Path) -> Path:
    """A writable copy of the toy project: `catalog/` and nothing else."""
    shutil.copytree(TOY, tmp_path / "toy")
    return tmp_path / "toy"


@pytest.fixture(scope="session")
def toy() -> Catalog:
    """The toy catalog, read."""
    return Catalog.load(TOY)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever asks the network fails."""

    def refuse(*_: Any) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub that the clients in this process talk to, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    made = Hub()
    constants = "huggingface_hub.constants."
    monkeypatch.setattr(f"{constants}ENDPOINT", made.url)
    monkeypatch.setattr(f"{constants}HUGGINGFACE_CO_URL_TEMPLATE", made.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(f"{constants}HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(f"{constants}HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(f"{constants}HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(client, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(client, "TIMEOUT", 1.0)
    monkeypatch.setattr(traffic, "TIMEOUT", 1.0)
    for module in ("utils._http", "file_download"):
        monkeypatch.setattr(f"huggingface_hub.{module}.time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with made.serving():
        yield made
