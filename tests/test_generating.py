"""Models that draw: seeded, guided, through the networks beside them; and those that stain, through a frozen one."""

import importlib
import warnings
from pathlib import Path
from typing import Any

import pytest
from local_hub import Hub

from pathdex import generating
from pathdex.catalog import Catalog
from pathdex.encoding import Encoder, encoder
from pathdex.filling import library
from pathdex.hindrance import Hindered
from pathdex.measuring.pooling import Unavailable
from pathdex.obtaining import randomised
from pathdex.schema import Model
from pathdex.schema.model import Generation

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, _, _ = map(importlib.import_module, ("torch", "diffusers.models", "diffusers.schedulers"))

ROOT = Path(__file__).parents[1]
DENOISER = {
    "library": "diffusers",
    "factory": "PixArtTransformer2DModel",
    "kwargs": {
        "sample_size": 8,
        "num_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 8,
        "cross_attention_dim": 16,
        "caption_channels": 24,
        "in_channels": 4,
        "out_channels": 8,
        "use_additional_conditions": False,
    },
    "unused": ["nothing.*"],
}
DECODER = {
    "library": "diffusers",
    "factory": "AutoencoderKL",
    "kwargs": {
        "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
        "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"],
        "block_out_channels": [32, 32],
        "latent_channels": 4,
        "sample_size": 16,
    },
    "file": "vae/weights.safetensors",
}
CONDITION = {"library": "pathdex", "factory": "pixcell_condition", "kwargs": {"tokens": 4, "width": 24}, "prefix": "nothing."}
GENERATION: dict[str, Any] = {
    "sampler": "dpm-solver++",
    "steps": 2,
    "betas": "linear",
    "first_beta": 0.0001,
    "last_beta": 0.02,
    "guidance": 2.0,
    "latents": [4, 8, 8],
    "scale": 1.5,
    "shift": 0.1,
    "decoder": {"loader": DECODER, "repository": "toy/decoder", "revision": "b" * 40},
    "condition": {"loader": CONDITION},
    "inputs": "Features [B, 4, 24].",
}
ENTRY: dict[str, Any] = {
    "name": "T",
    "kind": "generative",
    "summary": "A toy.",
    "weights": {"access": "open", "repository": "toy/draws", "revision": "a" * 40},
    "loader": DENOISER,
    "generation": GENERATION,
    "sources": {},
}


def _model(**changes: Any) -> Model:
    return Model.model_validate({**ENTRY, "generation": {**GENERATION, **changes}})


@pytest.fixture(scope="module")
def made() -> Encoder:
    """The toy with seeded random numbers throughout, large enough that its condition matters."""
    return _louder(encoder(_model(), random=True))


def _louder(made: Encoder) -> Encoder:
    for parameter in made.module.parameters():
        parameter.mul_(5 if parameter.ndim > 1 else 1)
    return made


@pytest.fixture(scope="module")
def features() -> Any:
    """Two conditions."""
    return torch.randn(2, 4, 24, generator=torch.Generator().manual_seed(1))


def test_images_are_drawn_for_conditions(made: Encoder, features: Any) -> None:
    images = made.generate(features)
    assert (tuple(images.shape), str(images.dtype)) == ((2, 3, 16, 16), "torch.float32")
    assert 0 <= float(images.min()) < float(images.max()) <= 1


def test_a_seed_says_what_is_drawn(made: Encoder, features: Any) -> None:
    assert torch.equal(made.generate(features, seed=7), made.generate(features, seed=7))
    assert not torch.equal(made.generate(features, seed=7), made.generate(features, seed=8))


def test_an_image_does_not_depend_on_how_many_are_drawn(made: Encoder, features: Any) -> None:
    assert torch.allclose(made.generate(features)[:1], made.generate(features[:1]), atol=1e-5)


def test_guidance_of_one_is_none(made: Encoder, features: Any) -> None:
    unguided = _louder(encoder(_model(guidance=None), random=True)).generate(features)
    assert torch.equal(made.generate(features, guidance=1.0), unguided)
    assert not torch.allclose(made.generate(features, guidance=4.0), unguided, atol=1e-5)


def test_without_a_condition_images_are_drawn_freely(made: Encoder) -> None:
    free = made.generate(count=2)
    condition = made._painter.condition
    assert condition is not None
    nothing = condition.nothing(2) - condition.y_pos_embed.y_pos_embed
    assert torch.allclose(free, made.generate(nothing, guidance=1.0), atol=1e-5)


