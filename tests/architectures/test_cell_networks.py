"""Networks that draw cells, glands and tissue: HoVer-Net, Cerberus, LKCell, InstanSeg, CellSAM, and SAM of two generations."""

import importlib
import warnings
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, _, _ = map(importlib.import_module, ("torch", "timm", "transformers.models.sam2.modeling_sam2"))

from pathdex.architectures import cellsam, cerberus, hover_net, instanseg, lkcell, sam, sam2
from pathdex.layers import unetr
from pathdex.layers.anchor_detr import RowsAndColumns
from pathdex.layers.uni_rep_lk import Reparameterised
from pathdex.rungs.architecture import counted

SIZES: list[tuple[Any, dict[str, Any], dict[str, int]]] = [
    (hover_net, {}, {"image-encoder": 25_597_504, "decoder": 29_146_953, "full-model": 54_744_457}),
    (
        hover_net,
        {"fast": True, "types": 6},
        {"image-encoder": 25_597_504, "decoder": 12_042_122, "full-model": 37_639_626},
    ),
    (hover_net, {"fast": True, "types": 0}, {"image-encoder": 25_597_504, "decoder": 8_027_908, "full-model": 33_625_412}),
    (cerberus, {}, {"image-encoder": 21_284_672, "decoder": 6_579_612, "full-model": 27_864_284}),
    (lkcell, {}, {"image-encoder": 55_705_867, "decoder": 30_651_028, "full-model": 86_356_895}),
    (
        lkcell,
        {"encoder": "unireplknet_n"},
        {"image-encoder": 18_193_019, "decoder": 28_685_716, "full-model": 46_878_735},
    ),
    (instanseg, {}, {"image-encoder": 2_788_320, "decoder": 1_036_460, "full-model": 3_824_780}),
    (cellsam, {}, {"image-encoder": 89_670_912, "decoder": 106_187_150, "full-model": 195_858_062}),
    (sam, {"maps": 3}, {"image-encoder": 89_670_912, "decoder": 15_093_491, "full-model": 104_764_403}),
    (sam2, {}, {"image-encoder": 27_219_136, "decoder": 4_221_585, "full-model": 31_440_721}),
]
"""Each was seen to share them with its authors' own code, less what takes no part in a prediction."""

NAMES: list[tuple[Any, dict[str, Any], list[str]]] = [
    (
        hover_net,
        {},
        [
            "conv0./.weight",
            "d1.units.2.preact/bn.running_var",
            "d3.blk_bna.bn.bias",
            "decoder.tp.u3.dense.units.7.conv1/bn.weight",
            "decoder.hv.u1.conva.weight",
            "upsample2x.unpool_mat",
        ],
    ),
    (
        cerberus,
        {},
        [
            "backbone.layer3.5.conv2.weight",
            "decoder_head.Nuclei#TYPE.2.block.1.bn.running_mean",
            "output_head.Gland.INST.x.0.block.0.conv.bias",
            "decoder_head.Patch-Class.conv2.weight",
        ],
    ),
    (
        lkcell,
        {},
        [
            "encoder.stages.2.26.pwconv2.2.weight",
            "encoder.stages.1.0.dwconv.dil_bn_k7_2.running_var",
            "decoder.blocks.2.convs.conv_1.adn.N.bias",
            "hv_map_head.3.bn.weight",
        ],
    ),
    (
        instanseg,
        {},
        ["fcn.decoders.0.final_block.2.0.weight", "fcn.encoder.3.conv4.1.running_mean", "pixel_classifier.fc3.bias"],
    ),
    (
        cellsam,
        {},
        [
            "model_cp.mask_decoder.iou_prediction_head.layers.2.bias",
            "cellfinder.decode_head.backbone.body.blocks.11.attn.rel_pos_h",
            "cellfinder.decode_head.transformer.decoder_layers.5.cross_attn.in_proj_weight",
            "cellfinder.decode_head.transformer.bbox_embed.5.layers.2.bias",
        ],
    ),
    (sam, {"maps": 3}, ["decoder.samplers.2.block.weight", "deconv4.block.1.block.bias", "base.block.4.weight"]),
]

