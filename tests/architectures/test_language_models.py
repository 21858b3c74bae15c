"""Networks that read words beside slides: true size on the meta device, names as released, and what must hold of their mathematics."""

import math
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")

from pathdex import plugins  # noqa: E402
from pathdex.layers.dilated_attention import DilatedAttention  # noqa: E402
from pathdex.layers.language import SEEN, continued, placed  # noqa: E402
from pathdex.measuring.configuring import configuration  # noqa: E402

LARGE = {"width": 1600, "depth": 48, "heads": 25, "words": 57_717, "places": 2048}
QWEN = {"width": 32, "hidden": 48, "heads": 4, "key_heads": 2, "words": 60}
BERT = {"num_hidden_layers": 1, "vocab_size": 50, "intermediate_size": 32, "num_attention_heads": 2}

TRUE_SIZE: dict[str, tuple[dict[str, Any], dict[str, int], str]] = {
    "histogpt": (
        {},
        {"slide-encoder": 173_664_768, "full-model": 865_917_488},
        "histogpt.layers.23.0.attn.to_kv.weight histogpt.layers.0.1.self_attn.out_proj.bias output_projection.weight "
        "histogpt.perceiver_resampler.layers.5.1.3.weight histogpt.perceiver_exitgate.weight histogpt.layers.0.0.ff_gate",
    ),
    "histogpt of 3 B": (LARGE, {"full-model": 3_312_952_800}, "histogpt.layers.47.1.fc1.weight"),
    "pathosynvlm": (
        {},
        {"decoder": 3_085_938_688, "full-model": 3_109_090_816},
        "llm.model.layers.35.mlp.gate_proj.weight aligner.mlp.3.weight aligner.post_ln.bias wsi_index_emb.weight wsi_sep",
    ),
    "slidechat": (
        {},
        {"slide-encoder": 18_899_968, "decoder": 7_615_616_512},
        "llm.lm_head.weight LongNet_encoder.layers.1.self_attn.inner_attn_ln.weight LongNet_encoder.layer_norm.bias "
        "LongNet_encoder.layers.0.ffn.ffn_layernorm.weight projector.model.2.weight",
    ),
    "mllm_hwsi": (
        {},
        {"slide-encoder": 298_925_568, "decoder": 7_615_616_512},
        "vl_projector.cell_proj.proj.projector.4.weight vl_projector.fusion.fuse.4.bias vl_projector.compressor.attn.in_proj_weight "
        "vl_projector.compressor.queries llm.model.layers.27.self_attn.q_proj.bias",
    ),
    "antoni_projector": ({}, {"slide-encoder": 13_440_000}, "query_tokens v_proj.weight layer_norm.bias"),
    "pathvg": (
        {},
        {"image-encoder": 31_869_888, "text-encoder": 113_815_297, "full-model": 155_194_311},
        "backbone.0.body.layer4.2.conv3.weight backbone.0.body.bn1.running_var textmodel.bert.pooler.dense.bias bert.pooler.dense.bias "
        "bbox_regression.layer.prototypelearner.prototype.embed_avg bbox_regression.v_transformer.encoder.layers.5.norm2.weight",
    ),
}


def _built(name: str, **kwargs: Any) -> Any:
    return plugins.load("pathdex.architectures", name.split()[0]).build(**kwargs).eval()


def _filled(module: Any, seed: int = 0) -> Any:
    """The module with seeded numbers of a size at which nothing fades."""
    torch.manual_seed(seed)
    for name, parameter in module.named_parameters():
        parameter.data = torch.randn_like(parameter) * 0.2 + (1.0 if parameter.ndim == 1 and "bias" not in name else 0.0)
    return module


@pytest.mark.parametrize("name", TRUE_SIZE)
def test_networks_have_the_released_names_and_as_many_parameters(name: str) -> None:
    kwargs, counts, names = TRUE_SIZE[name]
    with torch.device("meta"):
        module = _built(name, **kwargs)
    tensors, parts = module.state_dict(), module.parts()
    assert set(names.split()) <= set(tensors)
    assert {scope: sum({id(one): one.numel() for one in parts[scope]}.values()) for scope in counts} == counts


def test_a_whole_floats_bytes_are_those_of_the_released_files() -> None:
    """What is left over is the list of tensors, some hundred bytes each."""
    for kwargs, size in (({}, 3_463_908_902), (LARGE, 13_252_275_087)):
        with torch.device("meta"):
            module = _built("histogpt", **kwargs)
        listed = size - 4 * sum(one.numel() for one in module.parameters())
        assert 200 < listed / len(module.state_dict()) < 500


