"""Networks that read gene expression or stains from features and tiles: true sizes, released names, and what must hold of them."""

from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")

from pathdex import plugins  # noqa: E402
from pathdex.measuring.pooling import Features, take  # noqa: E402

TRUE_SIZE: dict[str, tuple[dict[str, Any], dict[str, int], dict[str, int], str]] = {
    "stpath": (
        {},
        {"slide-encoder": 29_177_392, "decoder": 19_999_816, "full-model": 49_177_208},
        {"projection": 38_984, "mean": 512},
        "input_encoder.gene_embed.weight model.blks.3.attn.edge_bias.0.weight model.blks.0.mlp.norm.bias gene_exp_head.1.bias",
    ),
    "sequoia": (
        {},
        {"slide-encoder": 32_419_840, "decoder": 21_342_548, "full-model": 53_762_388},
        {"projection": 20_820, "pooler": 1024},
        "pos_emb1D transformer.layers.5.0.mixers.15.summary_norm.weight transformer.layers.0.1.net.3.bias linear_head.1.weight",
    ),
    "deepspot": (
        {},
        {"full-model": 82_098_000},
        {"projection": 5000, "mean": 1536},
        "phi_spot.9.model.0.weight rho.0.model.2.bias",
    ),
    "histotme": (
        {},
        {"slide-encoder": 3_279_361, "decoder": 28_171, "full-model": 3_307_532},
        {"projection": 11, "attention": 2560},
        "attention.2.bias classifier_multi.10.0.weight",
    ),
    "path2space": (
        {},
        {"full-model": 1_756_968_136},
        {"projection": 14_068},
        "result_0_0_0.layer0.0.weight result_21_6_0.layer1.0.bias",
    ),
}
SMALL: dict[str, dict[str, Any]] = {
    "stpath": {"tile": 12, "genes": 20, "width": 16, "depth": 2},
    "sequoia": {"genes": 20, "width": 16, "depth": 2, "heads": 2, "head": 4, "clusters": 5},
    "deepspot": {"width": 8, "genes": 6, "hidden": 4, "members": 3},
    "histotme": {"width": 9, "signatures": 3},
    "path2space": {"width": 6, "genes": 5, "outer": 2, "inner": 2},
}


def built(name: str, **kwargs: Any) -> Any:
    """The network, with numbers that tell its parts apart."""
    torch.manual_seed(0)
    module = plugins.load("pathdex.architectures", name).build(**kwargs).eval().requires_grad_(False)
    for parameter in module.parameters():
        parameter.normal_(std=0.3)
    return module


@pytest.mark.parametrize("name", TRUE_SIZE)
def test_the_released_size_its_names_and_its_widths(name: str) -> None:
    kwargs, parameters, widths, names = TRUE_SIZE[name]
    with torch.device("meta"):
        module = plugins.load("pathdex.architectures", name).build(**kwargs)
        features = Features(**module.represent(*module.example()))
    assert {scope: sum(one.numel() for one in part) for scope, part in module.parts().items()} == parameters
    assert {pooling: take(features, pooling).shape[-1] for pooling in widths} == widths
    assert [one for one in names.split() if one not in module.state_dict()] == []


def test_expression_at_a_spot_hangs_on_the_distances_alone_stretched_to_the_slide() -> None:
    module = built("stpath", **SMALL["stpath"])
    features, places = torch.rand(7, 12), torch.rand(7, 2)
    first = module.represent(features, places)
    turned = module.represent(features, 1000 - places.flip(-1) * torch.tensor([500.0, 20.0]))
    order = torch.randperm(7)
    mixed = module.represent(features[order], places[order])
    assert torch.allclose(first["projection"], turned["projection"], atol=1e-4)
    assert torch.allclose(first["projection"][order], mixed["projection"], atol=1e-4)
    moved = module.represent(features, places * torch.tensor([1.0, 2.0]) + torch.rand(7, 2))
    assert not torch.allclose(first["projection"], moved["projection"], atol=1e-2)


def test_what_is_left_out_is_masked_and_padding() -> None:
    module = built("stpath", **SMALL["stpath"])
    features, places = torch.rand(4, 12), torch.rand(4, 2)
    padding = torch.zeros(4, dtype=torch.long)
    masked = torch.nn.functional.one_hot(padding + 1, 20).float()
    told = module.represent(features, places, padding, padding, masked)
    assert torch.allclose(module.represent(features, places)["projection"], told["projection"], atol=1e-5)


def test_each_cluster_has_its_own_place() -> None:
    module = built("sequoia", **SMALL["sequoia"])
    clusters = torch.rand(2, 5, 16)
    vector = module.represent(clusters)["projection"]
    assert vector.shape == (2, 20)
    assert not torch.allclose(vector, module.represent(clusters.flip(1))["projection"], atol=1e-3)


def test_parts_are_summed_and_of_the_neighbours_the_greatest_counts() -> None:
    module = built("deepspot", **SMALL["deepspot"])
    spot, parts, around = torch.rand(2, 1, 8), torch.rand(2, 9, 8), torch.rand(2, 6, 8)
    first = module.represent(spot, parts, around)["tokens"]
    again = module.represent(spot, parts.flip(1), torch.cat([around, around], 1))["tokens"]
    twice = module.represent(spot, torch.cat([parts, parts], 1), around)["tokens"]
    assert torch.allclose(first, again, atol=1e-5)
    assert torch.allclose(twice[..., 4:8], 2 * first[..., 4:8], atol=1e-5)


def test_signatures_are_read_from_the_weighted_mean_of_the_tiles() -> None:
    module = built("histotme", **SMALL["histotme"])
    tiles = torch.rand(2, 6, 9)
    found = module.represent(tiles)
    doubled = module.represent(torch.cat([tiles, tiles.flip(1)], 1))
    assert torch.allclose(found["projection"], doubled["projection"], atol=1e-5)
    assert found["attention"].shape == (2, 9)


def test_an_ensemble_gives_the_mean_of_its_members() -> None:
    module = built("path2space", **SMALL["path2space"])
    tiles = torch.rand(3, 6)
    each = torch.stack([member(tiles) for member in module.values()])
    found = module.represent(tiles)["projection"]
    assert torch.allclose(found, each.mean(0), atol=1e-6)
    assert bool((found >= 0).all())


def test_an_image_of_stains_is_what_its_tiles_are_whatever_their_order() -> None:
    module = built("isight", width=16, depth=1, heads=2, side=28, whole=True)
    images = torch.rand(3, 3, 28, 28)
    found, again = module.represent(images), module.represent(images.flip(0))
    assert found["attention"].shape == (1, 16)
    assert found["projection"].shape == (1, 72)
    assert torch.allclose(found["projection"], again["projection"], atol=1e-5)
    stored = {f"model_state_dict.{name}": one for name, one in module.state_dict().items()}
    assert module.adapted(stored).keys() == module.state_dict().keys()


def test_a_u_net_without_nests_has_the_size_of_the_artifact_detector() -> None:
    network = plugins.load("pathdex.architectures", "unet_plus_plus")
    with torch.device("meta"):
        module = network.build(classes=8, nested=False)
        masks = module.segment(torch.zeros(1, 3, 64, 64))
    assert sum(one.numel() for one in module.parameters()) == 6_252_484
    assert masks["mask"].shape == (1, 8, 64, 64)
    assert "decoder.blocks.4.conv2.0.weight" in module.state_dict()