MAPS: list[tuple[Any, dict[str, Any], int, dict[str, tuple[int, ...]]]] = [
    (
        cerberus,
        {"encoder": "resnet18"},
        32,
        {
            "Lumen-INST": (1, 3, 32, 32),
            "Gland-INST": (1, 3, 32, 32),
            "Nuclei-INST": (1, 3, 32, 32),
            "Nuclei-TYPE": (1, 7, 32, 32),
            "Gland-TYPE": (1, 3, 32, 32),
            "Patch-Class": (1, 9),
        },
    ),
    (
        lkcell,
        {"encoder": "unireplknet_n", "nuclei": 3, "tissues": 5},
        32,
        {
            "tissue_types": (1, 5),
            "nuclei_binary_map": (1, 2, 32, 32),
            "hv_map": (1, 2, 32, 32),
            "nuclei_type_map": (1, 3, 32, 32),
        },
    ),
    (instanseg, {"widths": [8, 16, 16]}, 32, {"coordinates": (1, 2, 32, 32), "spread": (1, 2, 32, 32), "seeds": (1, 1, 32, 32)}),
    (cellsam, {"side": 64, "depth": 1, "steps": 1, "places": 7}, 64, {"mask": (1, 1, 16, 16), "quality": (1, 1)}),
    (sam, {"side": 64, "depth": 1, "maps": 3}, 64, {"masks": (1, 4, 16, 16), "quality": (1, 4), "maps": (1, 3, 64, 64)}),
    (sam2, {"width": 16, "depths": [1, 1, 2, 1], "whole": [3], "side": 128}, 128, {"mask": (1, 1, 32, 32), "quality": (1, 1)}),
]


def _named(values: list[Any]) -> list[str]:
    return [f"{value[0].__name__.rpartition('.')[2]}-{'-'.join(map(str, value[1].values()))[:20]}" for value in values]


@pytest.mark.parametrize(("module", "kwargs", "wanted"), SIZES, ids=_named(SIZES))
def test_parameters_are_those_that_the_authors_networks_use(module: Any, kwargs: dict[str, Any], wanted: dict[str, int]) -> None:
    with torch.device("meta"):
        network = module.build(**kwargs)
    assert {scope: counted(parameters) for scope, parameters in network.parts().items()} == wanted


@pytest.mark.parametrize(("module", "kwargs", "names"), NAMES, ids=_named(NAMES))
def test_tensors_have_the_names_of_the_released_file(module: Any, kwargs: dict[str, Any], names: list[str]) -> None:
    with torch.device("meta"):
        stored = module.build(**kwargs).state_dict()
    assert [name for name in names if name not in stored] == []


@pytest.mark.parametrize(("module", "kwargs", "side", "wanted"), MAPS, ids=_named(MAPS))
def test_maps_have_the_stated_size(module: Any, kwargs: dict[str, Any], side: int, wanted: dict[str, tuple[int, ...]]) -> None:
    with torch.no_grad():
        maps = module.build(**kwargs).eval().segment(torch.randn(1, 3, side, side))
    assert {name: tuple(drawn.shape) for name, drawn in maps.items()} == wanted
    assert all(bool(torch.isfinite(drawn).all()) for drawn in maps.values())


@pytest.mark.parametrize(("fast", "side", "drawn"), [(False, 270, 80), (True, 256, 164), (True, 104, 12)])
def test_hover_net_draws_the_middle_of_the_image(fast: bool, side: int, drawn: int) -> None:
    with torch.device("meta"), torch.no_grad():
        maps = hover_net.build(fast, types=6).eval().segment(torch.empty(2, 3, side, side))
    assert {name: tuple(one.shape) for name, one in maps.items()} == {
        "tp": (2, 6, drawn, drawn),
        "np": (2, 2, drawn, drawn),
        "hv": (2, 2, drawn, drawn),
    }


