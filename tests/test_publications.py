"""Outputs that authors publish: their image is fetched and encoded, and compared with their embedding; what hinders that is told."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from local_hub import Hub
from safetensors.torch import save
from test_released import Hostile, torch_file

from pathdex.encoding import Encoder, encoder
from pathdex.measuring.seen import Way
from pathdex.measuring.tiles import tile
from pathdex.rungs import embedding
from pathdex.schema import Model
from pathdex.schema.measured import Reproduced, Vectors
from pathdex.weights import direct
from pathdex.writing.measurements import parts_of

COMMIT = "09d8e876afb98a1dda01cc531b1087c58fffc9f7"
PLACE = f"github:lab/code@{COMMIT}:images/"
ENTRY: dict[str, Any] = {
    "name": "T",
    "kind": "patch-encoder",
    "summary": "A toy.",
    "weights": {"access": "open", "repository": "lab/model"},
    "loader": {
        "library": "timm",
        "factory": "vit_tiny_patch16_224",
        "kwargs": {"num_classes": 0, "depth": 1, "embed_dim": 48, "num_heads": 3, "img_size": 32},
    },
    "embeddings": {"cls": {"width": 48, "pooling": "cls", "default": True}},
    "preprocess": {"resize": 40, "crop": 32, "interpolation": "bicubic", "mean": [0.5] * 3, "std": [0.5] * 3},
    "sources": {},
}


def image() -> bytes:
    """A drawn tile as PNG."""
    from PIL import Image

    kept = io.BytesIO()
    Image.fromarray(tile("mixed", 64, 7)).save(kept, "PNG")
    return kept.getvalue()


IMAGE = image()


@pytest.fixture(scope="module")
def made() -> Encoder:
    """The toy with seeded random weights, which its authors release."""
    return encoder(Model.model_validate(ENTRY), random=True)


@pytest.fixture(scope="module")
def vector(made: Encoder) -> torch.Tensor:
    """What the authors saw."""
    from PIL import Image

    found: torch.Tensor = made.encode_image(made.preprocess(Image.open(io.BytesIO(IMAGE)))[None])[0]
    return found


def reproduced(hub: Hub, made: Encoder, files: dict[str, bytes], **fields: Any) -> Reproduced:
    """What the embedding rung says of an entry whose authors publish two files."""
    hub.add("lab/model", {"model.safetensors": save(made.module.state_dict())})
    for name, content in files.items():
        hub.plain[f"/lab/code/raw/{COMMIT}/images/{name}"] = content
    parts = zip(("input", "output"), files.items(), strict=True)
    stated = {part: {"url": PLACE + name, "sha256": hashlib.sha256(content).hexdigest()} for part, (name, content) in parts}
    expected = {**stated, "variant": "cls", "atol": 0.01, "source": "https://example.org", **fields}
    model = Model.model_validate({**ENTRY, "expected": [expected]})
    seen = embedding.measure(model, Way(cache=Path("cache"), settings={"precisions": ("fp32",)}))
    assert (seen.status, isinstance(seen.measured, Vectors)) == ("passed", True), seen.reason
    [one] = seen.measured.expected  # type: ignore[attr-defined]
    assert (one.hindered is None) or f"could not be compared ({one.hindered})" in next(parts_of(seen.measured))
    return one  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def github(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server stands for GitHub."""
    monkeypatch.setattr(direct, "GITHUB", hub.url)


@pytest.mark.parametrize("form", ["pt", "safetensors", "a row of several"])
def test_what_the_authors_publish_comes_out_again(hub: Hub, made: Encoder, vector: torch.Tensor, form: str) -> None:
    batch = torch.stack([vector, torch.zeros(48)])
    contents = {"pt": torch_file(vector), "safetensors": save({"x": vector[None]}), "a row of several": torch_file(batch[:1])}
    name = "a.safetensors" if form == "safetensors" else "a.pt"
    seen = reproduced(hub, made, {"a b.png".replace(" ", ""): IMAGE, name: contents[form]})
    assert seen.cosine == pytest.approx(1.0, abs=1e-6)
    assert seen.difference == pytest.approx(0.0, abs=1e-5)
    assert seen.greatest == pytest.approx(float(vector.abs().max()))


def test_another_output_is_measured_and_not_judged(hub: Hub, made: Encoder, vector: torch.Tensor) -> None:
    seen = reproduced(hub, made, {"a.png": IMAGE, "a.pt": torch_file(-vector)})
    assert seen.cosine == pytest.approx(-1.0, abs=1e-6)


FAULTS: dict[str, tuple[dict[str, bytes], str]] = {
    "no image": ({"a.png": b"words", "a.pt": b""}, "mismatch: a.png is no image (UnidentifiedImageError)"),
    "no embedding": ({"a.png": IMAGE, "a.pt": b"words"}, "mismatch: the file can't be read as torch wrote it"),
    "a hostile embedding": ({"a.png": IMAGE, "a.pt": torch_file(Hostile())}, "mismatch: a.pt holds 0 tensors, not one embedding"),
    "several tensors": (
        {"a.png": IMAGE, "a.pt": torch_file({"a": torch.ones(48), "b": torch.ones(48)})},
        "mismatch: a.pt holds 2 tensors, not one embedding",
    ),
    "another width": (
        {"a.png": IMAGE, "a.pt": torch_file(torch.ones(7))},
        "mismatch: the published embedding has width 7, the model's 48",
    ),
    "numbers that are none": (
        {"a.png": IMAGE, "a.pt": torch_file(torch.full((48,), torch.nan))},
        "mismatch: one of the two embeddings is not finite",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_files_that_can_not_be_compared_are_told(hub: Hub, made: Encoder, case: str) -> None:
    files, told = FAULTS[case]
    assert (reproduced(hub, made, {**files, "a.pt": files["a.pt"] or b"x"}).hindered or "").startswith(told)
    assert not Path("hostile-was-here").exists()


def test_other_files_than_the_entry_states_are_told(hub: Hub, made: Encoder, vector: torch.Tensor) -> None:
    files = {"a.png": IMAGE, "a.pt": torch_file(vector)}
    other = {"url": PLACE + "a.png", "sha256": "0" * 64}
    assert "the entry states 0000000000000000" in str(reproduced(hub, made, files, input=other).hindered)
    gone = {"url": PLACE + "b.png", "sha256": "0" * 64}
    assert reproduced(hub, made, files, input=gone).hindered == "missing: the host has no such file (HTTP 404)"


def test_with_random_weights_nothing_is_fetched(hub: Hub) -> None:
    published = {"url": PLACE + "a.png", "sha256": "0" * 64}
    expected = {"input": published, "output": published, "variant": "cls", "source": "https://example.org"}
    seen = embedding.measure(Model.model_validate({**ENTRY, "expected": [expected]}), Way(random=True))
    assert isinstance(seen.measured, Vectors)
    assert (seen.measured.expected, hub.log) == ((), [])


def test_an_output_of_no_embedding_is_refused() -> None:
    published = {"url": PLACE + "a.png", "sha256": "0" * 64}
    expected = {"input": published, "output": published, "variant": "mean", "source": "https://example.org"}
    with pytest.raises(ValueError, match=r"expected: no embedding 'mean'; name one of \['cls'\]"):
        Model.model_validate({**ENTRY, "expected": [expected]})
