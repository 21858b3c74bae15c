"""Tile encoders that no library carries: their sizes, their tensors' names, and what must hold of the mathematics."""

import importlib
import warnings
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, _ = map(importlib.import_module, ("torch", "transformers"))

from pathdex.architectures import (
    beph,
    ctranspath,
    dino_vit,
    genbio_pathfm,
    isight,
    kimianet,
    kronos,
    pathoduet,
    seal_conch,
    seal_uni2,
    virtues,
)
from pathdex.layers import low_rank, windows
from pathdex.layers.vit import stretched

SMALL: dict[Any, dict[str, Any]] = {
    beph: {"width": 48, "depth": 2, "heads": 3, "side": 32},
    ctranspath: {"width": 16, "depths": (2, 2), "heads": (2, 4), "window": 2, "side": 32},
    dino_vit: {"width": 48, "depth": 2, "heads": 3, "side": 32},
    genbio_pathfm: {"width": 48, "depth": 2, "heads": 3, "side": 32},
    isight: {"width": 32, "depth": 1, "heads": 2, "side": 28},
    pathoduet: {"width": 48, "depth": 2, "heads": 3, "side": 32},
}


def _small(network: Any) -> Any:
    torch.manual_seed(0)
    built = network.build(**SMALL[network]).eval().requires_grad_(False)
    for parameter in built.parameters():
        parameter.normal_(std=0.2)
    return built


@pytest.mark.parametrize(
    ("network", "parameters", "tensors", "names"),
    [
        (
            beph,
            85_663_824,
            185,
            ["rel_pos_bias.relative_position_index", "layers.11.ffn.layers.0.0.weight", "layers.0.attn.q_bias"],
        ),
        (
            ctranspath,
            27_520_038,
            200,
            ["layers.2.blocks.5.attn_mask", "layers.0.downsample.reduction.weight", "patch_embed.proj.6.bias"],
        ),
        (dino_vit, 21_665_664, 150, ["cls_token", "blocks.11.attn.qkv.bias", "norm.weight"]),
        (
            genbio_pathfm,
            1_133_686_784,
            607,
            ["storage_tokens", "rope_embed.periods", "blocks.39.mlp.w3.bias", "blocks.0.ls2.gamma"],
        ),
        (isight, 304_555_008, 391, ["patch_encoder.vision_model.embeddings.class_embedding", "visual_token_projection.bias"]),
        (kronos, 21_484_416, 175, ["register_tokens", "blocks.0.0.ls1.gamma", "blocks.3.11.mlp.fc2.weight"]),
        (pathoduet, 85_800_192, 151, ["pretext_token", "fc_norm.weight", "blocks.11.mlp.fc1.weight"]),
    ],
)
def test_the_released_size_and_its_names(network: Any, parameters: int, tensors: int, names: list[str]) -> None:
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        built = network.build()
    stored = built.state_dict()
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters
    assert len(stored) == tensors
    assert [name for name in names if name not in stored] == []
    assert built.parts()["image-encoder"] == list(built.parameters())


@pytest.mark.parametrize(
    ("network", "tokens", "prefix", "width"),
    [
        (beph, 5, 1, 48),
        (ctranspath, 16, 0, 32),
        (dino_vit, 5, 1, 48),
        (genbio_pathfm, 9, 5, 144),
        (isight, 5, 1, 32),
        (pathoduet, 6, 2, 48),
    ],
)
def test_a_batch_of_tiles_gives_tokens_and_each_tile_stands_for_itself(
    network: Any, tokens: int, prefix: int, width: int
) -> None:
    built = _small(network)
    tiles = torch.randn(3, 3, built.side, built.side)
    given = built.represent(tiles)
    assert (tuple(given["tokens"].shape), given.get("prefix", 0)) == ((3, tokens, width), prefix)
    assert torch.allclose(given["tokens"][1:2], built.represent(tiles[1:2])["tokens"], atol=1e-5)


