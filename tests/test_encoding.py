"""A filled model encodes images as its entry says; the standard tiles are the same everywhere; precisions and goldens are compared."""

import time
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest

from pathdex import load, load_catalog
from pathdex.encoding import Encoder, encoder
from pathdex.hindrance import Hindered
from pathdex.measuring import devices, golden, tiles
from pathdex.measuring.pooling import Unavailable
from pathdex.measuring.preparing import prepared
from pathdex.measuring.seen import Seen, Way
from pathdex.measuring.skeleton import skeleton
from pathdex.obtaining import Origin
from pathdex.rungs import cost, embedding
from pathdex.schema import Model
from pathdex.schema.measured import Cost, Vectors
from pathdex.schema.model import Preprocess
from pathdex.verify import work
from pathdex.writing.measurements import parts_of

KWARGS = {"num_classes": 0, "depth": 2, "embed_dim": 48, "num_heads": 3, "img_size": 64}
ENTRY: dict[str, Any] = {
    "name": "T",
    "kind": "patch-encoder",
    "summary": "A toy.",
    "weights": {"access": "none"},
    "loader": {"library": "timm", "factory": "vit_tiny_patch16_224", "kwargs": KWARGS},
    "embeddings": {"cls": {"width": 48, "pooling": "cls", "default": True}, "cls+mean": {"width": 96, "pooling": "cls+mean"}},
    "preprocess": {"resize": 64, "crop": 64, "interpolation": "bilinear", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    "sources": {},
}
MODEL = Model.model_validate(ENTRY)


@pytest.fixture(scope="module")
def made() -> Encoder:
    """The toy with seeded random weights."""
    return encoder(MODEL, random=True)


def test_the_standard_tiles_are_the_pinned_bytes() -> None:
    drawn = tiles.standard()
    assert [tile.shape for tile in drawn] == [(side, side, 3) for _, side in tiles.RECIPES]
    assert tiles.digest(drawn) == tiles.SHA256


def test_the_standard_tiles_look_like_their_kinds() -> None:
    means = {kind: tiles.tile(kind, 256, 0).mean((0, 1)) for kind in tiles.KINDS}
    assert means["nuclei"][0] < means["stroma"][0] < means["background"][0]
    assert means["fat"][1] > means["stroma"][1]


def test_images_become_vectors_of_the_stated_width(made: Encoder) -> None:
    import torch

    images = torch.rand(2, 3, made.side, made.side)
    assert (made.side, made.width) == (64, 48)
    assert made.encode_image(images).shape == (2, 48)
    assert made.encode_image(images, "cls+mean").shape == (2, 96)
    assert {name: tuple(one.shape) for name, one in made.encode(images).items()} == {"cls": (2, 48), "cls+mean": (2, 96)}


def test_an_image_does_not_depend_on_its_neighbours(made: Encoder) -> None:
    import torch

    images = torch.rand(3, 3, 64, 64)
    assert torch.allclose(made.encode_image(images)[1], made.encode_image(images[1:2])[0], atol=1e-5)


def test_what_a_model_does_not_give_is_told(made: Encoder) -> None:
    import torch

    with pytest.raises(Unavailable, match="T has no embedding 'mean'; it has cls, cls\\+mean"):
        made.encode_image(torch.rand(1, 3, 64, 64), "mean")
    with pytest.raises(Unavailable, match="T reads no text"):
        made.encode_text(torch.ones(1, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="no precision 'fp8'; there are fp32, bf16, fp16"):
        encoder(MODEL, precision="fp8")
    blind = Encoder(MODEL.model_copy(update={"kind": "slide-encoder"}), None, "cls")
    for ask in (lambda: blind.encode_image(torch.rand(1, 3, 64, 64)), lambda: next(blind.encode_tiles([]))):
        with pytest.raises(Unavailable, match="T reads no images, but what another encoder made of tiles; call encode_slide"):
            ask()
    with pytest.raises(ValueError, match="no embedding 'mean'; the entry has cls, cls\\+mean"):
        encoder(MODEL, variant="mean", random=True)
    with pytest.raises(Hindered, match="not-attempted: the weights are in no repository"):
        encoder(MODEL)


def test_random_weights_are_the_same_twice_and_finite(made: Encoder) -> None:
    import torch

    other = encoder(MODEL, random=True).module.state_dict()
    assert all(torch.equal(one, other[name]) for name, one in made.module.state_dict().items())
    assert all(bool(one.isfinite().all()) for one in other.values())


def test_where_no_preprocessing_is_known_a_warning_says_what_is_done(made: Encoder) -> None:
    from PIL import Image

    plain = Encoder(MODEL.model_copy(update={"preprocess": None}), made.module, "cls")
    with pytest.warns(UserWarning, match=r"T: no preprocessing is known; images are resized and scaled to 0\.\.1"):
        assert plain.preprocess(Image.new("RGB", (80, 64), "white")).max() == 1


def test_a_name_that_is_not_in_the_catalog_is_told_with_the_nearest() -> None:
    with pytest.raises(KeyError, match="no model 'uni2h'; did you mean 'uni2-h'"):
        load("uni2h")


def test_an_image_is_resized_cropped_and_normalised_as_stated() -> None:
    from PIL import Image

    wide = Image.new("RGB", (200, 100), (255, 0, 127))
    plain = prepared(wide, None, 50)
    assert plain.shape == (3, 50, 50)
    assert [round(float(plain[channel].mean()), 3) for channel in range(3)] == [1.0, 0.0, 0.498]
    stated = Preprocess.model_validate({"resize": 80, "crop": 64, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]})
    found = prepared(wide, stated, 50)
    assert (tuple(found.shape), float(found[0].mean()), float(found[1].mean())) == ((3, 64, 64), 2.0, -2.0)


@pytest.mark.parametrize("size", [(301, 200), (200, 301), (333, 257), (224, 224), (100, 51), (64, 512)])
def test_an_image_is_prepared_as_torchvision_would(size: tuple[int, int]) -> None:
    import numpy
    import torch
    from PIL import Image
    from torchvision.transforms import v2

    image = Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=numpy.uint8))
    stated = Preprocess.model_validate({"resize": 97, "crop": 84, "interpolation": "bilinear"})
    steps = [v2.Resize(97, antialias=True), v2.CenterCrop(84), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)]
    assert torch.allclose(prepared(image, stated, 84), v2.Compose(steps)(image), atol=1e-6)