@pytest.mark.parametrize(
    ("module", "kwargs", "side", "tokens"),
    [
        (hover_net, {}, 270, (1, 1089, 1024)),
        (hover_net, {"fast": True}, 256, (1, 1024, 1024)),
        (cerberus, {}, 448, (1, 784, 512)),
        (lkcell, {}, 256, (1, 64, 768)),
        (instanseg, {}, 256, (1, 1024, 256)),
        (cellsam, {}, 1024, (1, 4096, 256)),
        (sam2, {}, 1024, (1, 4096, 256)),
    ],
)
def test_features_are_the_encoders_places(module: Any, kwargs: dict[str, Any], side: int, tokens: tuple[int, ...]) -> None:
    with torch.device("meta"), torch.no_grad():
        network = module.build(**kwargs).eval()
        assert network.side == side
        assert tuple(network.represent(torch.empty(1, 3, side, side))["tokens"].shape) == tokens


def test_a_file_from_tensorflow_lacks_only_the_counts_of_batches() -> None:
    with torch.device("meta"):
        network = hover_net.build()
        wanted = network.state_dict()
        stored = {name: tensor for name, tensor in wanted.items() if not name.endswith("num_batches_tracked")}
        assert network.adapted(stored).keys() == wanted.keys()


def test_the_middle_of_an_odd_margin_lies_before_the_larger_half() -> None:
    grid = torch.arange(7.0).expand(1, 1, 7, 7)
    assert hover_net.middle(grid, grid[..., :4, :4])[0, 0, 0].tolist() == [1, 2, 3, 4]


def test_a_padded_convolution_of_stride_two_leaves_out_what_tensorflow_does() -> None:
    """Of an even side the first place of the window is the image's own; of an odd one zeros stand on both sides."""
    layer = hover_net.Padded(1, 1, 3, stride=2, bias=False)
    torch.nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.weight[0, 0, 0, 0] = 1.0
        even, odd = (layer(torch.ones(1, 1, side, side))[0, 0, 0].tolist() for side in (4, 5))
    assert (even, odd) == ([1, 1], [0, 0, 0])


def test_a_name_of_a_training_on_several_devices_is_taken_off() -> None:
    with torch.device("meta"):
        network = cerberus.build("resnet18")
    assert list(network.adapted({"module.conv_map.weight": 1, "conv1.weight": 2})) == ["conv_map.weight", "conv1.weight"]