def test_more_steps_draw_another_image(made: Encoder, features: Any) -> None:
    assert not torch.equal(made.generate(features, steps=3), made.generate(features))


def test_half_precision_draws_nearly_the_same(made: Encoder, features: Any) -> None:
    assert torch.allclose(made.at("bf16").generate(features), made.generate(features), atol=0.05)


def test_what_a_model_does_not_do_is_told_in_one_line(made: Encoder, features: Any) -> None:
    drawless = encoder(Model.model_validate({**ENTRY, "generation": None}), random=True)
    with pytest.raises(Unavailable, match=r"^T draws no images; its entry has no generation$"):
        drawless.generate(features)
    with pytest.raises(Unavailable, match=r"^T stains no images$"):
        made.stain(torch.rand(1, 3, 16, 16))
    with pytest.raises(ValueError, match=r"^features have shape \(2, 3, 24\); give \[B, 4, 24\]$"):
        made.generate(features[:, :3])
    with pytest.raises(ValueError, match=r"^2 conditions make as many images; leave count out$"):
        made.generate(features, count=3)
    bare = encoder(_model(condition=None), random=True)
    with pytest.raises(Unavailable, match=r"^T draws nothing without a condition: Features \[B, 4, 24\].$"):
        bare.generate(count=1)
    with pytest.raises(Unavailable, match=r"^T has nothing to be guided away from; leave guidance at 1$"):
        bare.generate(features)
    assert tuple(bare.generate(features, guidance=1.0).shape) == (2, 3, 16, 16)


def _stored(hub: Hub, **more: Any) -> None:
    """What the random toy holds, as two repositories."""
    from safetensors.torch import save

    model = _model()
    assert model.generation and model.generation.decoder and model.generation.condition and model.loader
    condition = randomised(model.generation.condition.loader).state_dict()
    tensors = {**randomised(model.loader).state_dict(), **{f"nothing.{name}": one for name, one in condition.items()}}
    decoder = randomised(model.generation.decoder.loader).state_dict()
    hub.add("toy/draws", {"model.safetensors": save(tensors)})
    hub.add("toy/decoder", {"vae/weights.safetensors": save(decoder), "other.safetensors": b""}, sha="b" * 40, **more)


def test_the_networks_beside_it_come_from_their_own_repositories(hub: Hub, tmp_path: Path, features: Any) -> None:
    _stored(hub)
    loaded = encoder(_model(), cache=tmp_path)
    assert not any("toy/decoder" in path for _, path, _, _ in hub.log), "nothing is fetched before it is needed"
    assert torch.equal(loaded.generate(features), encoder(_model(), random=True).generate(features))
    assert any(f"/toy/decoder/resolve/{'b' * 40}/vae/weights.safetensors" in path for _, path, _, _ in hub.log)


def test_a_decoder_behind_a_form_is_told(hub: Hub, tmp_path: Path, features: Any) -> None:
    _stored(hub, gated=True)
    with pytest.raises(Hindered, match=r"^gated: "):
        encoder(_model(), cache=tmp_path).generate(features)


@pytest.mark.parametrize("sampler", sorted(generating.SAMPLERS))
def test_every_sampler_finds_the_image_whose_noise_is_foretold(sampler: str) -> None:
    given = {**GENERATION, "sampler": sampler, "betas": "scaled-linear", "first_beta": 0.0015, "last_beta": 0.0195}
    generation = Generation.model_validate(given)
    image = torch.rand(2, 4, 8, 8, generator=torch.Generator().manual_seed(3)) * 1.8 - 0.9
    kept = torch.linspace(0.0015**0.5, 0.0195**0.5, generating.STEPS).square().mul(-1).add(1).cumprod(0)

    def foretold(latents: Any, step: Any) -> Any:
        share = kept[int(step)]
        return (latents - share.sqrt() * image) / (1 - share).sqrt()

    found = generating.sampled(generation, generating.noise((4, 8, 8), generating.generators(0, 2)), foretold, 50, [])
    assert float((found - image).abs().max()) < 0.2
    assert float((found - image).abs().mean()) < 0.05


