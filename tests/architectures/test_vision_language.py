"""Networks of images and texts: their sizes, their tensors' names, and what must hold of the mathematics."""

import importlib
import math
import warnings
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, _, _, _ = map(importlib.import_module, ("torch", "timm", "transformers.models.bert.modeling_bert", "open_clip"))
    importlib.import_module("transformers.models.qwen2.modeling_qwen2")

from pathdex.architectures import conch, conch_v1_5, cpath_clip, keep, kep, mi_zero, musk
from pathdex.layers.coca import hidden_places

BERT = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 40}
SWIN: dict[str, Any] = {"side": 28, "width": 16, "depths": (1,), "heads": (2,), "joint": 12}
QWEN = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": 2}
SMALL: dict[Any, dict[str, Any]] = {
    conch: {"side": 32, "width": 48, "depth": 1, "heads": 3, "joint": 16, "captions": 4, "words": 40, "length": 10},
    conch_v1_5: {"side": 48, "table": 2, "width": 48, "depth": 1, "heads": 3, "joint": 16},
    cpath_clip: {"side": 28, "clip_depth": 1, "virchow_depth": 1, **QWEN, "vocab_size": 40, "pad_token_id": 0},
    keep: {"side": 32, "backbone": "vit_tiny_patch16_224", "depth": 1, **BERT},
    kep: {**SWIN, **BERT},
    mi_zero: {**SWIN, **BERT},
    musk: {"side": 32, "words": 40, "length": 12, "width": 32, "heads": 2, "hidden": 48, "depth": 2},
}


def _small(network: Any, **other: Any) -> Any:
    torch.manual_seed(0)
    built = network.build(**{**SMALL[network], **other}).eval().requires_grad_(False)
    for parameter in built.parameters():
        parameter.normal_(std=0.2)
    return built


def _images(network: Any, count: int = 2) -> Any:
    side = SMALL[network]["side"]
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("network", "scopes", "tensors", "names"),
    [
        (
            conch,
            [90_392_832, 110_129_664, 200_522_497],
            326,
            [
                "visual.attn_pool_contrast.attn.q_proj_weight",
                "visual.proj_contrast",
                "text.transformer.resblocks.11.mlp.c_fc.bias",
            ],
        ),
        (conch_v1_5, [306_109_184], 352, ["trunk.blocks.23.ls2.gamma", "attn_pool_contrast.to_kv.weight", "ln_contrast.bias"]),
        (
            cpath_clip,
            [935_942_912, 1_548_829_440, 2_484_772_353],
            1092,
            ["visual.proj", "visual2.blocks.31.mlp.fc1.weight", "text.layers.27.self_attn.k_proj.bias", "proj.weight"],
        ),
        (
            keep,
            [304_728_576, 109_482_240, 414_210_817],
            546,
            ["visual.blocks.23.ls1.gamma", "visual_head.2.bias", "text.pooler.dense.weight"],
        ),
        (kep, [28_176_422, 110_138_624, 138_315_047], 408, ["visual.patch_embed.proj.0.weight", "text.mlp_embed.2.weight"]),
        (
            mi_zero,
            [27_913_766, 109_284_864, 137_198_631],
            402,
            ["visual.head.proj.weight", "visual.trunk.layers.0.blocks.1.attn_mask", "transformer.embeddings.LayerNorm.weight"],
        ),
        (
            musk,
            [304_988_160, 370_200_576, 675_188_737],
            974,
            ["beit3.encoder.layers.23.self_attn.inner_attn_ln.B.weight", "beit3.encoder.embed_positions.A.weight"],
        ),
    ],
)
def test_the_released_size_and_its_names(network: Any, scopes: list[int], tensors: int, names: list[str]) -> None:
    with torch.device("meta"), torch.no_grad():
        built = network.build()
    counted = [sum({id(one): one.numel() for one in part}.values()) for part in built.parts().values()]
    stored = built.state_dict()
    assert (counted, len(stored)) == (scopes, tensors)
    assert [name for name in names if name not in stored] == []