@pytest.mark.parametrize(("network", "wanted"), [(beph, 0.0), (pathoduet, None), (isight, None)])
def test_a_pooler_is_what_the_authors_make_of_the_mean(network: Any, wanted: float | None) -> None:
    built = _small(network)
    given = built.represent(torch.randn(2, 3, built.side, built.side))
    mean = given["tokens"][:, 1 if network is beph else 2 if network is pathoduet else 0 :].mean(1)
    if network is isight:
        assert torch.equal(given["pooler"], mean)
    elif network is pathoduet:
        assert torch.equal(given["pooler"], built.fc_norm(mean))
    else:
        assert given["pooler"].mean(1).abs().max() < 1e-5
        assert torch.allclose(given["pooler"].std(1, unbiased=False), torch.ones(2), atol=1e-3)


def test_without_positions_patches_are_a_set() -> None:
    built = _small(pathoduet)
    built.pos_embed.zero_()
    tile = torch.randn(1, 3, 32, 32)
    assert torch.allclose(built.represent(tile)["pooler"], built.represent(tile.roll(16, 3))["pooler"], atol=1e-5)


def test_a_table_of_positions_stays_as_it_is_at_its_own_size_and_is_stretched_at_another() -> None:
    table = torch.randn(1, 1 + 14 * 14, 8)
    assert stretched(table, 14, 14) is table
    larger = stretched(table, 16, 16)
    assert larger.shape == (1, 257, 8)
    assert torch.equal(larger[:, 0], table[:, 0])
    flat = torch.ones(1, 1 + 14 * 14, 8)
    assert torch.allclose(stretched(flat, 16, 16), torch.ones(1, 257, 8), atol=1e-5)


def test_windows_are_split_and_joined_without_loss() -> None:
    grid = torch.arange(2 * 6 * 6 * 3).reshape(2, 6, 6, 3)
    parts = windows.split(grid, 3)
    assert parts.shape == (2, 4, 9, 3)
    assert torch.equal(parts[0, 1], grid[0, :3, 3:].reshape(9, 3))
    assert torch.equal(windows.joined(parts, 3, 6), grid)


def test_the_bias_of_places_hangs_on_the_way_alone() -> None:
    index = windows.relative_places(3)
    assert index[0, 4] == index[4, 8] != index[4, 0]
    assert index.unique().tolist() == list(range(25))
    assert windows.relative_places_with_class(3).unique().tolist() == list(range(28))


def test_a_rolled_window_keeps_tokens_of_opposite_edges_apart() -> None:
    mask = windows.shifted_mask(6, 3, 1)
    assert mask[0].eq(0).all()
    last = mask[3].reshape(3, 3, 3, 3)
    assert last[0, 0, 1, 1] == 0
    assert last[0, 0, 2, 0] == last[0, 0, 0, 2] == last[2, 2, 1, 2] == -100


def test_a_shifted_block_mixes_across_windows_and_not_across_edges() -> None:
    block = _small(ctranspath).layers[0].blocks[1]
    grid = torch.randn(1, 8, 8, 16)
    changed = grid.clone()
    changed[0, 0, 0, 0] += 3.0
    moved = (block(changed) - block(grid)).abs().sum(-1)[0] > 1e-6
    assert moved[0, 0]
    assert not moved[7].any()
    changed = grid.clone()
    changed[0, 1, 1, 0] += 3.0
    moved = (block(changed) - block(grid)).abs().sum(-1)[0] > 1e-6
    assert moved[1:3, 1:3].all()
    assert moved.sum() == 4


def test_colours_of_genbio_pass_alone_and_keep_their_place() -> None:
    built = _small(genbio_pathfm)
    tile = torch.randn(1, 3, 32, 32)
    whole, turned = built.represent(tile)["tokens"][0, 0], built.represent(tile.flip(1))["tokens"][0, 0]
    assert torch.allclose(whole.reshape(3, 48).flip(0).flatten(), turned, atol=1e-5)