def test_every_recipe_takes_images_of_the_size_that_its_preprocessing_gives() -> None:
    import torch

    from pathdex.filling import library, recipe

    shipped = load_catalog(Path(__file__).parents[1]).models.values()
    loadable = [one for one in shipped if one.loader and not one.unsupported and one.preprocess and one.preprocess.crop]
    for model in loadable:
        native = model.architecture.input if model.architecture else None
        if model.preprocess and model.preprocess.crop != native and native and model.embeddings:
            with torch.device("meta"), torch.inference_mode():
                module = library(recipe(model)).build(model.loader)
                made = Encoder(model, module, next(iter(model.embeddings)), "meta")
                assert made.encode_image(torch.empty(1, 3, made.side, made.side)).shape == (1, made.width), model.name


def _vectors(seen: Seen) -> Vectors:
    assert isinstance(seen.measured, Vectors)
    return seen.measured


def test_the_embedding_rung_compares_precisions_and_runs() -> None:
    seen = embedding.measure(MODEL, Way(random=True))
    found = _vectors(seen)
    assert (seen.status, found.weights, found.device_class, found.tiles) == ("passed", "random", "cpu", tiles.SHA256)
    assert {name: list(row) for name, row in found.variants.items()} == {"cls": ["fp32", "bf16"], "cls+mean": ["fp32", "bf16"]}
    single, half = found.variants["cls"]["fp32"], found.variants["cls"]["bf16"]
    assert (single.width, single.finite, single.deterministic, single.agreement, single.golden) == (48, True, True, None, None)
    assert len(single.first) == embedding.FIRST
    assert half.agreement is not None
    assert 0.99 < half.agreement < 1


