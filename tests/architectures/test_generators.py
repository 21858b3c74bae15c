"""Networks that draw images, recipes of diffusers, and language models that see."""

import importlib
import warnings
from typing import Any

import pytest

from pathdex.architectures import latent_unet
from pathdex.measuring.arguments import RecipeError
from pathdex.measuring.fitting import fit
from pathdex.schema.model import Loader

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, diffusers, loaders, _, _ = map(
        importlib.import_module,
        (
            "torch",
            "pathdex.loaders.diffusers",
            "pathdex.loaders.transformers",
            "diffusers.models",
            "transformers.models.gemma3.modeling_gemma3",
        ),
    )

PIXART = {
    "sample_size": 8,
    "num_layers": 2,
    "num_attention_heads": 2,
    "attention_head_dim": 8,
    "cross_attention_dim": 16,
    "caption_channels": 24,
    "in_channels": 4,
    "out_channels": 8,
}
AUTOENCODER = {
    "down_block_types": ["DownEncoderBlock2D"],
    "up_block_types": ["UpDecoderBlock2D"],
    "block_out_channels": [32],
    "sample_size": 16,
}
SEEING = {
    "text_config.hidden_size": 16,
    "text_config.intermediate_size": 32,
    "text_config.num_hidden_layers": 2,
    "text_config.num_attention_heads": 2,
    "text_config.num_key_value_heads": 1,
    "text_config.head_dim": 8,
    "text_config.vocab_size": 32,
    "vision_config.hidden_size": 16,
    "vision_config.intermediate_size": 32,
    "vision_config.num_hidden_layers": 1,
    "vision_config.num_attention_heads": 2,
    "vision_config.image_size": 28,
    "vision_config.patch_size": 14,
}


def _built(factory: str, **kwargs: Any) -> Any:
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        return diffusers.build(Loader(library="diffusers", factory=factory, kwargs=kwargs))


def test_a_denoiser_is_one_part_and_reads_a_latent_a_step_and_a_condition() -> None:
    module = _built("PixArtTransformer2DModel", **PIXART)
    assert list(diffusers.parts(module)) == ["full-model"]
    assert diffusers.side(module) is None
    with torch.device("meta"), torch.no_grad():
        inputs = diffusers.example(module)
        assert [tuple(one.shape) for one in inputs] == [(1, 4, 8, 8), (1,), (1, 1, 24)]
        assert tuple(diffusers.features(module, *inputs).tokens.shape) == (1, 64, 8)


def test_a_denoiser_without_a_condition_reads_a_latent_and_a_step() -> None:
    module = _built(
        "UNet2DModel",
        sample_size=8,
        block_out_channels=[32, 32],
        down_block_types=["DownBlock2D"] * 2,
        up_block_types=["UpBlock2D"] * 2,
    )
    with torch.device("meta"), torch.no_grad():
        assert tuple(diffusers.features(module, *diffusers.example(module)).tokens.shape) == (1, 64, 3)


def test_an_autoencoder_has_two_halves_and_reads_images() -> None:
    module = _built("AutoencoderKL", **AUTOENCODER)
    parts = {scope: sum(one.numel() for one in parameters) for scope, parameters in diffusers.parts(module).items()}
    assert parts["full-model"] == parts["image-encoder"] + parts["decoder"]
    assert (diffusers.side(module), diffusers.example(module)) == (16, None)
    with torch.device("meta"), torch.no_grad():
        assert tuple(diffusers.features(module, torch.empty(2, 3, 16, 16)).tokens.shape) == (2, 256, 4)


@pytest.mark.parametrize(
    ("factory", "kwargs", "told"),
    [
        ("PixArtTransformer2DModell", {}, "PixArtTransformer2DModel"),
        ("DiffusionPipeline", {}, "no model class"),
        ("PixArtTransformer2DModel", {"sample_sice": 8}, "sample_size"),
        ("PixArtTransformer2DModel", {"pretrained_model_name_or_path": "a/b"}, "may fetch"),
    ],
)
def test_a_recipe_of_diffusers_that_cannot_be_followed_says_how_to_mend_it(
    factory: str, kwargs: dict[str, Any], told: str
) -> None:
    with pytest.raises(RecipeError, match=told):
        _built(factory, **kwargs)


def test_the_denoiser_of_pixcell_has_the_size_of_its_file() -> None:
    """The safetensors file has 2.43 GB in single precision."""
    module = _built("PixArtTransformer2DModel", sample_size=32, in_channels=16, out_channels=32, caption_channels=1536)
    assert sum(one.numel() for one in module.parameters()) == 608_072_960


def test_the_unet_of_latent_diffusion_foretells_noise_of_the_latents_shape() -> None:
    torch.manual_seed(0)
    network = latent_unet.build(width=32, factors=[1, 2], context=8).eval()
    latents, steps, condition = torch.randn(2, 3, 8, 8), torch.tensor([0, 500]), torch.randn(2, 3, 8)
    with torch.no_grad():
        noise = network(latents, steps, condition)
        assert noise.shape == latents.shape
        assert not torch.allclose(noise, network(latents, steps + 1, condition), atol=1e-4)
        # A condition is a set: the order of its tokens is not seen.
        assert torch.allclose(noise, network(latents, steps, condition.flip(1)), atol=1e-5)


def test_the_unet_of_latent_diffusion_has_the_size_and_the_names_of_its_file() -> None:
    with torch.device("meta"):
        network = latent_unet.build()
    assert sum(one.numel() for one in network.parameters()) == 400_920_579
    wanted = [
        "input_blocks.3.0.op.weight",
        "middle_block.1.transformer_blocks.0.attn2.to_out.0.bias",
        "output_blocks.8.2.conv.bias",
    ]
    assert [name for name in wanted if name not in network.state_dict()] == []


def test_a_language_model_that_sees_counts_its_tower_and_its_words() -> None:
    with torch.device("meta"):
        module = loaders.build(Loader(library="transformers", factory="Gemma3ForConditionalGeneration", kwargs=SEEING))
    sizes = {scope: sum({id(one): one.numel() for one in found}.values()) for scope, found in loaders.parts(module).items()}
    joint = sum(one.numel() for one in module.model.multi_modal_projector.parameters())
    assert sizes["full-model"] == sizes["image-encoder"] + sizes["decoder"] + joint
    assert sizes["image-encoder"] == sum(one.numel() for one in module.model.vision_tower.parameters())
    assert loaders.side(module) == 28
    with torch.device("meta"), torch.no_grad():
        assert tuple(loaders.features(module, torch.empty(1, 3, 28, 28)).tokens.shape) == (1, 4, 16)


def test_a_field_that_a_part_left_open_does_not_have_is_refused() -> None:
    with pytest.raises(RecipeError, match="patch_size"):
        loaders.build(
            Loader(library="transformers", factory="Gemma3ForConditionalGeneration", kwargs={"vision_config.patch_sise": 14})
        )


def test_a_head_that_is_the_table_of_words_once_more_may_be_left_out_of_the_file() -> None:
    recipe = Loader(library="transformers", factory="Gemma3ForConditionalGeneration", kwargs=SEEING)
    with torch.device("meta"):
        wanted = loaders.build(recipe).state_dict()
        stored = {name: tensor for name, tensor in wanted.items() if name != "lm_head.weight"}
        table_of_words = stored["model.language_model.embed_tokens.weight"]
        found = loaders.adapted(recipe, loaders.build(recipe), stored)
    assert fit(wanted, found).missing == 0
    assert found["lm_head.weight"] is table_of_words
