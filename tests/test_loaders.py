"""A recipe builds the network it names, takes no code but what is listed, and asks nobody."""

import importlib
import warnings
from threading import Event, Thread
from typing import Any

import pytest

from pathdex import plugins
from pathdex.measuring import arguments
from pathdex.measuring.arguments import RecipeError
from pathdex.measuring.pooling import POOLINGS, Features, Unavailable, take
from pathdex.measuring.seen import Way
from pathdex.rungs import architecture
from pathdex.schema.measured import Measured
from pathdex.schema.model import Loader, Model

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, timm, _ = map(importlib.import_module, ("torch", "timm", "transformers"))

VIT = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 96, "image_size": 32}
TEXT = {"text_config.hidden_size": 16, "text_config.num_hidden_layers": 1, "text_config.vocab_size": 50, "projection_dim": 24}
CLIP = {f"vision_config.{name}": value for name, value in VIT.items()} | TEXT


pytestmark = pytest.mark.usefixtures("no_network")


def _loader(library: str, factory: str, **kwargs: Any) -> Loader:
    return Loader(library=library, factory=factory, kwargs=kwargs)  # type: ignore[arg-type]


def _model(library: str, factory: str, poolings: str, side: int | None = None, **kwargs: Any) -> Model:
    embeddings = {name: {"width": 1, "pooling": name, "default": not number} for number, name in enumerate(poolings.split())}
    entry: dict[str, Any] = {"name": "M", "kind": "patch-encoder", "summary": "S", "organizations": ("O",)}
    entry |= {"weights": {"access": "none"}, "loader": {"library": library, "factory": factory, "kwargs": kwargs}}
    entry |= {"architecture": {"backbone": "ViT", "input": side}} if side else {}
    return Model.model_validate({**entry, "embeddings": embeddings})


def _measured(*recipe: Any, **kwargs: Any) -> Measured:
    seen = architecture.measure(_model(*recipe, **kwargs), Way()).measured
    assert isinstance(seen, Measured)
    return seen


def _build(loader: Loader) -> Any:
    built: Any = plugins.load("pathdex.loaders", loader.library)
    with torch.device("meta"):
        return built.build(loader)