def test_golden_vectors_are_kept_on_demand_and_compared_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "encoder", lambda model, **_: encoder(model, random=True))
    file = tmp_path / "t.golden.csv"
    first = embedding.measure(MODEL, Way(golden=file, settings={"accept": True}))
    assert _vectors(first).variants["cls"]["fp32"].golden is None
    file.write_text(first.beside["golden.csv"], encoding="utf-8")
    again = embedding.measure(MODEL, Way(golden=file))
    found = _vectors(again).variants["cls"]["fp32"]
    assert again.beside == {}
    assert (found.golden, found.difference) == (pytest.approx(1.0, abs=1e-6), pytest.approx(0.0, abs=1e-5))
    kept = golden.read(file)
    assert {(key.precision, key.variant, key.tile) for key in kept} == {
        (precision, variant, tile) for precision in ("fp32", "bf16") for variant in MODEL.embeddings for tile in golden.TILES
    }
    assert golden.written(kept) == first.beside["golden.csv"]


def test_vectors_that_are_not_finite_are_a_mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(Encoder, "encode", lambda self, *_, **__: {"cls": torch.full((6, 48), float("nan"))})
    seen = embedding.measure(MODEL, Way(random=True))
    assert (seen.status, seen.reason) == ("mismatch", "the embedding cls in fp32 is not finite")


def _overflowing(*precisions: str) -> Any:
    """An encoder whose numbers are not finite in some precisions."""
    import torch

    def encode(self: Encoder, *_: Any, **__: Any) -> Any:
        return {"cls": torch.full((6, 48), float("inf") if self.precision in precisions else 1.0)}

    return encode


@pytest.mark.parametrize(
    ("precisions", "ended"),
    [
        (("fp16",), ("passed", "")),
        (("bf16",), ("mismatch", "the embedding cls in bf16 is not finite")),
        (("fp32", "fp16"), ("mismatch", "the embedding cls in fp32 is not finite")),
    ],
)
def test_numbers_that_outgrow_fp16_alone_are_told_and_no_mismatch(
    precisions: tuple[str, ...], ended: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Encoder, "encode", _overflowing(*precisions))
    seen = embedding.measure(MODEL, Way(random=True, settings={"precisions": ("fp32", "bf16", "fp16")}))
    assert (seen.status, seen.reason) == ended
    if ended[0] == "passed":
        half = _vectors(seen).variants["cls"]["fp16"]
        assert (half.finite, half.norm, half.agreement) == (False, None, None)
        assert "cls in fp16 not usable: not every number is finite" in list(parts_of(seen.measured))


def test_a_network_that_can_not_be_compiled_is_timed_as_it_is_and_the_failure_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("no graph\nof this <network>")

    monkeypatch.setattr(torch, "compile", lambda _: refuse)
    settings = {"seconds": 0.0, "batches": (1,), "precisions": ("fp32", "bf16"), "compiled": True}
    seen = cost.measure(MODEL, Way(random=True, settings=settings))
    assert isinstance(seen.measured, Cost)
    assert [(one.precision, one.mode) for one in seen.measured.speeds] == [("fp32", "eager"), ("bf16", "eager")]
    assert seen.measured.failed == dict.fromkeys(("compiled in fp32", "compiled in bf16"), "RuntimeError: no graph")
    assert "compiled in fp32 failed: RuntimeError: no graph" in list(parts_of(seen.measured))


def test_nothing_is_compiled_when_no_time_is_left_and_what_was_timed_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch, "compile", lambda run: run)
    settings = {"seconds": 0.01, "batches": (1,), "precisions": ("fp32", "bf16"), "compiled": True}
    seen = cost.measure(MODEL, Way(random=True, settings=settings, limit=0.001))
    assert isinstance(seen.measured, Cost)
    assert [(one.precision, one.mode) for one in seen.measured.speeds] == [("fp32", "eager"), ("bf16", "eager")]
    assert seen.measured.failed == dict.fromkeys(("compiled in fp32", "compiled in bf16"), "no time was left for it")
    ample = cost.measure(MODEL, Way(random=True, settings=settings, limit=600.0)).measured
    assert isinstance(ample, Cost)
    assert [(one.precision, one.mode) for one in ample.speeds][2:] == [("fp32", "compiled"), ("bf16", "compiled")]


