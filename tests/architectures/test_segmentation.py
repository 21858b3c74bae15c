"""Networks that draw maps: cells, tissue, proteins, and what a prompt points at."""

import importlib
import warnings
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, _, _ = map(importlib.import_module, ("torch", "timm", "transformers.models.clip.modeling_clip"))

from pathdex.architectures import (
    cellvit,
    gigatime,
    gigatime_flash,
    histoplexer,
    histoplus,
    hover_next,
    nulite,
    rosie,
    sam,
    unet_plus_plus,
    vista_path,
)
from pathdex.layers.branches import Branch
from pathdex.layers.sam_decoder import Prompts
from pathdex.layers.sam_vit import Block, SamVit
from pathdex.rungs.architecture import counted

SIZES: list[tuple[Any, dict[str, Any], dict[str, int]]] = [
    (cellvit, {"encoder": "HIPT"}, {"image-encoder": 21_672_979, "decoder": 25_077_370, "full-model": 46_750_349}),
    (cellvit, {"encoder": "SAM-H"}, {"image-encoder": 637_030_931, "decoder": 62_710_218, "full-model": 699_741_149}),
    (nulite, {"encoder": "ma36"}, {"image-encoder": 42_647_856, "decoder": 5_281_345, "full-model": 47_929_201}),
    (nulite, {"encoder": "s12"}, {"image-encoder": 8_302_080, "decoder": 3_747_805, "full-model": 12_049_885}),
    (histoplus, {"table": 224}, {"image-encoder": 85_737_984, "decoder": 56_419_347, "full-model": 142_157_331}),
    (unet_plus_plus, {}, {"image-encoder": 4_007_548, "decoder": 2_562_178, "full-model": 6_569_726}),
    (gigatime, {}, {"image-encoder": 4_716_192, "decoder": 4_447_863, "full-model": 9_164_055}),
    (histoplexer, {}, {"image-encoder": 996_384, "decoder": 3_218_817, "full-model": 4_215_201}),
    (rosie, {}, {"image-encoder": 49_453_152, "decoder": 39_986, "full-model": 49_493_138}),
    (gigatime_flash, {}, {"image-encoder": 21_902_208, "decoder": 1_895_135, "full-model": 23_797_343}),
    (hover_next, {}, {"image-encoder": 27_864_960, "decoder": 8_218_235, "full-model": 36_083_195}),
    (sam, {}, {"image-encoder": 89_670_912, "decoder": 4_064_560, "full-model": 93_735_472}),
    (sam, {"encoder": "SAM-H"}, {"image-encoder": 637_026_048, "decoder": 4_064_560, "full-model": 641_090_608}),
]
"""The first numbers that each was seen to share with its authors' own code, the last one with SAM's published size."""

MAPS: list[tuple[Any, dict[str, Any], int, dict[str, tuple[int, ...]]]] = [
    (
        cellvit,
        {"encoder": "HIPT", "depth": 4},
        64,
        {
            "tissue_types": (2, 19),
            "nuclei_binary_map": (2, 2, 64, 64),
            "hv_map": (2, 2, 64, 64),
            "nuclei_type_map": (2, 6, 64, 64),
        },
    ),
    (
        nulite,
        {"encoder": "t8", "nuclei": 3, "tissues": 5},
        64,
        {
            "tissue_types": (2, 5),
            "nuclei_binary_map": (2, 2, 64, 64),
            "hv_map": (2, 2, 64, 64),
            "nuclei_type_map": (2, 3, 64, 64),
        },
    ),
    (histoplus, {"table": 56, "blocks": [0, 1, 2, 3]}, 70, {"np": (2, 2, 70, 70), "hv": (2, 2, 70, 70), "tp": (2, 15, 70, 70)}),
    (unet_plus_plus, {}, 64, {"mask": (2, 2, 64, 64)}),
    (gigatime, {"channels": 5, "widths": [4, 8, 16]}, 32, {"proteins": (2, 5, 32, 32)}),
    (
        histoplexer,
        {"channels": 3, "width": 8},
        256,
        {"proteins": (2, 3, 64, 64), "proteins_0": (2, 3, 4, 4), "proteins_1": (2, 3, 16, 16)},
    ),
    (gigatime_flash, {"channels": 4, "width": 96, "depth": 4, "blocks": [0, 1, 2, 3]}, 48, {"proteins": (2, 4, 48, 48)}),
    (hover_next, {"encoder": "convnextv2_atto"}, 64, {"instances": (2, 5, 64, 64), "types": (2, 6, 64, 64)}),
    (sam, {"side": 64, "depth": 3}, 64, {"masks": (2, 4, 16, 16), "quality": (2, 4)}),
]

