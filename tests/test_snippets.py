"""Every kind of code that a model's page shows is run: against a hub on this machine, and offline with the network refused."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_hub import Hub

import pathdex
from pathdex import encoding
from pathdex.catalog import Catalog
from pathdex.schema import Model
from pathdex.writing.snippets import Way, snippet, ways

SHA = "0123456789abcdef0123456789abcdef01234567"
REAL = Path(__file__).parents[1]
Made = dict[str, bytes]


def entry(toy: Catalog, loader: dict[str, Any], files: list[str], **more: Any) -> Model:
    """The toy model with another recipe and other files."""
    raw = toy.models["tiny"].model_dump(exclude_unset=True)
    weights = {**raw["weights"], "files": [{"name": name} for name in files]}
    return Model.model_validate({**raw, "weights": weights, "loader": loader, **more})


def numbers(model: Model) -> dict[str, Any]:
    """Seeded numbers for its network, by name."""
    return dict(encoding.encoder(model, random=True).module.state_dict())


def saved(tensors: dict[str, Any]) -> bytes:
    from safetensors.torch import save

    return bytes(save({name: value.contiguous() for name, value in tensors.items()}))


def timm_safetensors(toy: Catalog, _: Path) -> tuple[Model, Made]:
    kwargs = {"num_classes": 0, "depth": 1, "act_layer": "torch.nn.SiLU"}
    loader = {"library": "timm", "factory": "vit_tiny_patch16_224", "kwargs": kwargs}
    model = entry(toy, loader, ["model.safetensors"])
    return model, {"model.safetensors": saved(numbers(model))}


def timm_training_checkpoint(toy: Catalog, folder: Path) -> tuple[Model, Made]:
    """A nested pickle of tensors with names of DINOv2's code in chunks, and tensors that nothing has a place for."""
    import torch

    kwargs = {"num_classes": 0, "depth": 1, "init_values": 1.0, "reg_tokens": 4, "no_embed_class": True}
    more = {"prefix": "teacher.backbone.", "layout": "dinov2", "unused": ["head.*"]}
    model = entry(toy, {"library": "timm", "factory": "vit_tiny_patch16_224", "kwargs": kwargs, **more}, ["teacher.pth"])
    stored = {name.replace("blocks.0.", "blocks.0.0."): value for name, value in numbers(model).items()}
    stored["register_tokens"] = stored.pop("reg_token")
    stored["pos_embed"] = torch.cat([torch.zeros(1, 1, 192), stored["pos_embed"]], 1)
    stored["mask_token"] = torch.zeros(1, 192)  # by which timm knows the layout
    stored["head.last"] = torch.zeros(1)
    torch.save({"teacher": {"backbone": stored}, "step": 3}, folder / "made.pth")
    return model, {"teacher.pth": (folder / "made.pth").read_bytes()}


def transformers_dinov2(toy: Catalog, folder: Path) -> tuple[Model, Made]:
    kwargs = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    variants = {"cls": {"width": 32, "pooling": "cls", "default": True}}
    model = entry(toy, {"library": "transformers", "factory": "Dinov2Model", "kwargs": kwargs}, [], embeddings=variants)
    encoding.encoder(model, random=True).module.save_pretrained(folder / "saved")
    return model, {file.name: file.read_bytes() for file in (folder / "saved").iterdir()}


def transformers_checkpoint(toy: Catalog, folder: Path) -> tuple[Model, Made]:
    """A file of training, with the network below a prefix."""
    import torch

    kwargs = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    variants = {"cls": {"width": 32, "pooling": "cls", "default": True}}
    loader = {"library": "transformers", "factory": "Dinov2Model", "kwargs": kwargs, "prefix": "state_dict.encoder."}
    model = entry(toy, loader, ["last.ckpt"], embeddings=variants)
    stored = {f"encoder.{name}": value for name, value in numbers(model).items()}
    torch.save({"state_dict": {**stored, "head.weight": torch.zeros(2)}, "epoch": 3}, folder / "last.ckpt")
    return model, {"last.ckpt": (folder / "last.ckpt").read_bytes()}


