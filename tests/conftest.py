"""The toy catalog: small, complete, fictional; tests change copies of it."""

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from pathdex.catalog import Catalog

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