def test_rotation_keeps_lengths_and_leaves_the_first_tokens() -> None:
    positions = genbio_pathfm.RotaryPositions(16)
    sines, cosines = positions(2, 3)
    assert sines.shape == (6, 16)
    assert positions.periods.dtype == torch.bfloat16
    heads = torch.randn(1, 2, 11, 16)
    rotated = genbio_pathfm.turned(sines.float(), cosines.float(), heads)
    assert torch.equal(rotated[:, :, :5], heads[:, :, :5])
    assert torch.allclose(rotated.norm(dim=-1), heads.norm(dim=-1), rtol=2e-2)


def test_markers_are_known_by_their_number_and_not_by_their_place() -> None:
    torch.manual_seed(0)
    built = kronos.build(width=48, depth=4, heads=3, share=2, registers=2).eval().requires_grad_(False)
    for parameter in built.parameters():
        parameter.normal_(std=0.2)
    images, markers = torch.randn(1, 3, 32, 32), torch.tensor([[4, 9, 100]])
    given = built.represent(images, markers)
    assert tuple(given["tokens"].shape) == (1, 1 + 2 + 3 * 4, 48)
    order = torch.tensor([2, 0, 1])
    assert torch.allclose(built(images[:, order], markers[:, order])[:, 0], given["tokens"][:, 0], atol=1e-5)
    assert not torch.allclose(built(images, markers + 1)[:, 0], given["tokens"][:, 0], atol=1e-3)


def test_kronos_takes_the_first_block_of_each_chunk_unless_told_otherwise() -> None:
    built = {every: kronos.build(width=48, depth=6, heads=3, share=3, every_block=every) for every in (False, True)}
    assert built[False].state_dict().keys() == built[True].state_dict().keys()
    names = {id(block): name for name, block in built[False].named_modules()}
    assert [names[id(block)] for block in built[False]._run()] == ["blocks.0.0", "blocks.1.3"]
    assert len(built[True]._run()) == 6


def test_patches_of_kronos_may_overlap_with_the_same_weights() -> None:
    torch.manual_seed(0)
    plain, overlapping = (
        kronos.build(width=48, depth=1, heads=3, share=1, registers=2, stride=stride).eval() for stride in (16, 8)
    )
    overlapping.load_state_dict(plain.state_dict())
    images, markers = torch.randn(1, 1, 64, 64), torch.tensor([[7]])
    assert [tuple(one(images, markers).shape) for one in (plain, overlapping)] == [(1, 3 + 16, 48), (1, 3 + 49, 48)]


def test_kimianet_is_densenet_without_its_last_relu() -> None:
    torch.manual_seed(0)
    built = kimianet.build(growth=8, blocks=(2, 2, 2, 2)).eval().requires_grad_(False)
    given = built.represent(torch.randn(1, 3, 64, 96))["tokens"]
    assert given.shape[1] == 2 * 3
    assert given.min() < 0
    with torch.device("meta"):
        whole = kimianet.build()
    assert sum(parameter.numel() for parameter in whole.parameters()) == 6_953_856
    assert "model.0.denseblock4.denselayer16.conv2.weight" in whole.state_dict()