def open_clip_named(toy: Catalog, folder: Path) -> tuple[Model, Made]:
    import json

    import open_clip

    tower = {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 16}
    words = {"context_length": 8, "vocab_size": 20, "width": 32, "heads": 2, "layers": 1}
    config = folder / "toy-clip.json"
    config.write_text(json.dumps({"embed_dim": 16, "vision_cfg": tower, "text_cfg": words}))
    open_clip.add_model_config(config)
    variants = {"projection": {"width": 16, "pooling": "projection", "default": True}}
    loader = {"library": "open_clip", "factory": "toy-clip", "kwargs": {"quick_gelu": True}}
    model = entry(toy, loader, ["open_clip_model.safetensors"], embeddings=variants, preprocess={"resize": 32, "crop": 32})
    return model, {"open_clip_model.safetensors": saved(numbers(model))}


def diffusers_denoiser(toy: Catalog, folder: Path) -> tuple[Model, Made]:
    pytest.importorskip("diffusers")
    kwargs = {
        "sample_size": 8,
        "num_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 8,
        "in_channels": 4,
        "out_channels": 8,
        "cross_attention_dim": 16,
        "caption_channels": 12,
        "use_additional_conditions": False,
    }
    name = "transformer/diffusion_pytorch_model.safetensors"
    loader = {"library": "diffusers", "factory": "PixArtTransformer2DModel", "kwargs": kwargs, "file": name}
    model = entry(toy, loader, [name], embeddings={})
    encoding.encoder(model, random=True).module.save_pretrained(folder / "saved")
    return model, {f"transformer/{file.name}": file.read_bytes() for file in (folder / "saved").iterdir()}


def real(name: str) -> Model:
    """A real entry with its weights on the hub, in one plain file."""
    model = Catalog.load(REAL).models[name].model_copy(update={"weights": None})
    raw = {"access": "open", "repository": "toy/tiny", "revision": SHA, "files": [{"name": "model.safetensors"}]}
    assert model.loader
    loader = model.loader.model_copy(update={"file": None, "prefix": None, "unused": ()})
    return Model.model_validate({**model.model_dump(exclude_unset=True), "weights": raw, "loader": loader.model_dump()})


def slide_encoder(_: Catalog, __: Path) -> tuple[Model, Made]:
    """A real entry at true size, whose network pathdex carries itself."""
    model = real("chief")
    return model, {"model.safetensors": saved(numbers(model))}


def virtual_stain(_: Catalog, __: Path) -> tuple[Model, Made]:
    """A real entry at true size that turns H&E into other stains."""
    model = real("histoplexer")
    return model, {"model.safetensors": saved(numbers(model))}


def drawn_freely(toy: Catalog, folder: Path) -> tuple[Model, Made]:
    """A denoiser whose file also holds what stands for no condition."""
    import torch

    denoiser, _ = diffusers_denoiser(toy, folder)
    assert denoiser.loader
    name = "transformer/diffusion_pytorch_model.safetensors"
    loader = {**denoiser.loader.model_dump(exclude_unset=True), "file": name, "unused": ["nothing.*"]}
    nothing = {"library": "pathdex", "factory": "pixcell_condition", "kwargs": {"tokens": 1, "width": 12}}
    condition = {"loader": {**nothing, "file": name, "prefix": "nothing."}}
    noise = {"betas": "linear", "first_beta": 0.0001, "last_beta": 0.02, "latents": [4, 8, 8], "inputs": "Features [B, 1, 12]."}
    drawing = {"sampler": "ddim", "steps": 2, "guidance": 2.0, "condition": condition, **noise}
    model = entry(toy, loader, [name], embeddings={}, generation=drawing)
    made = {f"transformer/{file.name}": file.read_bytes() for file in (folder / "saved").iterdir()}
    return model, {**made, name: saved({**numbers(model), "nothing.caption_projection.uncond_embedding": torch.zeros(1, 12)})}


KINDS = [
    timm_safetensors,
    timm_training_checkpoint,
    transformers_dinov2,
    transformers_checkpoint,
    open_clip_named,
    diffusers_denoiser,
    slide_encoder,
    virtual_stain,
    drawn_freely,
]
Kind = Callable[[Catalog, Path], tuple[Model, Made]]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def shown(
    request: pytest.FixtureRequest, toy: Catalog, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Way]:
    """The ways of one model by kind, with its weights on the hub and a tile in the folder at hand."""
    from PIL import Image

    kind: Kind = request.param
    (tmp_path / "made").mkdir()
    model, made = kind(toy, tmp_path / "made")
    hub.add("toy/tiny", made, sha=SHA)
    monkeypatch.setattr(pathdex, "load_catalog", lambda _=None: Catalog({"tiny": model}))
    Image.new("RGB", (300, 260), "pink").save(tmp_path / "tile.png")
    evidence = Catalog.load(REAL).evidence["chief"] if kind is slide_encoder else None
    return {way.kind: way for way in ways("tiny", model, evidence)}


