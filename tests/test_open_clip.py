"""A recipe of open_clip builds the two towers it names, texts included, and asks nobody for the configuration of either."""

import importlib
import warnings
from typing import Any

import pytest

from pathdex.measuring.arguments import RecipeError
from pathdex.measuring.pooling import Unavailable, take
from pathdex.schema.model import Loader

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, open_clip, _ = map(importlib.import_module, ("torch", "open_clip", "transformers.models.bert.modeling_bert"))

from pathdex.loaders import open_clip as loader
from pathdex.loaders import pathdex as own
from pathdex.loaders import transformers as beside

VISION = {"vision_cfg.width": 64, "vision_cfg.layers": 1, "vision_cfg.image_size": 32, "vision_cfg.patch_size": 16}
WORDS = {"text_cfg.width": 64, "text_cfg.heads": 2, "text_cfg.layers": 1, "text_cfg.vocab_size": 50, "text_cfg.context_length": 8}
TIMM = {"vision_cfg.timm_model_name": "vit_tiny_patch16_224", "vision_cfg.timm_pool": "", "embed_dim": 24}
HF = {"text_cfg.hf_model_name": "bert", "text_cfg.hf_pooler_type": "cls_last_hidden_state_pooler"}
BERT = {"text_config.hidden_size": 16, "text_config.num_hidden_layers": 1, "text_config.num_attention_heads": 2}
BERT |= {"text_config.vocab_size": 50, "text_config.intermediate_size": 32}


pytestmark = pytest.mark.usefixtures("no_network")


def _recipe(factory: str, **kwargs: Any) -> Loader:
    return Loader(library="open_clip", factory=factory, kwargs=kwargs)


def _build(factory: str, device: str = "cpu", **kwargs: Any) -> Any:
    with torch.device(device), torch.no_grad():
        return loader.build(_recipe(factory, **kwargs))