@pytest.mark.parametrize(
    ("network", "tokens", "widths"),
    [
        (conch, (5, 48), {"attention": 16, "projection": 16}),
        (conch_v1_5, (10, 48), {"attention": 16}),
        (cpath_clip, (9, 1280), {"projection": 3328}),
        (keep, (5, 192), {"projection": 24}),
        (kep, (49, 16), {"pooler": 16, "projection": 12}),
        (mi_zero, (49, 16), {"pooler": 16, "projection": 12}),
        (musk, (5, 32), {"projection": 32, "pooler": 64}),
    ],
)
def test_each_image_is_represented_by_itself(network: Any, tokens: tuple[int, int], widths: dict[str, int]) -> None:
    built, images = _small(network), _images(network)
    both, alone = built.represent(images), built.represent(images[1:])
    assert tuple(both["tokens"].shape) == (2, *tokens)
    assert {name: both[name].shape[-1] for name in both if name in ("attention", "projection", "pooler")} == widths
    for name in ("tokens", *widths):
        torch.testing.assert_close(both[name][1:], alone[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("network", "padding"), [(keep, 0), (kep, 0), (mi_zero, 0), (musk, 1), (cpath_clip, cpath_clip.PADDING)])
def test_filling_up_a_text_changes_nothing(network: Any, padding: int) -> None:
    built = _small(network, **({"vocab_size": 151_936, "pad_token_id": None} if network is cpath_clip else {}))
    text = torch.tensor([[5, 6, 7, 8]])
    filled = torch.cat([text, torch.full((1, 3), padding)], dim=1)
    short = built.encode_text(text)
    torch.testing.assert_close(short, built.encode_text(filled), rtol=1e-4, atol=1e-4)
    assert (built.encode_text(text.flip(1)) - short).abs().max() > 1e-4


@pytest.mark.parametrize("network", [conch, cpath_clip, keep, kep, mi_zero, musk])
def test_texts_and_images_meet_in_one_space(network: Any) -> None:
    built = _small(network)
    texts = built.encode_text(torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]]))
    assert texts.shape == built.represent(_images(network))["projection"].shape


def test_the_last_id_of_a_text_only_keeps_the_class_tokens_place_in_conch() -> None:
    built = _small(conch)
    text = torch.tensor([[5, 6, 7, 8, 0]])
    last = torch.tensor([[5, 6, 7, 8, 9]])
    assert torch.equal(built.encode_text(text), built.encode_text(last))


def test_tokens_look_back_and_the_class_token_looks_one_place_off() -> None:
    words = torch.tensor([[True, True, False]])
    assert (~hidden_places(words)).int().tolist() == [[[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0]]]


def test_a_larger_table_of_positions_is_brought_to_the_modules_size() -> None:
    built = _small(conch_v1_5)
    large = torch.cat([torch.full((1, 1, 48), 3.0), torch.ones(1, 16, 48)], dim=1)
    small = built.adapted({"trunk.pos_embed": large})["trunk.pos_embed"]
    assert small.shape == built.trunk.pos_embed.shape
    assert (small[:, 0].unique().tolist(), small[:, 1:].unique().tolist()) == ([3.0], [1.0])
    own = {"trunk.pos_embed": built.trunk.pos_embed}
    assert built.adapted(own) is own


def test_the_second_scale_of_musk_sees_the_quarters() -> None:
    built = _small(musk)
    flat = torch.full((1, 3, 32, 32), 0.5)
    first, second = built.represent(flat)["pooler"].chunk(2, dim=-1)
    torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-4)
    images = _images(musk, 1)
    first, second = built.represent(images)["pooler"].chunk(2, dim=-1)
    assert (first - second).abs().max() > 1e-3
    assert "pooler" not in _small(musk, multiscale=False).represent(images)


def test_images_and_texts_share_no_weights_in_musk() -> None:
    parts = _small(musk).parts()
    image, text = ({id(one) for one in parts[scope]} for scope in ("image-encoder", "text-encoder"))
    assert not image & text
    assert len(parts["full-model"]) == len(image) + len(text) + 1


def test_the_words_of_cpath_clip_see_those_that_follow() -> None:
    built = _small(cpath_clip)
    seen: list[Any] = []
    built.text.register_forward_hook(lambda *call: seen.append(call[-1].last_hidden_state[0, 0]))
    for last in (8, 9):
        built.encode_text(torch.tensor([[5, 6, 7, last]]))
    assert math.isfinite(float(seen[0].sum()))
    assert (seen[0] - seen[1]).abs().max() > 1e-5