def test_large_and_dilated_convolutions_are_one_convolution() -> None:
    """Without norms the answer to one lit place is the sum of all kernels, spread by their dilations."""
    torch.manual_seed(0)
    block = Reparameterised(1).eval()
    lit = torch.zeros(1, 1, 13, 13)
    lit[0, 0, 6, 6] = 1.0
    kernel = block.lk_origin.weight.detach()[0, 0].clone()
    for side, dilation in ((5, 1), (7, 2), (3, 3), (3, 4), (3, 5)):
        reach = dilation * (side // 2)
        kernel[6 - reach : 7 + reach : dilation, 6 - reach : 7 + reach : dilation] += block.get_submodule(
            f"dil_conv_k{side}_{dilation}"
        ).weight.detach()[0, 0]
    with torch.no_grad():
        answer = block(lit)[0, 0] * (1 + 1e-5) ** 0.5
    assert torch.allclose(answer, kernel.flip(0, 1), atol=1e-6)


def test_attention_by_rows_and_columns_is_attention_with_products_of_both() -> None:
    torch.manual_seed(0)
    layer = RowsAndColumns(8, heads=2)
    torch.nn.init.normal_(layer.in_proj_weight)
    queries, grid = torch.randn(1, 3, 8), torch.randn(1, 4, 5, 8)
    nowhere = (torch.zeros(5, 8), torch.zeros(4, 8))
    with torch.no_grad():
        given = layer(queries, queries, grid, nowhere)
        weights = [part.reshape(2, 4, 8) for part in layer.in_proj_weight.chunk(5)]
        heads = []
        for head in range(2):
            across, down, column, row, value = (part[head] for part in weights)
            along = ((queries[0] @ across.T) @ (grid[0].mean(0) @ column.T).T / 2).softmax(-1)
            upward = ((queries[0] @ down.T) @ (grid[0].mean(1) @ row.T).T / 2).softmax(-1)
            both = (upward[:, :, None] * along[:, None, :]).flatten(1)
            heads.append(both @ (grid[0] @ value.T).flatten(0, 1))
        wanted = layer.out_proj(torch.cat(heads, dim=-1))
    assert torch.allclose(given[0], wanted, atol=1e-5)


def test_of_two_segmenters_in_a_file_the_tuned_one_is_taken() -> None:
    with torch.device("meta"):
        network = cellsam.build(side=64, depth=1, steps=1, places=3)
    both = {"model.prompt_encoder.no_mask_embed.weight": 1, "model_cp.prompt_encoder.no_mask_embed.weight": 2}
    assert network.adapted(both) == {"model_cp.prompt_encoder.no_mask_embed.weight": 2}
    assert network.adapted(dict([*both.items()][:1])) == {"model_cp.prompt_encoder.no_mask_embed.weight": 1}


def test_the_decoder_of_maps_reads_the_middle_half_of_the_channels_beside() -> None:
    torch.manual_seed(0)
    decoder = unetr.Decoder().eval()
    grid = torch.randn(1, 512, 1, 1)
    beside = [torch.randn(1, width, side, side) for width, side in ((512, 2), (256, 4), (128, 8))]
    moved = [one.clone() for one in beside]
    moved[0][:, :128] += 1.0
    moved[0][:, 384:] += 1.0
    with torch.no_grad():
        before, after = decoder(grid, beside), decoder(grid, moved)
        moved[0][:, 128] += torch.randn(2, 2)
        third = decoder(grid, moved)
    assert before.shape == (1, 64, 8, 8)
    assert torch.equal(before, after)
    assert not torch.equal(after, third)


def test_a_nucleus_is_where_coordinates_meet_the_seeds() -> None:
    torch.manual_seed(0)
    network = instanseg.build(widths=(4, 8)).eval()
    places = torch.stack(torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="xy"))[None]
    maps = {"coordinates": places, "spread": torch.ones(1, 2, 4, 4)}
    with torch.no_grad():
        whole = network.belongs(maps, 1, 2)
        maps["coordinates"] = places + 7.0
        moved = network.belongs(maps, 1, 2)
    assert whole.shape == (1, 4, 4)
    assert torch.equal(whole, moved)


def test_names_of_segment_anything_2_become_those_of_transformers() -> None:
    with torch.device("meta"):
        network = sam2.build()
    tensors = {
        "image_encoder.trunk.blocks.1.norm2.weight": 1,
        "image_encoder.neck.convs.3.conv.bias": 2,
        "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix": 3,
        "sam_mask_decoder.transformer.layers.1.cross_attn_image_to_token.out_proj.bias": 4,
        "sam_mask_decoder.transformer.norm_final_attn.weight": 5,
        "sam_mask_decoder.pred_obj_score_head.layers.1.weight": 6,
        "sam_mask_decoder.transformer.layers.0.mlp.layers.1.bias": 7,
        "no_mem_embed": 8,
    }
    assert network.adapted(tensors) == {
        "network.vision_encoder.backbone.blocks.1.layer_norm2.weight": 1,
        "network.vision_encoder.neck.convs.3.bias": 2,
        "network.prompt_encoder.shared_embedding.positional_embedding": 3,
        "network.shared_image_embedding.positional_embedding": 3,
        "network.mask_decoder.transformer.layers.1.cross_attn_image_to_token.o_proj.bias": 4,
        "network.mask_decoder.transformer.layer_norm_final_attn.weight": 5,
        "network.mask_decoder.pred_obj_score_head.layers.0.weight": 6,
        "network.mask_decoder.transformer.layers.0.mlp.proj_out.bias": 7,
        "network.no_memory_embedding": 8,
    }


def test_four_kinds_of_points_become_one_table() -> None:
    with torch.device("meta"):
        network = sam2.build()
    given = {f"sam_prompt_encoder.point_embeddings.{kind}.weight": torch.full((1, 2), float(kind)) for kind in (2, 0, 3, 1)}
    table = network.adapted(given)["network.prompt_encoder.point_embed.weight"]
    assert table[:, 0].tolist() == [0, 1, 2, 3]
