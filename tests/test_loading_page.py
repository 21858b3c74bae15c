"""The page about loading shows code that runs."""

import re
from pathlib import Path
from typing import Any

import pytest
from local_hub import Hub

import pathdex
from pathdex import encoding
from pathdex.catalog import Catalog

PAGE = (Path(__file__).parents[1] / "site/pages/loading.md").read_text(encoding="utf-8")


def test_the_code_runs_against_a_hub(toy_root: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import save

    entry = toy_root / "catalog/models/tiny.yaml"
    entry.write_text(
        re.sub(r"  files:\n.*\n.*\n", "", entry.read_text().replace("num_classes: 0", "num_classes: 0\n    depth: 1"))
    )
    toy = Catalog.load(toy_root)
    random = encoding.encoder(toy.models["tiny"], random=True).module
    hub.add("toy/tiny", {"model.safetensors": save(random.state_dict())}, sha=toy.models["tiny"].weights.revision)
    monkeypatch.setattr(pathdex, "load_catalog", lambda _: Catalog({"uni2-h": toy.models["tiny"]}))
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    seen: dict[str, Any] = {}
    exec(code, seen)
    assert (tuple(seen["vectors"].shape), sorted(seen["every"])) == ((1, 192), ["cls", "cls+mean"])
    assert str(seen["vectors"].dtype) == "torch.float32"


def test_every_method_that_the_page_names_exists() -> None:
    for name in re.findall(r"\| `(\w+)\(", PAGE):
        assert callable(getattr(encoding.Encoder, name))