def test_low_rank_changes_are_added_where_they_belong() -> None:
    torch.manual_seed(0)
    weight, bias, down, up, table = (torch.randn(*shape) for shape in ((6, 4), (6,), (2, 4), (6, 2), (1, 5)))
    stored = {
        "module.encoder.base_model.model.blocks.0.attn.qkv.base_layer.weight": weight,
        "module.encoder.base_model.model.blocks.0.attn.qkv.base_layer.bias": bias,
        "module.encoder.base_model.model.blocks.0.attn.qkv.lora_A.default.weight": down,
        "module.encoder.base_model.model.blocks.0.attn.qkv.lora_B.default.weight": up,
        "module.encoder.base_model.model.pos_embed": table,
        "module.decoder.decoder.0.weight": weight,
    }
    found = low_rank.merged(stored, alpha=8.0)
    assert sorted(found) == ["blocks.0.attn.qkv.bias", "blocks.0.attn.qkv.weight", "pos_embed"]
    tokens = torch.randn(3, 4)
    wanted = tokens @ weight.T + bias + 4.0 * (tokens @ down.T @ up.T)
    assert torch.allclose(tokens @ found["blocks.0.attn.qkv.weight"].T + found["blocks.0.attn.qkv.bias"], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "kwargs", "part", "width"),
    [
        (seal_uni2, {"width": 48, "depth": 2, "heads": 3, "registers": 2, "side": 28}, "tokens", 48),
        (seal_conch, {"width": 48, "depth": 2, "heads": 3, "joint": 16, "side": 32}, "attention", 16),
    ],
)
def test_seal_takes_its_backbone_out_of_the_wrapper(network: Any, kwargs: dict[str, Any], part: str, width: int) -> None:
    built = network.build(**kwargs).eval()
    wanted = built.state_dict()
    stored = {f"encoder.base_model.model.{name.removeprefix('encoder.')}": tensor for name, tensor in wanted.items()}
    stored["encoder.base_model.model.attn_pool_caption.query"] = torch.zeros(2, 2)
    stored = {name: tensor for name, tensor in stored.items() if network is seal_conch or "caption" not in name}
    assert built.adapted(stored).keys() == wanted.keys()
    assert built.represent(torch.randn(2, 3, built.side, built.side))[part].shape[-1] == width


def test_virtues_mixes_markers_of_a_place_and_places_of_a_marker() -> None:
    torch.manual_seed(0)
    layers = {letter: virtues.build(32, 48, 2, letter, 6).eval().requires_grad_(False) for letter in "hv"}
    images, proteins = torch.randn(1, 3, 16, 24), torch.randn(1, 3, 6)
    changed = images.clone()
    changed[0, 1, :8, :8] += torch.randn(8, 8)
    moved = {letter: (one(changed, proteins) - one(images, proteins)).abs().sum(-1)[0] > 1e-6 for letter, one in layers.items()}
    assert moved["h"].any(1).tolist() == [False, False, True, False]
    assert moved["v"].any(0).tolist() == [True] + 5 * [False]
    assert moved["h"][2].all() and moved["v"][:, 0].all()


def test_markers_of_virtues_have_no_order() -> None:
    torch.manual_seed(0)
    built = virtues.build(32, 48, 2, "hvhv", 6).eval().requires_grad_(False)
    images, proteins, order = torch.randn(2, 3, 16, 24), torch.randn(2, 3, 6), torch.tensor([2, 0, 1])
    tokens = built.represent(images, proteins)["tokens"]
    assert tuple(tokens.shape) == (2, 6, 32)
    assert torch.allclose(built.represent(images[:, order], proteins[:, order])["tokens"], tokens, atol=1e-5)
    with torch.device("meta"):
        whole = virtues.build()
    assert sum(parameter.numel() for parameter in whole.parameters()) == 34_007_552
    assert "encoder.14.encoder_layer.multi_head_attention.pos_emb.rope1d.sin" in whole.state_dict()


@pytest.mark.parametrize("network", SMALL)
@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_fewer_bits_keep_the_direction(network: Any, precision: Any) -> None:
    built = _small(network)
    tiles = torch.randn(2, 3, built.side, built.side)
    whole = built.represent(tiles)["tokens"]
    with torch.autocast("cpu", dtype=precision):
        cast = built.represent(tiles)["tokens"]
    low = built.to(precision).represent(tiles.to(precision))["tokens"]
    assert low.dtype == precision
    for found in (cast, low):
        assert torch.cosine_similarity(found.float().flatten(), whole.flatten(), dim=0) > 0.999
