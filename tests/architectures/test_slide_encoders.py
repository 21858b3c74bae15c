"""Slide encoders: true size on the meta device, names as in the released files, and what must hold of their mathematics."""

import math
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")

from pathdex import plugins  # noqa: E402
from pathdex.layers import gated_attention, mamba2  # noqa: E402
from pathdex.layers.dilated_attention import DilatedAttention, branch  # noqa: E402
from pathdex.layers.distance import penalties, slopes  # noqa: E402
from pathdex.measuring.pooling import Features, take  # noqa: E402

TRUE_SIZE: dict[str, tuple[dict[str, Any], dict[str, int], dict[str, int], str]] = {
    "gigapath_slide": (
        {},
        {"slide-encoder": 86_330_880},
        {"cls": 768, "pooler": 768},
        "encoder.layers.11.self_attn.inner_attn_ln.weight encoder.layers.0.ffn.ffn_layernorm.bias patch_embed.proj.weight",
    ),
    "gigapath_slide of Flash": (
        {"tile": 384, "width": 384},
        {"slide-encoder": 21_489_408},
        {"cls": 384},
        "encoder.layer_norm.bias",
    ),
    "chief": (
        {},
        {"slide-encoder": 1_185_032},
        {"attention": 768, "pooler": 512},
        "attention_net.3.attention_a.0.weight instance_classifiers.1.bias att_head.fc2.weight organ_embedding text_to_vision.0.bias",
    ),
    "hipt_vit4k": ({}, {"slide-encoder": 2_781_504}, {"cls": 192}, "phi.0.weight blocks.5.mlp.fc2.bias norm.weight"),
    "prism": (
        {},
        {"slide-encoder": 99_037_440, "decoder": 403_460_096, "full-model": 514_294_017},
        {"attention": 1280, "projection": 5120},
        "image_resampler.perceiver.layers.7.xattn.xattn.to_kv.weight image_resampler.perceiver.layers.0.tf.5.mhsa.mha.in_proj_weight "
        "text_decoder.model.biogpt.layers.12.x_attn.k_proj.weight text_decoder.model.output_projection.weight temperature",
    ),
    "titan": (
        {},
        {"slide-encoder": 48_539_904, "text-encoder": 110_326_272, "full-model": 158_866_176},
        {"attention": 768, "projection": 768},
        "vision_encoder.blocks.modules_list.5.attn.qkv.weight vision_encoder.attn_pool_contrastive.query vision_encoder.proj "
        "text_encoder.transformer.resblocks.11.mlp.c_fc.weight text_encoder.cls_emb",
    ),
    "madeleine": (
        {},
        {"slide-encoder": 4_996_740},
        {"attention": 512},
        "wsi_embedders.attn.3.attention_c.bias token_projector.weight",
    ),
    "tangle": (
        {},
        {"slide-encoder": 2_893_314},
        {"attention": 512},
        "wsi_embedder.proj_multihead.weight wsi_embedder.pre_attn.9.bias",
    ),
    "tangle of one head": (
        {"heads": 1, "hidden": 768},
        {"slide-encoder": 3_678_465},
        {"attention": 1024},
        "wsi_embedder.attn.attention_b.0.weight",
    ),
    "feather": ({}, {"slide-encoder": 788_097}, {"attention": 512}, "patch_embed.0.weight global_attn.attention_c.weight"),
    "feather of UNI 2": ({"tile": 1536}, {"slide-encoder": 1_181_313}, {"attention": 512}, "patch_embed.0.bias"),
    "cobra": (
        {},
        {"slide-encoder": 14_779_800},
        {"attention": 1280},
        "mamba_enc.layers.1.1.A_log mamba_enc.layers.0.1.conv1d.weight embed.768.head.4.weight attn.7.attention_a.0.bias mamba_enc.norm.bias",
    ),
    "cobra of COBRA II": (
        {"tiles": [512, 1024, 1280, 1536], "depth": 1, "heads": 4, "hidden": 256},
        {"slide-encoder": 11_063_116},
        {"attention": 1280},
        "embed.512.head.0.weight",
    ),
    "elf": (
        {},
        {"slide-encoder": 52_134_152},
        {"pooler": 768, "attention": 1536},
        "encoder.layers.5.norm2.bias proj.1280.head.weight",
    ),
    "moozy": (
        {},
        {"slide-encoder": 42_829_056},
        {"cls": 768, "pooler": 768},
        "teacher_slide_encoder.blocks.3.pos_bias.slopes case_transformer.blocks.2.ls_mlp.gamma teacher_slide_encoder.mask_token",
    ),
    "ticon": (
        {},
        {"slide-encoder": 192_073_728},
        {"none": 1536},
        "encoder.blocks.5.residual1.fn.proj.weight input_proj_dict.input_proj_conchv15.norm.weight",
    ),
    "gigassl": (
        {},
        {"slide-encoder": 8_393_728},
        {"pooler": 512},
        "net.mil_model.sparse_pooling.0.0.convd.weight net.mil_model.sparse_pooling.0.1.norm2.running_var",
    ),
    "fastglioma": (
        {},
        {"slide-encoder": 6_333_708},
        {"cls": 512},
        "pos_embed._ff_embed.weight pos_embed._mlp.4.bias blocks.1.attn.qkv.weight",
    ),
    "exaone_slide": (
        {},
        {"slide-encoder": 43_133_184},
        {"cls": 768, "projection": 1536},
        "rope_embed.periods blocks.5.mlp.w3.weight storage_tokens patch_embed.norm.bias",
    ),
}