SMALL: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "histogpt": (
        {"tile": 24, "latent": 32, "latents": 5, "width": 32, "depth": 2, "heads": 4, "words": 60, "places": 40},
        (1, 5, 32),
    ),
    "pathosynvlm": ({"tile": 24, "depth": 1, **QWEN}, (1, 17, 32)),
    "slidechat": ({"tile": 16, "layers": 1, **QWEN}, (1, 16, 32)),
    "mllm_hwsi": ({"projector": 16, "queries": 5, "depth": 1, **QWEN}, (1, 5, 32)),
    "antoni_projector": ({"latent": 16, "words": 32, "queries": 7, "heads": 4}, (1, 7, 32)),
    "pathvg": ({"side": 64, "hidden": 32, "depth": 1, "prototypes": 8, **BERT}, (1, 4, 256)),
}


@pytest.mark.parametrize("name", SMALL)
def test_each_makes_of_its_example_what_the_language_model_sees(name: str) -> None:
    kwargs, shape = SMALL[name]
    for device in ("meta", "cpu"):
        with torch.device(device), torch.no_grad():
            module = _built(name, **kwargs)
            assert module.represent(*module.example())["tokens"].shape == shape


@pytest.mark.parametrize("name", ["histogpt", "pathosynvlm", "slidechat", "mllm_hwsi"])
def test_a_text_goes_on_as_it_does_word_by_word(name: str) -> None:
    module = _filled(_built(name, **SMALL[name][0]))
    inputs = [torch.randn_like(one) for one in module.example()]
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        whole = module.write(ids, *inputs, length=4, end=None)
        for _ in range(4):
            ids = torch.cat([ids, module.write(ids, *inputs, length=1, end=None)], dim=1)
        stopped = module.write(torch.tensor([[5, 6, 7]]), *inputs, length=4, end=int(whole[0, 1]))
    assert torch.equal(whole, ids[:, 3:])
    first = whole[0].tolist().index(int(whole[0, 1]))
    assert stopped.tolist() == [whole[0, : first + 1].tolist()]


def test_what_is_seen_takes_its_place_among_the_words() -> None:
    words, seen = torch.arange(8.0).reshape(2, 4, 1), torch.full((2, 3, 1), -1.0)
    ids = torch.tensor([[5, SEEN, 6, 7], [5, 6, 7, SEEN]])
    assert placed(words, ids, seen)[..., 0].tolist() == [[0, -1, -1, -1, 2, 3], [4, 5, 6, -1, -1, -1]]
    assert placed(words, ids.clamp(min=0), seen)[..., 0].tolist() == [[-1, -1, -1, 0, 1, 2, 3], [-1, -1, -1, 4, 5, 6, 7]]
    assert placed(words, ids, None) is words


def test_a_seen_thing_changes_what_follows() -> None:
    module = _filled(_built("slidechat", **SMALL["slidechat"][0]))
    first, second = torch.randn(1, 4, 16), torch.randn(1, 4, 16)
    table = module.llm.get_input_embeddings()
    ids = torch.tensor([[3, SEEN, 4]])
    with torch.no_grad():
        vectors = placed(table(ids.clamp(min=0)), ids, module.see(first))
        assert torch.equal(module.write(ids, first, length=3), continued(module.llm, vectors, 3, None))
        assert not torch.allclose(module.see(first), module.see(second))


def test_a_tile_alone_is_its_own_value_in_dilated_attention_with_fewer_heads_than_steps() -> None:
    """A token that sees itself alone gives its value, whatever the branches, of which the last has groups of no head."""
    attention = DilatedAttention(32, 4, (8, 16, 32), (1, 2, 8)).eval()
    tokens = torch.randn(5, 1, 32)
    with torch.no_grad():
        wanted = attention.out_proj(attention.inner_attn_ln(attention.v_proj(tokens)))
        assert torch.allclose(attention(tokens), wanted, atol=1e-6)


def test_slidechat_does_not_mix_tiles() -> None:
    module = _filled(_built("slidechat", **SMALL["slidechat"][0]))
    features = torch.randn(2, 6, 16)
    with torch.no_grad():
        seen = module.see(features)
        assert torch.allclose(seen[:, 2:3], module.see(features[:, 2:3]), atol=1e-5)