NAMES: list[tuple[Any, dict[str, Any], list[str]]] = [
    (
        cellvit,
        {},
        ["encoder.blocks.31.attn.rel_pos_h", "encoder.neck.3.bias", "decoder1.2.block.2.running_var", "classifier_head.bias"],
    ),
    (cellvit, {"encoder": "HIPT"}, ["encoder.head.weight", "hv_map_decoder.decoder3_upsampler.3.bias"]),
    (
        nulite,
        {},
        ["encoder.fast_vit.stem_0.conv_kxk.0.conv.weight", "decoder.decoder4_upsampler.1.block.0.weight", "tp_head.1.bias"],
    ),
    (
        histoplus,
        {},
        [
            "backbone.feature_extractor.blocks.0.mlp.w12.weight",
            "neck.necks.3.0.block.0.weight",
            "tp_branch.decoder0_header.2.bias",
        ],
    ),
    (unet_plus_plus, {}, ["encoder.conv_head.weight", "decoder.blocks.x_3_3.conv2.1.running_mean", "segmentation_head.0.bias"]),
    (gigatime, {}, ["conv0_4.bn2.weight", "conv4_0.conv1.bias", "final.weight"]),
    (histoplexer, {}, ["encoder.6.bn1.bn.running_mean", "center_block.1.conv1.bias", "to_imc.1.conv1.weight"]),
    (rosie, {}, ["features.5.26.layer_scale", "features.7.2.block.5.bias", "classifier.2.weight"]),
    (
        gigatime_flash,
        {},
        ["encoder.base_model.model.blocks.11.attn.qkv.lora_B.default.weight", "decoder4.2.bias", "skip1.2.weight"],
    ),
    (hover_next, {}, ["encoder.model.stem_0.weight", "decoders.1.blocks.4.conv2.0.bias", "heads.0.0.weight"]),
    (
        sam,
        {},
        [
            "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
            "mask_decoder.transformer.layers.1.cross_attn_image_to_token.out_proj.bias",
            "mask_decoder.output_hypernetworks_mlps.3.layers.2.weight",
            "image_encoder.blocks.11.mlp.lin2.bias",
        ],
    ),
]


def _named(values: list[Any]) -> list[str]:
    return [f"{value[0].__name__.rpartition('.')[2]}-{'-'.join(map(str, value[1].values()))[:20]}" for value in values]


@pytest.mark.parametrize(("module", "kwargs", "wanted"), SIZES, ids=_named(SIZES))
def test_parameters_are_those_of_the_authors_networks(module: Any, kwargs: dict[str, Any], wanted: dict[str, int]) -> None:
    with torch.device("meta"):
        network = module.build(**kwargs)
    assert {scope: counted(parameters) for scope, parameters in network.parts().items()} == wanted


@pytest.mark.parametrize(("module", "kwargs", "side", "wanted"), MAPS, ids=_named(MAPS))
def test_maps_have_the_images_size(module: Any, kwargs: dict[str, Any], side: int, wanted: dict[str, tuple[int, ...]]) -> None:
    with torch.no_grad():
        maps = module.build(**kwargs).eval().segment(torch.randn(2, 3, side, side))
    assert {name: tuple(drawn.shape) for name, drawn in maps.items()} == wanted
    assert all(bool(torch.isfinite(drawn).all()) for drawn in maps.values())


@pytest.mark.parametrize(("module", "kwargs", "names"), NAMES, ids=_named(NAMES))
def test_tensors_have_the_names_of_the_released_file(module: Any, kwargs: dict[str, Any], names: list[str]) -> None:
    with torch.device("meta"):
        stored = module.build(**kwargs).state_dict()
    assert [name for name in names if name not in stored] == []


@pytest.mark.parametrize(
    ("module", "kwargs", "tokens"),
    [
        (cellvit, {}, (1, 4096, 1280)),
        (cellvit, {"encoder": "HIPT"}, (1, 4096, 384)),
        (nulite, {}, (1, 1024, 608)),
        (histoplus, {}, (1, 5329, 768)),
        (unet_plus_plus, {}, (1, 1024, 320)),
        (gigatime, {"side": 1024}, (1, 4096, 512)),
        (hover_next, {"side": 1024}, (1, 1024, 768)),
        (rosie, {}, (1, 1024, 768)),
        (gigatime_flash, {}, (1, 4096, 384)),
        (histoplexer, {}, (1, 64, 256)),
        (sam, {}, (1, 4096, 256)),
    ],
)
def test_features_are_the_encoders_places(module: Any, kwargs: dict[str, Any], tokens: tuple[int, ...]) -> None:
    side = 1022 if module is histoplus else 1024
    with torch.device("meta"), torch.no_grad():
        network = module.build(**kwargs).eval()
        assert tuple(network.represent(torch.empty(1, 3, side, side))["tokens"].shape) == tokens


