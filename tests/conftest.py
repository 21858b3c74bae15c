"""The toy catalog: small, complete, fictional; tests change copies of it."""

import shutil
from pathlib import Path

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
