"""Released files, read over a real client from a hub that fails on demand: each fault ends in its status, none runs code."""

import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants
from local_hub import Hub
from safetensors.torch import save

from pathdex.hindrance import Hindered
from pathdex.loaders import timm
from pathdex.measuring.seen import Seen, Way
from pathdex.released import hostile
from pathdex.rungs import header, weights
from pathdex.schema import Model
from pathdex.schema.measured import Contents, Header
from pathdex.schema.model import Loader
from pathdex.weights.index import Index

SMALL = {"num_classes": 0, "depth": 1, "embed_dim": 32, "num_heads": 2, "img_size": 32}
LOADER = {"library": "timm", "factory": "vit_tiny_patch16_224", "kwargs": SMALL}
NEWER = "b" * 40
TOKEN = "hf_" + "x" * 34


def tensors() -> dict[str, torch.Tensor]:
    """A checkpoint of the true names and shapes, filled with seeded numbers."""
    torch.manual_seed(0)
    module = timm.build(Loader.model_validate(LOADER))
    return {name: torch.randn(one.shape) for name, one in module.state_dict().items()}


GOOD = tensors()
SAFE = save(GOOD)


def changed(**edits: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """The checkpoint after edits; None takes a tensor out."""
    found = {**GOOD, **{name.replace("__", "."): one for name, one in edits.items() if one is not None}}
    return {
        name: one
        for name, one in found.items()
        if name.replace(".", "__") not in edits or edits[name.replace(".", "__")] is not None
    }


def torch_file(content: Any, zipped: bool = True) -> bytes:
    """What torch.save writes."""
    kept = io.BytesIO()
    torch.save(content, kept, _use_new_zipfile_serialization=zipped)
    return kept.getvalue()


class Hostile:
    """Unpickled the usual way, it would leave a file behind."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hostile-was-here",)


def bomb() -> bytes:
    """A pickle of lists within lists that would take for ever to walk."""
    tree: list[Any] = []
    for _ in range(60):
        tree = [tree, tree]
    return torch_file({"a": torch.ones(1), "b": tree})


def entry(loader: dict[str, Any] | None = None, **weights: Any) -> Model:
    """An entry whose weights are in lab/model."""
    stated = {"access": "open", "repository": "lab/model", **weights}
    more = {} if loader == {} else {"loader": {**LOADER, **(loader or {})}}
    return Model.model_validate(
        {"name": "T", "kind": "patch-encoder", "summary": "A toy.", "weights": stated, "sources": {}, **more}
    )


def see(rung: Any, model: Model, **way: Any) -> tuple[str, str]:
    """Status and reason."""
    try:
        seen: Seen = rung.measure(model, Way(cache=Path("cache"), **way))
    except Hindered as hindered:
        return hindered.status, hindered.reason
    return seen.status, seen.reason


SHARDS = {
    "model.safetensors.index.json": json.dumps(
        {"weight_map": {n: f"model-{i % 2}.safetensors" for i, n in enumerate(GOOD)}}
    ).encode(),
    "model-0.safetensors": save(dict(list(GOOD.items())[0::2])),
    "model-1.safetensors": save(dict(list(GOOD.items())[1::2])),
}

FILES: dict[str, tuple[dict[str, bytes], dict[str, Any], str, str]] = {
    "safetensors": ({"model.safetensors": SAFE}, {}, "passed", ""),
    "a zip of torch": ({"pytorch_model.bin": torch_file(GOOD)}, {}, "passed", ""),
    "a legacy file of torch": ({"pytorch_model.bin": torch_file(GOOD, zipped=False)}, {}, "passed", ""),
    "safetensors before a pickle": ({"model.safetensors": SAFE, "pytorch_model.bin": b"no"}, {}, "passed", ""),
    "shards": (SHARDS, {}, "passed", ""),
    "a shard that is not there": (
        {k: v for k, v in SHARDS.items() if "1" not in k},
        {},
        "missing",
        "has no file 'model-1.safetensors', which model.safetensors.index.json names",
    ),
    "a list of shards that is none": (
        {"model.safetensors.index.json": b'{"weight_map": [1]}'},
        {},
        "mismatch",
        "is no list of shards",
    ),
    "two files that both hold a tensor": (
        {"a.safetensors": SAFE, "b.safetensors": save({"cls_token": GOOD["cls_token"], "more": torch.ones(1)})},
        {"files": [{"name": "a.safetensors"}, {"name": "b.safetensors"}]},
        "mismatch",
        "a.safetensors and b.safetensors both hold cls_token; name the file that is meant under loader.file",
    ),
    "two files that share what the recipe leaves out": (
        {"a.safetensors": save({**GOOD, "step": torch.ones(1)}), "b.safetensors": save({"step": torch.ones(1)})},
        {"files": [{"name": "a.safetensors"}, {"name": "b.safetensors"}], "loader": {"unused": ["step"]}},
        "passed",
        "",
    ),
    "integers where fractions belong": (
        {"model.safetensors": save(changed(cls_token=torch.ones(1, 1, 32, dtype=torch.int8)))},
        {},
        "mismatch",
        "cls_token: the file has 1x1x32 of int8, the module 1x1x32",
    ),
    "a name on two lines": (
        {"model.safetensors": save({**GOOD, "a\nb": torch.ones(1)})},
        {},
        "mismatch",
        "a?b: no place in the module",
    ),
    "a nested checkpoint": (
        {"teacher.pth": torch_file({"teacher": {"backbone": GOOD}, "epoch": 3})},
        {"loader": {"prefix": "teacher.backbone."}},
        "passed",
        "",
    ),
    "a prefix that the recipe lacks": (
        {"m.pth": torch_file({"teacher": GOOD})},
        {},
        "mismatch",
        "set loader.prefix: teacher.",
    ),
    "no file of weights": ({"README.md": b""}, {}, "missing", "has no file of weights"),
    "several files of weights": ({"a.pth": SAFE, "b.pth": SAFE}, {}, "not-attempted", "2 files of weights"),
    "one of several, named": (
        {"a.safetensors": SAFE, "b.safetensors": b"x"},
        {"loader": {"file": "a.safetensors"}},
        "passed",
        "",
    ),
    "a named file that is not there": (
        {"model.safetensors": SAFE},
        {"files": [{"name": "weights.pth"}]},
        "missing",
        "no file 'weights.pth'",
    ),
    "another shape": ({"model.safetensors": save(changed(cls_token=torch.ones(1, 1, 16)))}, {}, "mismatch", "1 of another shape"),
    "a key too few": ({"model.safetensors": save(changed(norm__bias=None))}, {}, "mismatch", "norm.bias: not in the file"),
    "a key too many": (
        {"model.safetensors": save(changed(head__weight=torch.ones(3)))},
        {},
        "mismatch",
        "head.weight: no place in the module",
    ),
    "a key that the recipe leaves out": (
        {"model.safetensors": save(changed(head__weight=torch.ones(3)))},
        {"loader": {"unused": ["head.*"]}},
        "passed",
        "",
    ),
    "half where single is claimed": (
        {"model.safetensors": save({name: one.half() for name, one in GOOD.items()})},
        {"dtype": "float32"},
        "mismatch",
        "holds float16, the entry states float32",
    ),
    "other bytes than the entry's": (
        {"model.safetensors": SAFE},
        {"files": [{"name": "model.safetensors", "bytes": 7}]},
        "mismatch",
        "the entry states 7",
    ),
    "another hash than the entry's": (
        {"model.safetensors": SAFE},
        {"files": [{"name": "model.safetensors", "sha256": "0" * 64}]},
        "mismatch",
        "SHA-256",
    ),
    "a hostile pickle": (
        {"m.pth": torch_file({**GOOD, "x": Hostile()})},
        {},
        "mismatch",
        "names posix.system, which could run code",
    ),
    "a hostile legacy pickle": (
        {"m.pth": torch_file({**GOOD, "x": Hostile()}, zipped=False)},
        {},
        "mismatch",
        "names posix.system",
    ),
    "a bare pickle": ({"m.pth": pickle.dumps(Hostile())}, {}, "mismatch", "can't be read as torch wrote it"),
    "a pickle that never ends": ({"m.pth": bomb()}, {}, "mismatch", "more values than any checkpoint has"),
    "a zip cut short": ({"m.pth": torch_file(GOOD)[:-200]}, {}, "mismatch", "can't be read as torch wrote it"),
    "noise for safetensors": ({"model.safetensors": b"\xff" * 300}, {}, "mismatch", "model.safetensors"),
    "safetensors cut short": ({"model.safetensors": SAFE[:-100]}, {}, "mismatch", "model.safetensors"),
}


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
@pytest.mark.parametrize("case", FILES)
def test_what_a_repository_holds_decides_the_status(hub: Hub, rung: Any, case: str) -> None:
    files, stated, status, reason = FILES[case]
    hub.add("lab/model", files)
    found = see(rung, entry(**stated))
    assert found[0] == status, found
    assert reason in found[1]
    assert not Path("hostile-was-here").exists()


FAULTS: dict[str, tuple[Callable[[Hub], Any], str, str]] = {
    "no such repository": (lambda hub: hub.repositories.clear(), "missing", "no such repository, or a private one (HTTP 401)"),
    "gated": (lambda hub: setattr(hub.repositories["lab/model"], "gated", True), "gated", "(HTTP 401)"),
    "busy twice": (lambda hub: hub.fault("GET .*/api/", status=429, times=2), "passed", ""),
    "busy for ever": (lambda hub: hub.fault("GET .*/api/", status=429), "unreachable", "HTTP 429"),
    "down for a moment": (lambda hub: hub.fault("GET .*resolve", status=503, times=1), "passed", ""),
    "down for ever": (lambda hub: hub.fault("resolve", status=503), "unreachable", "HTTP 503"),
    "an error of the server": (lambda hub: hub.fault("/api/", status=500), "unreachable", "HTTP 500"),
    "a silent server": (lambda hub: hub.fault("/api/", wait=3), "unreachable", "ReadTimeout"),
    "a file that is refused": (lambda hub: hub.fault("resolve", status=403), "gated", "HTTP 403"),
    "a repository that is refused": (lambda hub: hub.fault("/api/", status=403), "gated", "HTTP 403"),
    "a disabled repository": (
        lambda hub: hub.fault("/api/", status=403, message="Access to this resource is disabled."),
        "missing",
        "the host has disabled the repository",
    ),
}


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
@pytest.mark.parametrize("case", FAULTS)
def test_what_a_host_does_decides_the_status(hub: Hub, rung: Any, case: str) -> None:
    harm, status, reason = FAULTS[case]
    hub.add("lab/model", {"model.safetensors": SAFE})
    harm(hub)
    found = see(rung, entry())
    assert found[0] == status, found
    assert reason in found[1]


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
@pytest.mark.parametrize("message", ["Invalid username or password.", "Invalid credentials in Authorization header"])
def test_a_token_that_has_run_out_is_no_fault_of_a_model(
    hub: Hub, rung: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    hub.fault("/api/", status=401, message=message)
    assert see(rung, entry())[0] in ("missing", "gated")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    told = "the host does not know this token (HTTP 401); give a valid one, or none"
    assert see(rung, entry()) == ("unreachable", told)


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
def test_a_token_opens_what_it_was_granted_and_appears_nowhere(hub: Hub, rung: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE}, gated=True, granted=frozenset({TOKEN}))
    monkeypatch.setenv("HF_TOKEN", "hf_" + "y" * 34)
    refused = see(rung, entry())
    assert refused == ("gated", "the repository wants an accepted form, and this token has none (HTTP 403)")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert see(rung, entry()) == ("passed", "")


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
def test_a_pinned_revision_is_the_one_that_is_read(hub: Hub, rung: Any) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    hub.add("lab/model", {"model.safetensors": SAFE, "README.md": b"new words"}, sha=NEWER)
    seen = rung.measure(entry(revision="a" * 40), Way(cache=Path("cache")))
    assert (seen.status, seen.measured.revision) == ("passed", "a" * 40)
    hub.add("lab/model", {"model.safetensors": save(changed(cls_token=torch.ones(1, 1, 32)))}, sha="c" * 40)
    assert see(rung, entry(revision="a" * 40)) == (
        "drifted",
        "model.safetensors is another file at cccccccccccc, where the main branch is now",
    )
    assert see(rung, entry(revision="d" * 40))[0] == "drifted"


def test_a_host_without_ranges_is_not_read_whole(hub: Hub) -> None:
    hub.add("lab/model", {"m.pth": torch_file({**GOOD, "more": torch.zeros(2**23)})})
    hub.fault("resolve", whole=True)
    assert see(header, entry())[0] == "unreachable"
    assert hub.sent() < 2**23


def test_a_file_that_would_lie_outside_its_folder_is_not_fetched(hub: Hub) -> None:
    hub.add("lab/model", {"../../m.safetensors": SAFE})
    assert see(weights, entry()) == (
        "mismatch",
        "lab/model has a file '../../m.safetensors', which would lie outside its folder",
    )


@pytest.mark.parametrize("told", [[1], {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}], ids=["list", "shape"])
def test_a_header_that_says_nonsense_is_a_mismatch(hub: Hub, told: Any) -> None:
    text = json.dumps(told).encode()
    hub.add("lab/model", {"model.safetensors": len(text).to_bytes(8, "little") + text + bytes(4)})
    assert see(header, entry())[0] == "mismatch"


def test_a_host_that_sends_less_than_was_asked_for_is_away_and_its_file_not_broken(hub: Hub) -> None:
    hub.add("lab/model", {"m.pth": torch_file(GOOD)})
    hub.fault("GET .*resolve", short=100)
    status, reason = see(header, entry())
    assert (status, "sends less of m.pth than was asked for" in reason) == ("unreachable", True)


def test_a_download_of_another_length_than_announced_is_no_fault_of_the_disk(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def other(*_: Any, **__: Any) -> str:
        raise OSError("Consistency check failed: file should be of size 9 but has size 7")

    hub.add("lab/model", {"model.safetensors": SAFE})
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", other)
    assert see(weights, entry()) == ("unreachable", "model.safetensors did not arrive whole")


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("posix.system", True),
        ("torch.serialization.os.system", True),
        ("builtins.eval", True),
        ("pickle.loads", True),
        ("builtins.set", False),
        ("mmcv.operators.Config", False),
        ("argparse.Namespace", False),
    ],
)
def test_names_that_could_run_code_are_known_through_whatever_module(name: str, runs: bool) -> None:
    assert bool(hostile([Index("torch-zip", {}, (name,))])) == runs


def test_a_host_that_is_not_there_is_unreachable(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    status, reason = see(header, entry())
    assert (status, "ConnectError" in reason) == ("unreachable", True)


def test_a_header_takes_few_bytes_and_counts_them(hub: Hub) -> None:
    big = {**GOOD, "more": torch.zeros(2**23)}
    hub.add("lab/model", {"model.safetensors": save(big)})
    hub.add("lab/zip", {"m.pth": torch_file(big)})
    for repository, share in (("lab/model", 0.0035), ("lab/zip", 0.01)):
        before = hub.sent()
        seen = header.measure(entry({"unused": ["more"]}, repository=repository), Way())
        assert isinstance(seen.measured, Header)
        assert seen.moved == hub.sent() - before < share * seen.measured.files[0].bytes


def test_without_a_recipe_a_header_is_still_read(hub: Hub) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    seen = header.measure(entry({}), Way())
    assert isinstance(seen.measured, Header)
    assert (seen.status, seen.measured.fit, seen.measured.files[0].tensors) == ("passed", None, len(GOOD))


def test_classes_that_only_keep_things_are_told_and_pass(hub: Hub) -> None:
    import argparse

    hub.add("lab/model", {"m.pth": torch_file({"model": GOOD, "args": argparse.Namespace(lr=1), "seen": {1, 2}})})
    seen = header.measure(entry({"prefix": "model."}), Way())
    assert isinstance(seen.measured, Header)
    assert (seen.status, seen.measured.files[0].classes) == ("passed", ("__builtin__.set", "argparse.Namespace"))


@pytest.mark.parametrize("number", [float("nan"), float("inf")], ids=str)
def test_numbers_that_are_none_are_found(hub: Hub, number: float) -> None:
    hub.add("lab/model", {"model.safetensors": save(changed(cls_token=torch.full((1, 1, 32), number)))})
    assert see(weights, entry()) == ("mismatch", "1 tensors hold NaN or Inf (cls_token)")


def test_contents_that_differ_from_the_hosts_hash_are_found(hub: Hub) -> None:
    hub.add("lab/model", {"m.pth": torch_file(GOOD)})
    hub.repositories["lab/model"].commits[0].hashes["m.pth"] = "0" * 64
    status, reason = see(weights, entry())
    assert (status, "the host states 0000000000000000" in reason) == ("mismatch", True)


def test_a_transfer_cut_off_is_taken_up_again(hub: Hub) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    hub.fault("GET .*resolve", cut=1000, times=2)
    assert see(weights, entry()) == ("passed", "")


def test_a_transfer_that_is_always_cut_off_ends(hub: Hub) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    hub.fault("GET .*resolve", cut=1000)
    assert see(weights, entry())[0] == "unreachable"


def test_a_file_larger_than_the_quota_is_not_fetched(hub: Hub) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    status, reason = see(weights, entry(), quota=1000)
    assert (status, reason) == (
        "unsupported-environment",
        f"model.safetensors takes {len(SAFE):,} bytes of disk, 1,000 are allowed",
    )
    assert not any("resolve" in path for _, path, _, _ in hub.log)


def test_a_loaded_module_holds_the_released_numbers(hub: Hub) -> None:
    from pathdex.filling import filled
    from pathdex.weights import opening

    for name, content in (("a.safetensors", SAFE), ("b.pth", torch_file(GOOD)), ("c.pth", torch_file(GOOD, zipped=False))):
        path = Path(name)
        path.write_bytes(content)
        module, fit, wrong = filled(Loader.model_validate(LOADER), {path: opening.index(path)})
        assert (wrong, fit.matched) == ("", len(GOOD))
        assert all(torch.equal(one, GOOD[key]) for key, one in module.state_dict().items())
        assert not any(one.is_meta for one in [*module.parameters(), *module.buffers()])


def test_contents_tell_times_memory_and_hash(hub: Hub) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    seen = weights.measure(entry(), Way(cache=Path("cache")))
    assert isinstance(seen.measured, Contents)
    [file] = seen.measured.files
    assert file.sha256 == hub.repositories["lab/model"].commits[0].sha256("model.safetensors")
    assert (file.dtypes, seen.measured.not_finite) == ({"float32": sum(one.numel() for one in GOOD.values())}, 0)
    assert seen.moved >= len(SAFE)
    assert seen.measured.peak_memory > 0


@pytest.mark.parametrize("rung", [header, weights], ids=["header", "weights"])
def test_offline_is_said(hub: Hub, rung: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("lab/model", {"model.safetensors": SAFE})
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert see(rung, entry()) == ("unreachable", "HF_HUB_OFFLINE is set, so the host is not asked")
    assert hub.log == []