def test_noise_that_is_drawn_anew_is_each_images_own() -> None:
    generation = Generation.model_validate({**GENERATION, "sampler": "ddim", "eta": 1.0})

    def drawn(count: int, seed: int) -> Any:
        chances = generating.generators(seed, count)
        start = generating.noise((4, 8, 8), chances)
        return generating.sampled(generation, start, lambda latents, _: latents / 2, 3, chances)

    assert torch.equal(drawn(2, 0), drawn(2, 0))
    assert torch.allclose(drawn(2, 0)[:1], drawn(1, 0))
    assert not torch.allclose(drawn(1, 0), drawn(1, 1))


def test_noise_is_each_images_own() -> None:
    first, second = (generating.noise((2, 3, 3), generating.generators(5, count)) for count in (2, 3))
    assert torch.equal(first, second[:2])


STAINING: dict[str, Any] = {
    "name": "S",
    "kind": "virtual-staining",
    "summary": "A toy.",
    "weights": {"access": "none"},
    "loader": {
        "library": "pathdex",
        "factory": "miphei_vit",
        "kwargs": {"width": 48, "depth": 2, "channels": 3, "side": 64},
    },
    "foundation": {
        "loader": {
            "library": "timm",
            "factory": "vit_giant_patch14_reg4_dinov2",
            "kwargs": {"embed_dim": 48, "depth": 2, "num_heads": 3, "num_classes": 0, "img_size": 56, "init_values": 1.0e-5},
        },
        "repository": "toy/frozen",
    },
    "channels": ["A", "B", "C"],
    "sources": {},
}


def test_a_model_stains_through_a_frozen_one_and_leaves_it_as_it_was() -> None:
    made = encoder(Model.model_validate(STAINING), random=True)
    images = torch.rand(2, 3, 64, 64)
    before = made._foundation.forward_features(torch.zeros(1, 3, 56, 56))
    stained = made.stain(images)
    assert (tuple(stained.shape), str(stained.dtype)) == ((2, 3, 64, 64), "torch.float32")
    assert 0 <= float(stained.min()) <= float(stained.max()) <= 1
    assert torch.equal(made._foundation.forward_features(torch.zeros(1, 3, 56, 56)), before)


SHIPPED = Catalog.load(ROOT)


@pytest.mark.parametrize("name", sorted(name for name, model in SHIPPED.models.items() if model.generation))
def test_the_parts_of_a_shipped_entry_fit_each_other(name: str) -> None:
    model = SHIPPED.models[name]
    generation = generating.recipe(model)
    assert model.loader
    with torch.device("meta"), torch.no_grad():
        module = library(model.loader).build(model.loader)
        tokens = _tokens(generation, module)
        latents = torch.zeros(1, *generation.latents)
        frozen = {"foundation": library(model.foundation.loader).build(model.foundation.loader)} if model.foundation else {}
        if generation.control:
            steering = library(generation.control.loader).build(generation.control.loader)
            frozen["control"] = steering(latents, torch.zeros(1), tokens, steering.example()[-1])
        found = library(model.loader).denoised(module, latents, torch.zeros(1), tokens, **frozen)
        assert tuple(found.shape[2:]) == generation.latents[1:]
        if generation.decoder:
            decoder = library(generation.decoder.loader)
            latents = decoder.decoded(decoder.build(generation.decoder.loader), latents)
    assert model.architecture
    assert tuple(latents.shape) == (1, 3, model.architecture.input, model.architecture.input)


def _tokens(generation: Generation, module: Any) -> Any:
    if generation.condition is None:
        return torch.zeros(1, module.encoder.out[3].out_channels)
    loader = library(generation.condition.loader)
    condition = loader.build(generation.condition.loader)
    tokens = condition(*loader.example(condition))
    assert not hasattr(condition, "nothing") or condition.nothing(2).shape[1:] == tokens.shape[1:]
    return tokens


@pytest.mark.parametrize("name", sorted(name for name, model in SHIPPED.models.items() if model.channels))
def test_a_shipped_entry_names_the_channels_that_are_painted(name: str) -> None:
    model = SHIPPED.models[name]
    assert model.loader
    with torch.device("meta"), torch.no_grad():
        module = library(model.loader).build(model.loader)
        frozen = {}
        if model.foundation:
            frozen = {"foundation": library(model.foundation.loader).build(model.foundation.loader)}
        stained = module.stain(torch.zeros(1, 3, module.side, module.side), **frozen)
    assert (stained.ndim, stained.shape[1]) == (4, len(model.channels))