def run(code: str) -> dict[str, Any]:
    """What the code leaves behind."""
    seen: dict[str, Any] = {}
    exec(code, seen)
    return seen


def be_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a new process with HF_HUB_OFFLINE=1 that can reach nothing; the client reads the variable when it is imported."""

    def refuse(*_: Any) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def same(one: Any, other: Any) -> bool:
    """Whether two networks hold the same numbers, in the order of their names."""
    import torch

    left, right = dict(one.state_dict()), dict(other.state_dict())
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks` argument:UserWarning")  # diffusers passes it to the Hub's client
@pytest.mark.filterwarnings("ignore:HistoPlexer. no preprocessing is known:UserWarning")
def test_what_pathdex_loads_is_what_the_library_loads_and_what_loads_offline(
    shown: dict[str, Way], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = run(shown["pathdex"].code)
    for library in shown.keys() - {"pathdex", "fetch", "offline"}:
        found = run(shown[library].code)["model"]
        assert same(found, loaded["encoder"].module) and not found.training
    run(shown["fetch"].code)
    hub.repositories.clear()
    be_offline(monkeypatch)
    offline = run(shown["offline"].code)
    assert same(offline["encoder"].module, loaded["encoder"].module)
    made = loaded.keys() & {"vectors", "network", "images", "stains"}
    assert made and made == offline.keys() & {"vectors", "network", "images", "stains"}


def test_files_on_another_host_are_loaded_from_a_folder_that_the_reader_fills(
    toy: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    model, made = timm_safetensors(toy, tmp_path)
    raw = {**model.model_dump(exclude_unset=True), "weights": {"access": "open", "url": "https://example.org/tiny"}}
    elsewhere = Model.model_validate(raw)
    found = {way.kind: way for way in ways("tiny", elsewhere)}
    assert list(found) == ["timm", "folder"] and "First bring the weights" in found["folder"].note
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").mkdir()
    for name, content in {**made, "config.json": b"{}"}.items():
        (tmp_path / "tiny" / name).write_bytes(content)
    Image.new("RGB", (300, 260), "pink").save(tmp_path / "tile.png")
    monkeypatch.setattr(pathdex, "load_catalog", lambda _=None: Catalog({"tiny": elsewhere}))
    be_offline(monkeypatch)
    assert tuple(run(found["folder"].code)["vectors"].shape) == (1, 192)


def test_every_entry_that_can_be_built_has_code_that_compiles() -> None:
    catalog = Catalog.load(REAL)
    kinds = set()
    for name, model in catalog.models.items():
        for way in ways(name, model, catalog.evidence.get(name)):
            compile(way.code, name, "exec")
            kinds.add(way.kind)
            assert not re.search(r"remote_code|\btoken=", way.code)
    assert kinds == {"pathdex", "timm", "transformers", "open_clip", "diffusers", "fetch", "offline", "folder"}


def test_a_tower_that_open_clip_would_ask_the_hub_about_has_no_code_of_the_library(toy: Catalog) -> None:
    loader = {"library": "open_clip", "factory": "CustomTextCLIP", "kwargs": {"text_cfg.hf_model_name": "bert"}}
    model = entry(toy, loader, ["open_clip_pytorch_model.bin"])
    assert snippet(model) is None and [way.kind for way in ways("tiny", model)] == ["pathdex", "fetch", "offline"]


def test_what_nobody_released_has_only_code_that_builds_it(toy: Catalog) -> None:
    raw = toy.models["tiny"].model_dump(exclude_unset=True)
    found = ways("tiny", Model.model_validate({**raw, "weights": {"access": "none"}}))
    assert [way.kind for way in found] == ["timm"] and "without them" in found[0].note
    assert ways("tiny-slide", toy.models["tiny-slide"]) == []
