"""Without a way to the Hub a model loads from what the cache holds at the pinned revision, and from nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_hub import Hub

from pathdex.encoding import encoder
from pathdex.hindrance import Hindered
from pathdex.schema import Model

PIN = "a" * 40
ENTRY: dict[str, Any] = {
    "name": "T",
    "kind": "patch-encoder",
    "summary": "A toy.",
    "weights": {"access": "open", "repository": "lab/model", "revision": PIN},
    "loader": {
        "library": "timm",
        "factory": "vit_tiny_patch16_224",
        "kwargs": {"num_classes": 0, "depth": 1, "embed_dim": 48, "num_heads": 3, "img_size": 32},
    },
    "embeddings": {"cls": {"width": 48, "pooling": "cls", "default": True}},
    "sources": {},
}
MODEL = Model.model_validate(ENTRY)
LOOSE = Model.model_validate({**ENTRY, "weights": {"access": "open", "repository": "lab/model"}})


@pytest.fixture
def fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Fills the cache from a hub once and takes the way to it away; returns the repository's folder in the cache."""
    from huggingface_hub import constants
    from safetensors.torch import save

    hub.add("lab/model", {"model.safetensors": save(encoder(MODEL, random=True).module.state_dict())}, sha=PIN)

    def fill() -> Path:
        encoder(LOOSE)
        hub.repositories.clear()
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        return Path(constants.HF_HUB_CACHE) / "models--lab--model"

    return fill


@pytest.mark.parametrize("model", [MODEL, LOOSE], ids=["pinned", "newest fetched"])
def test_a_model_in_the_cache_loads(model: Model, fetched: Callable[[], Path], hub: Hub) -> None:
    import torch

    fetched()
    sent = hub.sent()
    kept, drawn = encoder(model).module.state_dict(), encoder(MODEL, random=True).module.state_dict()
    assert all(torch.equal(tensor, kept[name]) for name, tensor in drawn.items())
    assert hub.sent() == sent


def test_a_list_of_shards_is_read_from_the_cache(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from huggingface_hub import constants
    from safetensors.torch import save

    state = encoder(MODEL, random=True).module.state_dict()
    halves = {"a.safetensors": sorted(state)[::2], "b.safetensors": sorted(state)[1::2]}
    index = json.dumps({"weight_map": {name: file for file, names in halves.items() for name in names}}).encode()
    files = {file: save({name: state[name] for name in names}) for file, names in halves.items()}
    hub.add("lab/model", {**files, "model.safetensors.index.json": index}, sha=PIN)
    encoder(MODEL)
    hub.repositories.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert sorted(encoder(MODEL).module.state_dict()) == sorted(state)


def test_what_the_cache_lacks_is_told(fetched: Callable[[], Path]) -> None:
    place = fetched()
    (place / "snapshots" / PIN / "model.safetensors").unlink()
    with pytest.raises(
        Hindered, match="unreachable: HF_HUB_OFFLINE is set, and the cache has no file of weights of lab/model at aaaaaaaaaaaa"
    ):
        encoder(MODEL)
    (place / "snapshots" / PIN).rename(place / "snapshots" / ("b" * 40))
    with pytest.raises(
        Hindered, match="unreachable: HF_HUB_OFFLINE is set, and the cache has nothing of lab/model at aaaaaaaaaaaa"
    ):
        encoder(MODEL)
