"""Many tiles go through as bytes, in order, and come out as if each batch were encoded alone."""

from collections.abc import Iterator
from typing import Any

import numpy
import pytest
import torch  # noqa: TID253 - all that is tested here is torch's
from PIL import Image
from test_encoding import MODEL

from pathdex import streaming
from pathdex.encoding import Encoder, encoder
from pathdex.measuring.pooling import Unavailable
from pathdex.streaming import streamed

TILES = numpy.random.default_rng(0).integers(0, 256, (11, 64, 64, 3), dtype=numpy.uint8)
BATCHES = [TILES[:4], TILES[4:8], TILES[8:]]


@pytest.fixture(scope="module")
def made() -> Encoder:
    """The toy with seeded random weights."""
    return encoder(MODEL, random=True)


@pytest.mark.parametrize("variant", [None, "cls+mean"])
def test_tiles_as_bytes_give_what_prepared_images_give(made: Encoder, variant: str | None) -> None:
    wanted = made.encode_image(torch.stack([made.preprocess(Image.fromarray(tile)) for tile in TILES]), variant)
    found = list(made.encode_tiles(BATCHES, variant))
    assert [len(one) for one in found] == [4, 4, 3]
    assert torch.allclose(torch.cat(found), wanted, atol=1e-5)
    assert not any(one.is_inference() for one in found)
    given = list(made.encode_tiles(map(torch.from_numpy, BATCHES), variant))
    assert all(torch.equal(one, other) for one, other in zip(found, given, strict=True))


def test_what_is_compiled_sees_batches_of_one_size(made: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def compiled(run: Any, **how: Any) -> Any:
        assert how == {"mode": "max-autotune-no-cudagraphs", "dynamic": False}
        return lambda tiles: sizes.append(len(tiles)) or run(tiles)

    monkeypatch.setattr(torch, "compile", compiled)
    found = list(made.encode_tiles(BATCHES, compiled=True))
    assert sizes == [4, 4, 4]
    plain = list(made.encode_tiles(BATCHES))
    assert [one.shape for one in found] == [one.shape for one in plain]
    assert torch.allclose(torch.cat(found), torch.cat(plain), atol=1e-5)
    with pytest.raises(ValueError, match="a batch of 4 after a first one of 3, for which the network is compiled"):
        list(made.encode_tiles([TILES[:3], TILES[:4]], compiled=True))


def test_the_network_is_compiled_whole_and_once_for_all_slides(made: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, real = torch.cat(list(made.encode_tiles(BATCHES))), torch.compile
    graphs: list[Any] = []

    def backend(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    torch.compiler.reset()
    monkeypatch.setattr(torch, "compile", lambda run, **_: real(run, backend=backend, fullgraph=True, dynamic=False))
    for _ in range(2):
        assert torch.allclose(torch.cat(list(made.encode_tiles(BATCHES, compiled=True))), plain, atol=1e-5)
    assert len(graphs) == 1


@pytest.mark.parametrize(
    ("tiles", "words"),
    [
        (TILES[:, :32], "tiles of uint8 11x32x64x3; the model wants uint8 Bx64x64x3"),
        (TILES.astype("float32"), "tiles of float32 11x64x64x3"),
    ],
)
def test_tiles_of_another_form_are_refused(made: Encoder, tiles: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(made.encode_tiles([tiles]))
    with pytest.raises(Unavailable, match="T has no embedding 'mean'"):
        list(made.encode_tiles(BATCHES, "mean"))


def test_batches_are_under_way_while_those_before_them_are_handed_out() -> None:
    begun: list[int] = []

    def batches() -> Iterator[Any]:
        for number in range(6):
            begun.append(number)
            yield torch.full((1,), number)

    seen = [(int(found), len(begun)) for found in streamed(lambda batch: batch, batches(), "cpu")]
    assert seen == [(0, 3), (1, 4), (2, 5), (3, 6), (4, 6), (5, 6)]


def test_on_a_gpu_nothing_is_read_before_it_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []

    class Event:
        def record(self, stream: str) -> None:
            did.append(f"recorded on {stream}")

        def synchronize(self) -> None:
            did.append("waited")

    class Batch:
        shape, dtype = (1,), torch.float32

        def pin_memory(self) -> "Batch":
            return self

        def to(self, device: str, non_blocking: bool) -> "Batch":
            assert (device, non_blocking) == ("cuda:1", True)
            return self

    class Here:
        def copy_(self, _: Batch, non_blocking: bool) -> None:
            assert non_blocking
            did.append("asked")

        def clone(self) -> str:
            did.append("read")
            return "vectors"

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: device)
    monkeypatch.setattr(torch, "empty", lambda *_, dtype, pin_memory: Here())
    found = list(streaming.streamed(lambda batch: batch, [Batch()], "cuda:1"))
    assert (found, did) == (["vectors"], ["asked", "recorded on cuda:1", "waited", "read"])