@pytest.mark.parametrize(
    ("library", "factory", "kwargs", "complaint"),
    [
        ("timm", "vit_tinny_patch16_224", {}, "has no model 'vit_tinny_patch16_224'; did you mean 'vit_tiny_patch16_224'?"),
        ("timm", "hf-hub:toy/tiny", {}, "has no model 'hf-hub:toy/tiny'"),
        ("timm", "local-dir:/etc", {}, "has no model 'local-dir:/etc'"),
        ("timm", "vit_tiny_patch16_224", {"mlp_layer": "os.system"}, "names 'os.system', which is not on the list of classes"),
        ("timm", "vit_tiny_patch16_224", {"act_layer": "torch.nn.SiLu"}, "did you mean 'torch.nn.SiLU'?"),
        ("timm", "vit_tiny_patch16_224", {"act_layer": "torch.nn.modules.activation.SiLU"}, "not on the list"),
        ("timm", "vit_tiny_patch16_224", {"act_layer": "torch.nn."}, "not on the list"),
        ("timm", "vit_tiny_patch16_224", {"act_layer": ["torch.hub.load"]}, "not on the list"),
        ("timm", "vit_tiny_patch16_224", {"pretrained": True}, "kwargs.pretrained may fetch weights or code; leave it out"),
        ("timm", "vit_tiny_patch16_224", {"checkpoint_path": "model.pth"}, "kwargs.checkpoint_path may fetch"),
        ("transformers", "AutoModel", {}, "no model class 'AutoModel'; write the class itself"),
        ("transformers", "ViTConfig", {}, "no model class 'ViTConfig'"),
        ("transformers", "ViTModel.from_pretrained", {}, "no model class 'ViTModel.from_pretrained'"),
        ("transformers", "ViTModel", {"hiden_size": 8}, "ViTConfig has no field 'hiden_size'; did you mean 'hidden_size'?"),
        ("transformers", "CLIPModel", {"vision_config.hiden_size": 8}, "CLIPVisionConfig has no field 'hiden_size'"),
        ("transformers", "CLIPModel", {"visual_config.hidden_size": 8}, "CLIPConfig has no field 'visual_config'"),
        ("transformers", "ViTModel", {"trust_remote_code": True}, "kwargs.trust_remote_code may fetch"),
        ("transformers", "ViTModel", {"_name_or_path": "toy/tiny"}, "kwargs._name_or_path may fetch"),
    ],
)
def test_a_recipe_that_must_not_be_followed_is_refused_with_the_reason(
    library: str, factory: str, kwargs: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(RecipeError) as refused:
        _build(_loader(library, factory, **kwargs))
    assert complaint in str(refused.value)


def test_saying_that_nothing_is_fetched_is_allowed() -> None:
    assert arguments.resolved({"pretrained": False, "depth": 2}) == {"depth": 2}


def test_every_class_on_the_list_exists() -> None:
    for name in arguments.CLASSES:
        assert callable(arguments.resolved({"layer": name})["layer"]), name


def test_the_hub_is_out_of_reach_inside_offline_and_as_before_after_it() -> None:
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    with arguments.offline(), arguments.offline():
        assert constants.is_offline_mode()
    assert constants.HF_HUB_OFFLINE is before


def test_a_thread_that_is_offline_keeps_no_other_from_asking_in_whatever_order_they_end() -> None:
    from huggingface_hub import constants

    before, inside, go, seen = constants.HF_HUB_OFFLINE, Event(), Event(), []

    def other() -> None:
        with arguments.offline():
            inside.set()
            go.wait(10)
            seen.append(bool(constants.is_offline_mode()))

    thread = Thread(target=other)
    thread.start()
    inside.wait(10)
    seen.append(bool(constants.is_offline_mode()))
    with arguments.offline():
        seen.append(bool(constants.is_offline_mode()))
    seen.append(bool(constants.is_offline_mode()))
    go.set()
    thread.join()
    assert (seen, constants.HF_HUB_OFFLINE) == ([False, True, False, True], before)


def test_a_timm_recipe_gives_the_network_its_keywords_ask_for() -> None:
    kwargs = {"img_size": 32, "patch_size": 16, "depth": 2, "embed_dim": 48, "num_heads": 3, "num_classes": 0, "reg_tokens": 4}
    kwargs |= {"mlp_layer": "timm.layers.SwiGLUPacked", "act_layer": "torch.nn.SiLU", "mlp_ratio": 4.0}
    built = _build(_loader("timm", "vit_tiny_patch16_224", **kwargs))
    plain = timm.create_model(
        "vit_tiny_patch16_224", **{**kwargs, "mlp_layer": timm.layers.SwiGLUPacked, "act_layer": torch.nn.SiLU}
    )
    assert {parameter.device.type for parameter in built.parameters()} == {"meta"}
    assert {name: value.shape for name, value in built.state_dict().items()} == {
        name: value.shape for name, value in plain.state_dict().items()
    }


def test_a_recipe_builds_on_the_default_device() -> None:
    from pathdex.loaders import timm as loader

    built = loader.build(_loader("timm", "vit_tiny_patch16_224", img_size=32, depth=1, embed_dim=48, num_heads=3))
    assert {parameter.device.type for parameter in built.parameters()} == {"cpu"}
    assert built.pos_embed.std() > 0
    assert not built.training


def test_keywords_of_a_transformers_class_are_told_from_its_configuration() -> None:
    pooled, bare = (_build(_loader("transformers", "ViTModel", add_pooling_layer=pool, **VIT)) for pool in (True, False))
    assert [name for name, _ in pooled.named_children() if name not in dict(bare.named_children())] == ["pooler"]
    assert bare.config.hidden_size == 48


@pytest.mark.parametrize(
    ("factory", "poolings", "kwargs", "widths", "unavailable"),
    [
        ("vit_tiny_patch16_224", "cls mean cls+mean pooler none", {"num_classes": 0}, [192, 192, 384, 192, 192], []),
        ("vit_tiny_patch16_224", "projection", {"num_classes": 10}, [10], []),
        ("vit_tiny_patch16_224", "cls projection register attention", {"num_classes": 0}, [192], [1, 2, 3]),
        ("vit_small_patch16_dinov3", "cls register", {"num_classes": 0}, [384, 384], []),
        ("vit_base_patch16_siglip_224", "attention mean cls", {"num_classes": 0}, [768, 768], [2]),
        ("swin_tiny_patch4_window7_224", "mean pooler cls", {"num_classes": 0}, [768, 768], [2]),
        ("resnet18", "mean pooler", {"num_classes": 0}, [512, 512], []),
        ("vit_tiny_patch16_224", "pooler mean", {"num_classes": 0, "global_pool": ""}, [192], [0]),
    ],
)
def test_each_pooling_is_taken_from_a_timm_network_or_said_to_be_missing(
    factory: str, poolings: str, kwargs: dict[str, Any], widths: list[int], unavailable: list[int]
) -> None:
    measured = _measured("timm", factory, poolings, **kwargs)
    assert list(measured.embeddings.values()) == widths
    assert list(measured.unavailable) == [poolings.split()[number] for number in unavailable]


@pytest.mark.parametrize(
    ("factory", "poolings", "kwargs", "widths", "unavailable"),
    [
        ("ViTModel", "cls mean cls+mean pooler", VIT, [48, 48, 96, 48], []),
        ("ViTModel", "cls pooler", {**VIT, "add_pooling_layer": False}, [48], ["pooler"]),
        (
            "Dinov2Model",
            "cls register",
            {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 3},
            [48],
            ["register"],
        ),
        ("Dinov2WithRegistersModel", "cls register mean", {"hidden_size": 48, "num_hidden_layers": 1}, [48, 48, 48], []),
        ("CLIPModel", "cls pooler projection", CLIP, [48, 48, 24], []),
        ("CLIPVisionModelWithProjection", "projection", {**VIT, "projection_dim": 24}, [24], []),
        ("SiglipVisionModel", "attention cls", VIT, [48], ["cls"]),
    ],
)
def test_each_pooling_is_taken_from_a_transformers_network_or_said_to_be_missing(
    factory: str, poolings: str, kwargs: dict[str, Any], widths: list[int], unavailable: list[str]
) -> None:
    measured = _measured("transformers", factory, poolings, **kwargs)
    assert list(measured.embeddings.values()) == widths
    assert list(measured.unavailable) == unavailable


def test_prefix_tokens_stay_out_of_the_mean_and_out_of_each_other() -> None:
    tokens = torch.tensor([[[1.0], [10.0], [20.0], [100.0], [200.0], [300.0]]])
    features = Features(tokens, prefix=3, has_class=True)
    taken = {pooling: take(features, pooling).flatten().tolist() for pooling in ("cls", "register", "mean", "cls+mean")}
    assert taken == {"cls": [1.0], "register": [15.0], "mean": [200.0], "cls+mean": [1.0, 200.0]}
    with pytest.raises(Unavailable, match="no class token"):
        take(Features(tokens, prefix=3), "cls+mean")


def test_the_poolings_are_those_of_the_record() -> None:
    from typing import get_args

    from pathdex.schema.model import Pooling

    assert sorted(POOLINGS) == sorted(get_args(Pooling))


def test_two_towers_are_counted_each_with_its_projection() -> None:
    measured, module = (
        _measured("transformers", "CLIPModel", "projection", **CLIP),
        _build(_loader("transformers", "CLIPModel", **CLIP)),
    )
    towers = {name: sum(p.numel() for p in child.parameters()) for name, child in module.named_children()}
    assert measured.parameters == {
        "image-encoder": towers["vision_model"] + towers["visual_projection"],
        "text-encoder": towers["text_model"] + towers["text_projection"],
        "full-model": sum(towers.values()) + module.logit_scale.numel(),
    }


def test_a_tensor_that_layers_share_counts_once() -> None:
    shared = torch.nn.Parameter(torch.empty(3, 5))
    assert architecture.counted([shared, torch.nn.Parameter(torch.empty(2)), shared]) == 17


@pytest.mark.parametrize(
    ("library", "factory", "side", "kwargs", "wanted"),
    [
        ("timm", "vit_tiny_patch16_384", None, {}, 384),
        ("timm", "resnet18", None, {}, 224),
        ("timm", "vit_tiny_patch16_224", None, {"img_size": 96}, 96),
        ("timm", "vit_tiny_patch16_224", 448, {"dynamic_img_size": True}, 448),
        ("transformers", "ViTModel", None, VIT, 32),
        ("transformers", "CLIPModel", None, CLIP, 32),
        ("transformers", "Dinov2Model", 28, {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 3}, 28),
    ],
)
def test_the_native_input_is_the_entrys_else_the_recipes_else_the_modules(
    library: str, factory: str, side: int | None, kwargs: dict[str, Any], wanted: int
) -> None:
    assert _measured(library, factory, "mean", side, **kwargs).input == (1, 3, wanted, wanted)


def _by_hand(side: int, patch: int, width: int, depth: int, hidden: int) -> int:
    """Operations of a plain vision transformer with a class token: two for each multiply-add of its matrix products."""
    patches = (side // patch) ** 2
    tokens = patches + 1
    block = 4 * tokens * width * width + 2 * tokens * tokens * width + 2 * tokens * width * hidden
    return 2 * (patches * width * 3 * patch**2 + depth * block)


def test_operations_are_those_counted_by_hand() -> None:
    assert (
        _measured("timm", "vit_tiny_patch16_224", "cls", num_classes=0).flops == _by_hand(224, 16, 192, 12, 768) == 2_506_982_400
    )
    bare = _measured("transformers", "ViTModel", "cls", add_pooling_layer=False, patch_size=16, **VIT)
    assert bare.flops == _by_hand(32, 16, 48, 2, 96)


def test_an_entry_without_embeddings_is_counted_but_not_run() -> None:
    measured = _measured("timm", "vit_tiny_patch16_224", "", num_classes=0)
    assert (measured.parameters, measured.flops, measured.input) == ({"image-encoder": 5_524_416}, None, None)


def test_the_listing_holds_each_name_type_and_shape_in_order() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    assert architecture.listing(module).splitlines() == [
        "name,dtype,shape",
        "0.bias,float32,2",
        "0.weight,float32,2x3",
        "1.bias,float32,2",
        "1.num_batches_tracked,int64,",
        "1.running_mean,float32,2",
        "1.running_var,float32,2",
        "1.weight,float32,2",
    ]