def test_hwsi_does_not_see_what_is_padding() -> None:
    module = _filled(_built("mllm_hwsi", **SMALL["mllm_hwsi"][0]))
    slide, regions, patches, cells = (torch.randn_like(one) for one in module.example())
    present = torch.tensor([[True, True, True, False]]), torch.rand(1, 4, 8) > 0.4, torch.rand(1, 4, 8) > 0.4
    with torch.no_grad():
        seen = module.see(slide, regions, patches, cells, *present)
        changed = [one.clone() for one in (regions, patches, cells)]
        changed[0][:, 3] = 9
        changed[1][~present[1]] = 9
        changed[2][~present[2]] = 9
        assert torch.allclose(seen, module.see(slide, *changed, *present), atol=1e-5)
        assert not torch.allclose(seen, module.see(slide, *changed), atol=1e-3)


def test_pathosynvlm_marks_each_slide_by_its_number() -> None:
    module = _filled(_built("pathosynvlm", **SMALL["pathosynvlm"][0]))
    first, second = torch.randn(1, 3, 24), torch.randn(1, 2, 24)
    with torch.no_grad():
        both, other = module.see(first, second), module.see(second, first)
    assert both.shape == (1, 1 + 3 + 1 + 2, 32)
    assert torch.allclose(both[:, 1:4], other[:, 4:], atol=1e-5)
    assert torch.allclose(both[0, 4] - both[0, 0], module.wsi_index_emb.weight[1] - module.wsi_index_emb.weight[0], atol=1e-6)


def test_histogpts_gates_are_shut_before_training() -> None:
    module = _built("histogpt", **SMALL["histogpt"][0])
    ids = torch.tensor([[4, 5, 6]])
    with torch.no_grad():
        seen = module.histogpt(ids, module.histogpt.see(torch.randn(1, 4, 24)))
        assert torch.equal(seen, module.histogpt(ids, None))


def test_pathvgs_box_lies_in_the_image_and_padding_words_do_not_count() -> None:
    torch.manual_seed(0)
    module = _built("pathvg", **SMALL["pathvg"][0])
    image, ids = torch.randn(1, 3, 64, 64), torch.tensor([[3, 4, 5, 0, 0]])
    with torch.no_grad():
        box = module.represent(image, ids)["projection"]
        module.bert.embeddings.word_embeddings.weight[0] += 5
        assert torch.allclose(module.represent(image, ids)["projection"], box, atol=1e-5)
    assert box.shape == (1, 4)
    assert bool(((box > 0) & (box < 1)).all())


def test_places_are_those_of_detr_row_before_column() -> None:
    places = plugins.load("pathdex.architectures", "pathvg").places(4, torch.zeros(()))
    assert places.shape == (16, 256)
    assert places[5, 0].item() == pytest.approx(math.sin(2 / (4 + 1e-6) * 2 * math.pi), abs=1e-5)
    assert torch.equal(places[5, :128], places[6, :128])
    assert torch.equal(places[5, 128:], places[9, 128:])


def test_fields_of_tables_and_of_another_type_of_part_are_set() -> None:
    from transformers import Gemma3Config, LlavaConfig

    stated = {
        "text_config.model_type": "mistral",
        "text_config.sliding_window": 64,
        "text_config.rope_parameters.rope_theta": 5.0,
    }
    found = configuration(LlavaConfig, {**stated, "text_config.rope_parameters.rope_type": "default"}).text_config
    assert (type(found).__name__, found.sliding_window, found.rope_parameters["rope_theta"]) == ("MistralConfig", 64, 5.0)
    turned: dict[str, Any] = {
        f"text_config.rope_parameters.{kind}.rope_type": "default" for kind in ("sliding_attention", "full_attention")
    }
    turned |= {f"text_config.rope_parameters.{kind}.rope_theta": 7.0 for kind in ("sliding_attention", "full_attention")}
    assert configuration(Gemma3Config, turned).text_config.rope_parameters["full_attention"]["rope_theta"] == 7.0
    with pytest.raises(ValueError, match="has no model type 'mistrall'; did you mean 'mistral'"):
        configuration(LlavaConfig, {"text_config.model_type": "mistrall"})
    with pytest.raises(ValueError, match="MistralConfig has no field 'sliding_windo'"):
        configuration(LlavaConfig, {"text_config.model_type": "mistral", "text_config.sliding_windo": 1})


def test_prism_writes_on_from_the_tiles_of_a_slide() -> None:
    sizes = {"tile": 16, "width": 16, "latents": 3, "rounds": 1, "depth": 1, "text": 32, "text_depth": 2, "common": 8}
    module = _filled(_built("prism", **sizes))
    tiles, ids = torch.randn(1, 5, 16), torch.tensor([[2, 9]])
    with torch.no_grad():
        found = module.write(ids, tiles, length=3, end=None)
        latents = module.image_resampler(tiles)[1]
        assert found.tolist() == module.generate(latents, ids, 3, end=-1)[:, 2:].tolist()
    assert found.shape == (1, 3)