def test_what_is_compiled_is_timed_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch, "compile", lambda encode: encode)
    settings = {"seconds": 0.0, "batches": (1,), "precisions": ("fp32",), "compiled": True}
    seen = cost.measure(MODEL, Way(random=True, settings=settings))
    assert isinstance(seen.measured, Cost)
    assert [one.mode for one in seen.measured.speeds] + list(seen.measured.failed) == ["eager", "compiled"]


def test_the_time_to_have_the_files_is_not_the_time_to_load_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*_: Any) -> dict[Any, Any]:
        time.sleep(0.7)
        return {}

    drawn = encoder(MODEL, random=True)
    monkeypatch.setattr(Origin, "fetched", slowly)
    monkeypatch.setattr(cost, "encoder", lambda *_, **__: drawn)
    seen = cost.measure(MODEL, Way(settings={"seconds": 0.0, "batches": (1,), "precisions": ("fp32",)}))
    assert isinstance(seen.measured, Cost)
    assert seen.measured.fetch_seconds is not None
    assert seen.measured.fetch_seconds >= 0.7 > seen.measured.load_seconds


def test_fp32_is_not_rounded_to_tf32_where_a_device_would() -> None:
    import torch

    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    try:
        convolutions.allow_tf32 = products.allow_tf32 = True
        assert (devices.exact("cpu"), convolutions.allow_tf32) == (None, True)
        assert devices.exact("cuda") is False
        assert (convolutions.allow_tf32, products.allow_tf32) == (False, False)
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before


def test_a_machine_without_the_device_is_told_and_not_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for rung in ("weights", "embedding", "cost"):
        ended = work((rung, MODEL, Way(device="cuda", random=True)))
        assert (ended.status, ended.reason) == ("unsupported-environment", "no GPU is visible")
    assert (devices.lacking("cpu"), work(("header", MODEL, Way(device="cuda"))).status) == ("", "not-attempted")


def test_the_cost_rung_times_every_setting() -> None:
    seen = cost.measure(MODEL, Way(random=True, settings={"seconds": 0.01, "batches": (1, 2)}))
    assert isinstance(seen.measured, Cost)
    assert [(one.precision, one.mode, one.batch) for one in seen.measured.speeds] == [
        ("fp32", "eager", 1),
        ("fp32", "eager", 2),
        ("bf16", "eager", 1),
        ("bf16", "eager", 2),
    ]
    assert all(one.per_second > 0 and one.peak_memory > 0 for one in seen.measured.speeds)
    assert (seen.measured.input, seen.measured.weights) == ((3, 64, 64), "random")


def test_a_setting_that_does_not_fit_ends_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def full(self: Encoder, images: Any, **_: Any) -> Any:
        if len(images) > 1:
            raise torch.OutOfMemoryError
        return {}

    monkeypatch.setattr(Encoder, "encode", full)
    seen = cost.measure(MODEL, Way(random=True, settings={"seconds": 0.0, "batches": (1, 2, 4), "precisions": ("fp32",)}))
    assert isinstance(seen.measured, Cost)
    assert [one.batch for one in seen.measured.speeds] == [1]
    monkeypatch.setattr(Encoder, "encode", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError()))
    with pytest.raises(Hindered, match="out-of-memory: not one image fits into memory"):
        cost.measure(MODEL, Way(random=True))


@pytest.mark.parametrize(
    ("images", "told"),
    [
        ("refused", "RuntimeError: Expected size 1 but got size 2"),
        ("mixed", "ValueError: cls has 1 vectors for 2 inputs"),
        ("starved", None),
    ],
)
def test_a_batch_that_a_network_does_not_take_leaves_the_others_timed(
    images: str, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def alone(self: Encoder, given: Any, **_: Any) -> Any:
        if len(given) > 1 and images != "mixed":
            words = "Expected size 1 but got size 2" if images == "refused" else "CUDA error: out of memory"
            raise RuntimeError(f"{words}\nand more")
        return {"cls": torch.zeros(1, 48)}

    monkeypatch.setattr(Encoder, "encode", alone)
    found = cost.measure(MODEL, Way(random=True, settings={"seconds": 0.0, "batches": (1, 2, 4)})).measured
    assert isinstance(found, Cost)
    assert [(one.precision, one.batch) for one in found.speeds] == [("fp32", 1), ("bf16", 1)]
    assert found.failed == ({f"eager in {one}, batch 2": told for one in ("fp32", "bf16")} if told else {})


def test_a_network_that_takes_nothing_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "encode", lambda *_: (_ for _ in ()).throw(RuntimeError("no kernel image is available")))
    with pytest.raises(Hindered, match="crashed: RuntimeError: no kernel image is available"):
        cost.measure(MODEL, Way(random=True))


