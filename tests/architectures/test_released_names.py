"""Released files carry the names of the code that wrote them; recipes bring them to the names of the network that is built."""

import importlib
import re
import warnings
from typing import Any

import pytest

from pathdex.filling import named
from pathdex.schema.model import Loader

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what the libraries deprecate among themselves as they are imported is not ours
    torch, transformers, timm, _ = map(
        importlib.import_module, ("torch", "transformers", "timm", "transformers.core_model_loading")
    )

SMALL = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3, "image_size": 32}
PLAIN = {**SMALL, "intermediate_size": 96}


@pytest.mark.parametrize(
    ("factory", "kwargs", "old"),
    [
        ("ViTModel", PLAIN, "encoder.layer.0.attention.attention.query.weight"),
        ("Dinov2Model", {**SMALL, "use_swiglu_ffn": True}, "encoder.layer.1.mlp.weights_in.bias"),
        ("Dinov2WithRegistersModel", {**SMALL, "use_swiglu_ffn": True}, "encoder.layer.0.mlp.weights_out.weight"),
        ("CLIPVisionModelWithProjection", PLAIN, "vision_model.encoder.layers.0.self_attn.q_proj.weight"),
    ],
)
def test_files_of_older_and_of_todays_transformers_both_fit(factory: str, kwargs: dict[str, Any], old: str) -> None:
    from transformers.core_model_loading import revert_weight_conversion

    loader = Loader(library="transformers", factory=factory, kwargs=kwargs)
    kind = getattr(transformers, factory)
    module = kind(kind.config_class(**kwargs))
    wanted = module.state_dict()
    released = revert_weight_conversion(module, dict(wanted))
    assert old in released
    for stored in (released, wanted):
        given = named(loader, module, stored)
        assert given.keys() == wanted.keys()
        assert all(torch.equal(given[name], wanted[name]) for name in wanted)


def test_blocks_that_dinov2_keeps_in_chunks_are_found() -> None:
    kwargs = {"img_size": 28, "depth": 4, "embed_dim": 48, "num_heads": 3, "num_classes": 0}
    loader = Loader(
        library="timm", factory="vit_small_patch14_reg4_dinov2", kwargs=kwargs, prefix="teacher.backbone.", layout="dinov2"
    )
    module = timm.create_model(loader.factory, **kwargs)
    wanted = module.state_dict()
    tensors = {
        "teacher.backbone." + re.sub(r"^blocks\.(\d)", lambda found: f"blocks.{int(found[1]) // 2}.{found[1]}", name): tensor
        for name, tensor in wanted.items()
        if name not in ("reg_token", "cls_token", "pos_embed")
    }
    assert "teacher.backbone.blocks.1.3.norm1.weight" in tensors
    tensors["teacher.backbone.mask_token"] = torch.zeros(1, 48)
    tensors["teacher.backbone.register_tokens"] = torch.randn(1, 4, 48)
    tensors["teacher.backbone.cls_token"] = torch.randn(1, 1, 48)
    tensors["teacher.backbone.pos_embed"] = torch.randn(1, 5, 48)
    tensors["teacher.dino_head.last_layer.weight"] = torch.randn(3)
    assert named(loader, module, tensors).keys() == wanted.keys()