def test_a_window_sees_nothing_outside_itself() -> None:
    torch.manual_seed(0)
    block = Block(8, 2, window=4, side=8)
    grid = torch.randn(1, 6, 7, 8)
    moved = grid.clone()
    moved[:, 5, 6, 0] += 1.0
    with torch.no_grad():
        changed = (block(moved) - block(grid)).abs().sum(-1)[0] > 1e-6
    assert changed.nonzero().tolist() == [[row, column] for row in (4, 5) for column in (4, 5, 6)]


def test_distances_between_places_shift_with_them() -> None:
    """Without the table of positions a window moved by its own side gives the same, moved."""
    torch.manual_seed(0)
    tower = SamVit(16, 1, 2, whole=(), side=28 * 16, out=8).eval()
    left = torch.zeros(1, 3, 224, 448)
    left[..., :224] = torch.randn(1, 3, 224, 224)
    right = left.roll(224, dims=-1)
    with torch.no_grad():
        one, two = tower.stages(left)[0], tower.stages(right)[0]
    assert torch.allclose(one[..., :14], two[..., 14:], atol=1e-5)


def test_a_box_is_two_corners_and_a_point_alone_is_followed_by_none() -> None:
    torch.manual_seed(0)
    like = torch.zeros(2, 1, 1, 1)
    points, labels, boxes = torch.ones(2, 3, 2), torch.ones(2, 3), torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    assert sam.together(2, None, None, None, like)[0].shape == (2, 0, 2)
    assert sam.together(2, points, labels, None, like)[1].tolist() == [[1, 1, 1, -1]] * 2
    places, kinds = sam.together(2, points, labels, boxes, like)
    assert (kinds.tolist(), places[1, 3:].tolist()) == ([[1, 1, 1, 2, 3]] * 2, [[5, 6], [7, 8]])


def test_no_point_has_no_place() -> None:
    torch.manual_seed(0)
    prompts = Prompts(8)
    torch.nn.init.normal_(prompts.pe_layer.positional_encoding_gaussian_matrix)
    with torch.no_grad():
        codes = prompts(torch.tensor([[[1.0, 2.0], [9.0, 9.0]]]), torch.tensor([[-1, -1]]), side=16)
    assert torch.equal(codes[0, 0], codes[0, 1])
    assert torch.equal(codes[0, 0], prompts.not_a_point_embed.weight[0])


def test_a_branch_brings_maps_to_the_images_size_where_patches_do_not_divide_it() -> None:
    branch = Branch(8, 4, 3).eval()
    skips = [torch.zeros(1, 64, 28, 28), torch.zeros(1, 128, 16, 16), torch.zeros(1, 256, 8, 8), torch.zeros(1, 4, 4, 4)]
    with torch.no_grad():
        assert branch(torch.zeros(1, 8, 2, 2), skips).shape == (1, 3, 28, 28)


def _vista() -> Any:
    torch.manual_seed(0)
    return vista_path.build(depth=1, towers=1).eval()


def test_words_and_a_box_guide_what_is_drawn() -> None:
    network, images = _vista(), torch.randn(1, 3, 224, 224)
    ids, others, box = (
        torch.tensor([[49406, 320, 49407]]),
        torch.tensor([[49406, 911, 49407]]),
        torch.tensor([[10.0, 20, 90, 80]]),
    )
    torch.nn.init.normal_(network.prompt_encoder.pe_layer.positional_encoding_gaussian_matrix)
    with torch.no_grad():
        drawn = [network.segment(images, *given)["mask"] for given in ((ids,), (others,), (ids, None, box))]
    assert {tuple(one.shape) for one in drawn} == {(1, 2, 224, 224)}
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_the_authors_order_of_axes_is_kept_though_images_of_a_batch_then_see_each_other() -> None:
    network, images, ids = _vista(), torch.randn(2, 3, 224, 224), torch.tensor([[49406, 320, 49407]])
    with torch.no_grad():
        together, alone = network.segment(images, ids.expand(2, -1))["mask"], network.segment(images[:1], ids)["mask"]
    assert float((together[:1] - alone).abs().max()) > 1e-4


def test_a_tensor_under_two_names_counts_once() -> None:
    with torch.device("meta"):
        network = vista_path.build()
    assert {scope: counted(parameters) for scope, parameters in network.parts().items()} == {
        "image-encoder": 87_849_216,
        "text-encoder": 63_428_096,
        "decoder": 16_293_166,
        "full-model": 167_570_479,
    }
    assert "image_proj.weight" in network.state_dict()
    assert network.image_proj is network.base_model.visual_projection