def _build(name: str, **kwargs: Any) -> Any:
    return plugins.load("pathdex.architectures", name.split()[0]).build(**kwargs).eval()


def _drawn(module: Any) -> Any:
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return module.eval()


@pytest.mark.parametrize("name", TRUE_SIZE)
def test_true_size_has_the_counts_the_widths_and_the_names(name: str) -> None:
    kwargs, counts, widths, names = TRUE_SIZE[name]
    with torch.device("meta"), torch.no_grad():
        module = _build(name, **kwargs)
        features = Features(**module.represent(*module.example()))
    counted = {scope: sum({id(one): one.numel() for one in parameters}.values()) for scope, parameters in module.parts().items()}
    assert counted == counts
    assert {pooling: take(features, pooling).shape[-1] for pooling in widths} == widths
    assert set(names.split()) <= set(module.state_dict())


SMALL: dict[str, dict[str, Any]] = {
    "gigapath_slide": {"tile": 24, "width": 32, "depth": 2},
    "chief": {"tile": 24, "width": 16, "hidden": 8},
    "hipt_vit4k": {"tile": 24, "width": 12, "depth": 1, "heads": 3},
    "madeleine": {"tile": 24, "width": 8, "heads": 2},
    "tangle": {"tile": 24, "hidden": 8, "heads": 2},
    "feather": {"tile": 24, "width": 8, "hidden": 4},
    "moozy": {"tile": 24, "width": 24, "depth": 2, "heads": 3, "case_depth": 1},
    "ticon": {"width": 24, "depth": 1, "heads": 3, "reads": "virchow2"},
    "titan": {"width": 24, "depth": 2, "heads": 3, "queries": 4, "text_depth": 1},
    "elf": {"depth": 1},
    "fastglioma": {"width": 24, "depth": 1, "heads": 3},
    "exaone_slide": {"tile": 24, "width": 24, "depth": 2, "heads": 3},
}


@pytest.mark.parametrize("name", [name for name in SMALL if name != "gigapath_slide"])
def test_the_order_of_the_tiles_does_not_matter(name: str) -> None:
    """Places come along with the tiles; only LongNet and Mamba read them as a sequence."""
    module = _drawn(_build(name, **SMALL[name]))
    features, *others = module.example()
    features, order = torch.randn_like(features), torch.randperm(features.shape[1])
    moved = [other[:, order] if other.shape[1:2] == features.shape[1:2] else other for other in others]
    with torch.no_grad():
        first, second = (module.represent(features, *others), module.represent(features[:, order], *moved))
    for part in {"attention", "pooler", "projection"} & first.keys():
        torch.testing.assert_close(first[part], second[part])
    if first.get("has_class"):
        torch.testing.assert_close(first["tokens"][:, 0], second["tokens"][:, 0])


@pytest.mark.parametrize("name", ["moozy", "ticon", "titan"])
def test_distance_counts_and_origin_does_not(name: str) -> None:
    module = _drawn(_build(name, **SMALL[name]))
    features, places = module.example()
    features = torch.randn_like(features)
    with torch.no_grad():
        here, there, spread = (module.represent(features, one)["tokens"] for one in (places, places + 1024 * 3, places * 9))
    torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(here, spread)