def test_slides_are_encoded_one_by_one_as_if_each_were_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def alone(_: Encoder, tiles: Any, places: Any, variants: Any) -> Any:
        assert (len(tiles), len(places)) == (1, 1)
        return {variants[0]: tiles.sum(1) + places.sum()}

    monkeypatch.setattr(Encoder, "encode", alone)
    tiles, places = torch.rand(3, 2, 48), torch.randint(0, 9, (3, 2, 2))
    wanted = tiles.sum(1) + places.sum((1, 2))[:, None]
    assert torch.equal(Encoder(MODEL, None, "cls").encode_slide(tiles, places), wanted)


def test_speed_is_measured_with_one_copy_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "at", lambda *_: pytest.fail("a second copy would count as memory that encoding takes"))
    kinds: list[str] = []
    encode = Encoder.encode

    def noted(self: Encoder, *given: Any) -> Any:
        kinds.append(str(next(self.module.parameters()).dtype))
        return encode(self, *given)

    monkeypatch.setattr(Encoder, "encode", noted)
    cost.measure(MODEL, Way(random=True, settings={"seconds": 0.0, "batches": (1,)}))
    assert list(dict.fromkeys(kinds)) == ["torch.float32", "torch.bfloat16"]


def test_coordinates_keep_their_digits_in_half_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    given: list[Any] = []

    def noted(_: Encoder, *inputs: Any, variants: Any) -> Any:
        given.extend(inputs)
        return dict.fromkeys(variants)

    monkeypatch.setattr(Encoder, "encode", noted)
    slow = Encoder(MODEL, None, "cls", precision="fp16")
    slow.encode_slide(torch.zeros(1, 2, 48), torch.tensor([[[70_001.0, 3.0], [70_003.0, 5.0]]]))
    assert given[1].tolist() == [[[70_001, 3], [70_003, 5]]]


def test_weights_that_are_shared_are_filled_under_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from pathdex import obtaining

    class Tied(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5, bias=False)
            self.head.weight = self.words.weight

    monkeypatch.setattr(obtaining, "library", lambda _: SimpleNamespace(build=lambda _: Tied()))
    module = obtaining.randomised(None)  # type: ignore[arg-type]
    assert not module.head.weight.is_meta
    assert torch.equal(module.head.weight, module.words.weight)


def test_skeletons_of_two_threads_leave_torch_as_it_was() -> None:
    import torch

    before, inside, go = torch.nn.Module.register_parameter, Event(), Event()

    def other() -> None:
        with skeleton():
            inside.set()
            go.wait(10)

    thread = Thread(target=other)
    thread.start()
    inside.wait(10)
    assert not torch.nn.Linear(2, 2).weight.is_meta
    go.set()
    thread.join()
    with skeleton():
        assert torch.nn.Linear(2, 2).weight.is_meta
    assert torch.nn.Module.register_parameter is before


def test_a_golden_vector_of_another_width_is_a_mismatch_and_tokens_have_none() -> None:
    import torch

    key = golden.Key("cpu", "fp32", "cls", 0)
    with pytest.raises(Hindered, match="mismatch: the embedding cls has width 48, its golden vector 7"):
        embedding._same_width("cls", torch.zeros(6, 48), {key: torch.zeros(7).numpy()})
    tokens = ENTRY["embeddings"] | {"tokens": {"width": 48, "pooling": "none"}}
    made = encoder(Model.model_validate({**ENTRY, "embeddings": tokens}), random=True)
    _, fresh = embedding._encoded(made, (torch.rand(6, 3, 64, 64),), "cpu", {}, Way())
    assert {key.variant for key in fresh} == {"cls", "cls+mean"}