def _shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    ("factory", "kwargs", "complaint"),
    [
        ("ViT-B-23", {}, "has no model 'ViT-B-23'; did you mean 'ViT-B-32'?"),
        ("hf-hub:toy/tiny", {}, "has no model 'hf-hub:toy/tiny'"),
        ("local-dir:/etc", {}, "has no model 'local-dir:/etc'"),
        ("RN50", {}, "builds a ModifiedResNet for 'RN50', which no loader reads yet"),
        ("ViT-B-32", {"embed_dims": 8}, "an open_clip model has no field 'embed_dims'; did you mean 'embed_dim'?"),
        ("ViT-B-32", {"vision_cfg.widht": 8}, "CLIP.vision_cfg has no field 'widht'; did you mean 'width'?"),
        ("ViT-B-32", {"visual_cfg.width": 8}, "has no field 'visual_cfg'"),
        ("ViT-B-32", {"vision_cfg.timm_model_pretrained": True}, "has no field 'timm_model_pretrained'"),
        ("ViT-B-32", {"text_cfg.hf_tokenizer_name": "toy/tiny"}, "has no field 'hf_tokenizer_name'"),
        ("ViT-B-32", {"pretrained": "openai"}, "kwargs.pretrained may fetch weights or code; leave it out"),
        ("CustomTextCLIP", {**TIMM, **HF, "text_cfg.hf_model_name": "toy/tiny"}, "transformers has no model type 'toy/tiny'"),
        ("CustomTextCLIP", {**TIMM, **HF, "text_config.hiden_size": 8}, "BertConfig has no field 'hiden_size'"),
    ],
)
def test_a_recipe_that_must_not_be_followed_is_refused_with_the_reason(
    factory: str, kwargs: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(RecipeError) as refused:
        _build(factory, "meta", **kwargs)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("factory", ["ViT-B-32", "ViT-L-14-336", "coca_ViT-L-14", "ViT-B-16-SigLIP"])
def test_a_name_gives_the_network_that_open_clip_gives(factory: str) -> None:
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = open_clip.create_model(factory, load_weights=False, device="meta")
    assert _shapes(_build(factory, "meta")) == _shapes(plain)


def test_a_text_tower_of_transformers_is_built_of_the_recipes_own_configuration() -> None:
    built = _build("CustomTextCLIP", **TIMM, **HF, **BERT)
    names = set(built.state_dict())
    assert built.text.config.hidden_size == 16
    assert {"visual.trunk.blocks.11.attn.qkv.weight", "visual.head.proj.weight", "text.proj.0.weight"} <= names
    assert not any("pooler" in name for name in names)
    assert built.encode_text(torch.tensor([[2, 5, 3, 0]])).shape == (1, 24)
    assert open_clip.hf_model.AutoConfig.__name__ == "AutoConfig"


@pytest.mark.parametrize(
    ("factory", "kwargs", "widths"),
    [
        ("ViT-B-32", {**VISION, **WORDS}, {"cls": 64, "mean": 64, "pooler": 64, "projection": 512, "none": 64}),
        ("coca_ViT-B-32", VISION, {"cls": 64, "attention": 512, "projection": 512}),
        ("CustomTextCLIP", {**TIMM, **HF, **BERT}, {"cls": 192, "mean": 192, "projection": 24}),
    ],
)
def test_each_pooling_is_taken_from_the_image_tower(factory: str, kwargs: dict[str, Any], widths: dict[str, int]) -> None:
    built = _build(factory, "meta", **kwargs)
    side = loader.side(built)
    with torch.device("meta"):
        features = loader.features(built, torch.empty(2, 3, side, side))
    assert {pooling: take(features, pooling).shape[-1] for pooling in widths} == widths
    assert (features.prefix, features.has_class) == (1, True)


@pytest.mark.parametrize(("factory", "kwargs"), [("ViT-B-32", {**VISION, **WORDS}), ("CustomTextCLIP", {**TIMM, **HF, **BERT})])
def test_the_projection_is_what_encode_image_gives(factory: str, kwargs: dict[str, Any]) -> None:
    built = _build(factory, **kwargs).requires_grad_(False)
    images = torch.randn(2, 3, loader.side(built), loader.side(built))
    features = loader.features(built, images)
    torch.testing.assert_close(features.projection, built.encode_image(images))
    if factory == "ViT-B-32":
        torch.testing.assert_close(features.pooler, features.tokens[:, 0])


def test_texts_become_vectors_beside_the_images() -> None:
    built = _build("ViT-B-32", **VISION, **WORDS).requires_grad_(False)
    assert loader.encode_text(built, torch.tensor([[48, 5, 6, 49, 0, 0, 0, 0]])).shape == (1, 512)


@pytest.mark.parametrize(("factory", "width"), [("CLIPModel", 24), ("SiglipModel", 16)])
def test_a_model_of_transformers_encodes_texts_as_well(factory: str, width: int) -> None:
    fields = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    kwargs: dict[str, Any] = {f"{part}_config.{name}": value for part in ("vision", "text") for name, value in fields.items()}
    kwargs |= {"projection_dim": 24} if factory == "CLIPModel" else {"text_config.projection_size": 16}
    built = beside.build(Loader(library="transformers", factory=factory, kwargs=kwargs)).requires_grad_(False)
    ids = torch.tensor([[5, 6, 7, 49_407], [5, 6, 49_407, 0]]).clamp(max=built.config.text_config.vocab_size - 1)
    assert beside.encode_text(built, ids).shape == (2, width)


def test_towers_decoder_and_whole_are_counted_apart() -> None:
    built = _build("coca_ViT-L-14", "meta")
    counted = {scope: sum(one.numel() for one in part) for scope, part in loader.parts(built).items()}
    assert counted["full-model"] == sum(counted[scope] for scope in ("image-encoder", "text-encoder", "decoder")) + 1
    assert counted["full-model"] == 638_450_177


def test_what_open_clip_takes_off_a_checkpoint_of_its_training_is_taken_off() -> None:
    built = _build("CustomTextCLIP", "meta", **TIMM, **HF, **BERT)
    stored = {f"state_dict.module.{name}": tensor for name, tensor in built.state_dict().items()}
    stored |= {"epoch": torch.empty(()), "state_dict.module.text.transformer.embeddings.position_ids": torch.empty(1, 512)}
    found = loader.adapted(_recipe("CustomTextCLIP"), built, stored)
    assert set(found) == set(built.state_dict())
    assert set(loader.adapted(_recipe("CustomTextCLIP"), built, dict(found))) == set(found)


def test_a_network_that_reads_no_text_says_so() -> None:
    vit = {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 3, "intermediate_size": 96, "image_size": 32}
    bare = beside.build(Loader(library="transformers", factory="ViTModel", kwargs=dict(vit)))
    with pytest.raises(Unavailable, match="ViTModel reads no text"):
        beside.encode_text(bare, torch.tensor([[1]]))
    with pytest.raises(Unavailable, match="ViTModel reads no text"):
        own.encode_text(bare, torch.tensor([[1]]))