def test_slopes_are_powers_and_the_rest_come_from_the_next_power_of_two() -> None:
    assert slopes(8) == [2.0**-power for power in range(1, 9)]
    assert slopes(12)[8:] == pytest.approx([2.0**-0.5, 2.0**-1.5, 2.0**-2.5, 2.0**-3.5])


def test_a_class_token_has_no_distance() -> None:
    bias = penalties(torch.tensor([[[0.0, 0.0], [3.0, 4.0]]]), heads=1, prefix=1)
    assert bias.tolist() == [[[[0, 0, 0], [0, 0, -5 / 256], [0, -5 / 256, 0]]]]


def test_a_branch_of_dilated_attention_shows_each_head_its_stride() -> None:
    packed = torch.randn(3, 1, 8, 2, 4)
    outputs, logs = branch(packed, segment=4, ratio=2)
    assert (logs[0] > -1e7).int().tolist() == [[1, 0], [0, 1]] * 4, "head 0 sees the even tokens, head 1 the odd ones"
    queries, keys, values = packed[:, 0, 4::2, 0]
    torch.testing.assert_close(outputs[0, 4::2, 0], torch.softmax(queries @ keys.T / 2, -1) @ values)


def test_undilated_attention_over_one_segment_is_plain_attention() -> None:
    module = _drawn(DilatedAttention(16, 4, [64], [1]))
    tokens = torch.randn(1, 9, 16)
    split = [layer(tokens).unflatten(-1, (4, 4)).transpose(1, 2) for layer in (module.q_proj, module.k_proj, module.v_proj)]
    plain = torch.nn.functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)
    torch.testing.assert_close(module(tokens), module.out_proj(module.inner_attn_ln(plain)))


def test_the_places_of_gigapath_are_those_of_its_table() -> None:
    places = plugins.load("pathdex.architectures", "gigapath_slide").places
    found = places(torch.tensor([[[2 * 256 + 9, 256]]]), 8)[0, 0].tolist()
    wanted = [math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01), math.sin(2), math.sin(0.02), math.cos(2), math.cos(0.02)]
    assert found == pytest.approx(wanted), "the second coordinate first"


def test_the_scan_is_the_recurrence() -> None:
    values, decay = torch.randn(1, 11, 2, 3), -torch.rand(1, 11, 2)
    inward, outward = torch.randn(1, 11, 4), torch.randn(1, 11, 4)
    state, outputs = torch.zeros(1, 2, 3, 4), []
    for step in range(11):
        state = state * decay[:, step].exp()[..., None, None] + values[:, step, ..., None] * inward[:, step, None, None]
        outputs.append((state * outward[:, step, None, None]).sum(-1))
    torch.testing.assert_close(mamba2.scan(values, decay, inward, outward, piece=4), torch.stack(outputs, 1))


def test_mamba_looks_back_only() -> None:
    module = _drawn(mamba2.Mamba2(32, state=8, head=16))
    tokens = torch.randn(1, 9, 32)
    changed = torch.cat([tokens[:, :5], torch.randn(1, 4, 32)], dim=1)
    torch.testing.assert_close(module(tokens)[:, :5], module(changed)[:, :5])


def test_channels_are_dealt_to_the_heads_in_turn() -> None:
    assert gated_attention.dealt(torch.arange(6).view(1, 1, 6), 2).flatten(1).tolist() == [[0, 2, 4], [1, 3, 5]]


def test_cobra_gives_a_mean_of_the_tiles_that_went_in() -> None:
    module = _drawn(_build("cobra", tiles=[24, 40], width=32, depth=1, heads=2, hidden=4, state=8))
    tile = torch.randn(1, 1, 40)
    torch.testing.assert_close(module.represent(tile.expand(1, 7, 40))["attention"], tile[:, 0])


def test_a_training_checkpoint_of_cobra_gives_its_momentum_encoder() -> None:
    module = _build("cobra", tiles=[24], width=32, depth=1, heads=2, hidden=4, state=8)
    plain = module.state_dict()
    stored = {f"momentum_enc.{name}": tensor for name, tensor in plain.items()}
    stored |= {"base_enc.norm.bias": plain["norm.bias"], "momentum_enc.proj.0.weight": plain["norm.bias"]}
    assert module.adapted(stored).keys() == plain.keys() == module.adapted(plain).keys()


@pytest.mark.parametrize("name", ["madeleine", "tangle"])
def test_names_left_by_training_on_several_cards_are_understood(name: str) -> None:
    module = _build(name, **SMALL[name])
    stored = {f"module.{path}": tensor for path, tensor in module.state_dict().items()}
    assert module.adapted(stored).keys() == module.state_dict().keys()


def test_the_organ_changes_the_prompted_vector_of_chief_and_not_the_slides() -> None:
    module = _drawn(_build("chief", **SMALL["chief"]))
    module.organ_embedding.normal_()
    features = torch.randn(1, 5, 24)
    lung, breast = (module.represent(features, torch.tensor([organ])) for organ in (13, 1))
    torch.testing.assert_close(lung["attention"], breast["attention"])
    assert not torch.allclose(lung["pooler"], breast["pooler"])


PRISM: dict[str, Any] = {
    "tile": 20,
    "width": 32,
    "latents": 5,
    "rounds": 3,
    "depth": 1,
    "text": 32,
    "text_depth": 2,
    "common": 12,
}


def test_prism_reads_slides_of_several_lengths_at_once() -> None:
    module = _drawn(_build("prism", **PRISM))
    long, short = torch.randn(1, 9, 20), torch.randn(1, 4, 20)
    padded = torch.cat([short, torch.randn(1, 5, 20)], dim=1)
    present = torch.tensor([[1] * 9, [1] * 4 + [0] * 5])
    with torch.no_grad():
        both = module.represent(torch.cat([long, padded]), present)["pooler"]
        torch.testing.assert_close(both[1:], module.represent(short)["pooler"])


def test_tensors_that_prism_shares_may_be_stored_once_or_often() -> None:
    module = _build("prism", **PRISM)
    every = module.state_dict()
    once = {name: every[name] for name, _ in module.named_parameters()}
    assert len(once) < len(every)
    assert module.adapted(once).keys() == every.keys() == module.adapted(every).keys()


def test_text_has_vectors_of_its_own_and_padding_changes_nothing_of_prisms() -> None:
    module = _drawn(_build("prism", **PRISM))
    with torch.no_grad():
        vectors = module.encode_text(torch.tensor([[2, 7, 8], [2, 7, 1]]))
        torch.testing.assert_close(vectors[1:], module.encode_text(torch.tensor([[2, 7]])))
        written = module.generate(module.represent(torch.randn(1, 3, 20))["tokens"], torch.tensor([[2]]), steps=3)
    assert vectors.shape == (2, 12)
    assert 2 <= written.shape[1] <= 4
    assert _build("titan", **SMALL["titan"]).encode_text(torch.ones(2, 5, dtype=torch.long)).shape == (2, 24)


def test_pieces_of_tissue_keep_to_themselves_in_every_second_block() -> None:
    module = _drawn(_build("exaone_slide", **SMALL["exaone_slide"]))
    features, places, pieces = module.example()
    features = torch.randn_like(features)
    apart = torch.arange(16).unsqueeze(0) // 8
    with torch.no_grad():
        whole, parted, none = (module.represent(features, places, one)["tokens"] for one in (pieces, apart, None))
    assert not torch.allclose(whole, parted)
    assert not torch.allclose(whole, none), "without pieces the class token sees the tiles everywhere"


def test_tiles_of_one_place_meet_and_empty_places_stay_empty() -> None:
    laid = plugins.load("pathdex.architectures", "gigassl").laid
    grid, taken = laid(torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([[7, 2], [7, 2], [8, 5]]))
    assert grid.shape == (1, 1, 7, 7), "sides that two steps cover without a rest"
    assert {tuple(cell): grid[0, 0, *cell].item() for cell in taken[0, 0].nonzero().tolist()} == {(0, 0): 2.0, (1, 3): 5.0}


def test_where_no_tile_lies_gigassl_sees_nothing() -> None:
    module = _drawn(_build("gigassl", tile=6, width=8))
    tiles = torch.randn(1, 2, 6)
    with torch.no_grad():
        near, far, next_to = (module.represent(tiles, torch.tensor([[[0, 0], [at, at]]]))["tokens"] for at in (20, 60, 2))
    torch.testing.assert_close(near, far)
    assert not torch.allclose(near, next_to)
