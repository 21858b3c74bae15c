"""Every model asked for ends in one status, its evidence on disk; what a recipe does to its process does nothing to the run."""

import hashlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pathdex import verify as verification
from pathdex.catalog import Catalog
from pathdex.commands import main
from pathdex.measuring import isolation
from pathdex.schema.recipe import fingerprint
from pathdex.tokens import one_line
from pathdex.verify import Summary, verify

# The first run of a session starts the server that all later processes fork from: what it has not imported, each would import anew.
SHARED = ("pathdex.rungs.architecture", "torch.utils.flop_counter", "timm")


def _act(act: str) -> str:
    """A job that behaves as its name says."""
    if act == "hang":
        time.sleep(60)
    if act == "starve":
        return str(len(bytearray(2**40)))
    if act == "raise":
        raise KeyError("no such layer")
    if act == "leave":
        os._exit(7)
    if act in ("SIGSEGV", "SIGKILL"):
        os.kill(os.getpid(), getattr(signal, act))
    return f"{act} done"


def test_each_job_ends_in_its_own_way_and_the_others_go_on() -> None:
    acts = ["first", "hang", "starve", "raise", "leave", "SIGSEGV", "SIGKILL", "last"]
    # The limit leaves each job time to import this file, on a machine that does much else.
    ended = dict(isolation.each(_act, {act: act for act in acts}, limit=10, workers=2, preload=SHARED))
    assert {act: (end.status, end.value or end.reason) for act, end in ended.items()} == {
        "first": ("returned", "first done"),
        "hang": ("timeout", "was stopped after 10 seconds"),
        "starve": ("out-of-memory", "MemoryError: "),
        "raise": ("crashed", "KeyError: 'no such layer'"),
        "leave": ("crashed", "ended with exit code 7 and no answer"),
        "SIGSEGV": ("crashed", "died of SIGSEGV"),
        "SIGKILL": ("out-of-memory", "was killed by the system, as it does for want of memory"),
        "last": ("returned", "last done"),
    }
    assert 10 <= ended["hang"].seconds < 15


def test_jobs_that_nobody_waits_for_are_stopped() -> None:
    import multiprocessing

    ending = isolation.each(_act, {"hang": "hang", "first": "first"}, limit=60, workers=2, preload=SHARED)
    assert next(ending)[0] == "first"
    ending.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def _entry(root: Path, name: str, loader: str, like: str = "tiny", **changes: str) -> None:
    """A copy of a toy model with another recipe, written as one line of YAML flow."""
    text = (root / "catalog" / "models" / f"{like}.yaml").read_text(encoding="utf-8")
    before, _, after = text.partition("loader:\n")
    rest = after[after.index("parameters:" if like == "tiny" else "embeddings:") :]
    written = before + (f"loader: {loader}\n" if loader else "") + rest
    for old, new in changes.items():
        written = written.replace(old, new)
    (root / "catalog" / "models" / f"{name}.yaml").write_text(written, encoding="utf-8")


def _verify(root: Path, *ids: str, **options: Any) -> Summary:
    catalog = Catalog.load(root)
    return verify(catalog, root, ids or catalog.models, **options)


def _statuses(summary: Summary) -> dict[str, tuple[str, str | None]]:
    return {name: (outcome.rung.status, outcome.rung.reason) for name, outcome in summary.outcomes.items()}


@pytest.fixture
def bare_root(toy_root: Path) -> Path:
    """The toy catalog before anything was measured."""
    for file in (toy_root / "catalog" / "evidence").glob("tiny*"):
        file.unlink()
    return toy_root


def test_what_is_measured_is_written_beside_its_listing(bare_root: Path) -> None:
    told: list[str] = []
    summary = _verify(bare_root, "tiny", report=lambda name, outcome: told.append(f"{name} {outcome.rung.status}"))
    folder = bare_root / "catalog" / "evidence"
    listing = (folder / "tiny.tensors.csv").read_bytes()
    text = (folder / "tiny.json").read_text(encoding="utf-8")
    data = json.loads(text)
    seen = data["rungs"]["architecture"]
    assert (told, summary.failed) == (["tiny passed"], [])
    assert text == json.dumps(data, indent=2, sort_keys=True) + "\n"
    assert data["recipe"] == fingerprint(Catalog.load(bare_root).models["tiny"])
    assert seen["measured"] == {
        "embeddings": {"cls": 192, "cls+mean": 384},
        "flops": 2_506_982_400,
        "input": [1, 3, 224, 224],
        "parameters": {"image-encoder": 5_524_416},
        "state_dict": {"sha256": hashlib.sha256(listing).hexdigest(), "tensors": len(listing.splitlines()) - 1},
    }
    assert sorted(seen["environment"]["libraries"]) == ["timm", "torch"]
    assert (seen["bytes_moved"], seen["status"], seen["environment"]["device"]) == (0, "passed", "meta")
    assert sorted(file.name for file in folder.iterdir() if file.name != ".gitkeep") == ["tiny.json", "tiny.tensors.csv"]


def test_every_model_asked_for_ends_in_one_status_with_the_reason(bare_root: Path) -> None:
    _entry(bare_root, "endless", "{library: timm, factory: vit_tiny_patch16_224, kwargs: {depth: 100_000_000}}")
    _entry(bare_root, "misspelt", "{library: timm, factory: vit_tinny_patch16_224}")
    _entry(bare_root, "odd", "{library: timm, factory: vit_tiny_patch16_224, kwargs: {embed_dim: 190, num_heads: 7}}")
    _entry(bare_root, "without", "", like="tiny-slide", **{"loader, ": ""})
    _entry(bare_root, "elsewhere", "{library: timm, factory: vit_tiny_patch16_224, environment: old}")
    summary = _verify(bare_root, limit=10)
    statuses = _statuses(summary)
    odd = statuses.pop("odd")
    assert (odd[0], (odd[1] or "").partition(":")[0]) == ("crashed", "AssertionError")
    misspelt = statuses.pop("misspelt")
    assert (misspelt[0], "did you mean 'vit_tiny_patch16_224'?" in (misspelt[1] or "")) == ("crashed", True)
    assert statuses == {
        "elsewhere": ("not-attempted", "environment old: this is default; scripts/smoke_test.py makes the right one"),
        "endless": ("timeout", "was stopped after 10 seconds"),
        "tiny": ("passed", None),
        "tiny-slide": ("not-attempted", "library custom: no module in pathdex builds it yet"),
        "without": ("not-attempted", "no recipe; the weights were never released"),
    }
    assert summary.failed == ["endless", "misspelt", "odd"]
    after = Catalog.load(bare_root)
    assert sorted(after.evidence) == sorted(after.models)
    assert {name: evidence.rungs.architecture.status for name, evidence in after.evidence.items()} == {
        name: outcome.rung.status for name, outcome in summary.outcomes.items()
    }


def test_a_library_that_is_not_installed_is_said(bare_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "_versions", lambda model: {"torch": "2"})
    assert _statuses(_verify(bare_root, "tiny")) == {"tiny": ("unsupported-environment", "timm is not installed")}


def _files(root: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((root / "catalog" / "evidence").iterdir())}


def test_evidence_that_says_the_same_keeps_its_date(bare_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _verify(bare_root, "tiny")
    before = _files(bare_root)
    monkeypatch.setattr(verification, "__version__", "9.9.9")
    assert not _verify(bare_root, "tiny").outcomes["tiny"].changed
    assert _files(bare_root) == before
    assert _verify(bare_root, "tiny", again=True).outcomes["tiny"].changed
    assert json.loads(_files(bare_root)["tiny.json"])["pathdex"] == "9.9.9"


def test_a_listing_that_was_lost_or_changed_is_written_anew(bare_root: Path) -> None:
    _verify(bare_root, "tiny")
    before = _files(bare_root)["tiny.tensors.csv"]
    (bare_root / "catalog" / "evidence" / "tiny.tensors.csv").unlink()
    assert _verify(bare_root, "tiny").outcomes["tiny"].changed
    assert _files(bare_root)["tiny.tensors.csv"] == before


def test_a_recipe_that_no_longer_builds_keeps_the_date_of_its_last_pass_and_no_listing(bare_root: Path) -> None:
    _verify(bare_root, "tiny")
    passed = json.loads(_files(bare_root)["tiny.json"])["rungs"]["architecture"]["measured_at"]
    _entry(bare_root, "tiny", "{library: timm, factory: vit_nope}")
    for _ in range(2):
        _verify(bare_root, "tiny", again=True)
        rung = json.loads(_files(bare_root)["tiny.json"])["rungs"]["architecture"]
        assert (rung["status"], rung["passed_at"], "measured" in rung) == ("crashed", passed, False)
    assert "tiny.tensors.csv" not in _files(bare_root)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("RuntimeError: one\n  two\tthree", "RuntimeError: one two three"),
        ("KeyError: '/home/someone/.cache/model.bin'", "KeyError: 'model.bin'"),
        ("TypeError: <class 'X'> at 0x7f12ab", "TypeError: (class 'X') at 0x0"),
        ("ValueError: and/or 1/2 https://example.org/a/b", "ValueError: and/or 1/2 https://example.org/a/b"),
        ("x" * 300, "x" * 237 + "..."),
    ],
)
def test_a_reason_is_one_line_that_is_the_same_on_every_machine(message: str, line: str) -> None:
    assert one_line(message) == line


def test_claims_do_not_change_the_recipe_but_poolings_do(toy: Catalog) -> None:
    tiny = toy.models["tiny"]
    cls = tiny.embeddings["cls"]

    def changed(**fields: Any) -> str:
        embeddings = {**tiny.embeddings, "cls": cls.model_copy(update=fields)}
        return fingerprint(tiny.model_copy(update={"embeddings": embeddings}))

    assert changed(width=7, notes="Read me.") == fingerprint(tiny)
    assert changed(pooling="mean") != fingerprint(tiny)
    assert fingerprint(toy.models["tiny-slide"]) != fingerprint(tiny)


def test_the_command_prints_a_line_a_model_and_the_sum(bare_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(bare_root), "verify", "--all"]) == 0
    *lines, closing = capsys.readouterr().out.splitlines()
    assert lines == [
        "tiny        passed         image-encoder 5,524,416, cls 192, cls+mean 384, 2.51 GFLOPs",
        "tiny-slide  not-attempted  library custom: no module in pathdex builds it yet",
    ]
    assert closing.startswith("1 passed and 1 not-attempted in ") and closing.endswith(" s, 2 evidence files written")


def test_the_command_returns_1_when_a_recipe_fails_or_an_entry_can_not_be_read(
    bare_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _entry(bare_root, "tiny", "{library: timm, factory: vit_nope}")
    assert main(["--root", str(bare_root), "verify", "tiny"]) == 1
    assert "tiny  crashed  RecipeError: timm" in capsys.readouterr().out
    (bare_root / "catalog" / "models" / "tiny.yaml").write_text("name: 1\n", encoding="utf-8")
    assert main(["--root", str(bare_root), "verify", "--all"]) == 1
    assert "catalog/models/tiny.yaml:1: name: wants text, got 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (["tinny"], "no model 'tinny'; did you mean 'tiny'?"),
        ([], "name the models to measure, or say --all"),
        (["tiny", "--all"], "name models or say --all, not both"),
        (["tiny", "--device", "gpu0"], "no device 'gpu0'; write cpu, cuda, cuda:1 or mps"),
    ],
)
def test_a_wrong_call_is_one_line_and_returns_2(
    call: list[str], complaint: str, bare_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(bare_root), "verify", *call]) == 2
    assert capsys.readouterr().err == f"pathdex: {complaint}\n"


def test_without_torch_the_command_says_what_to_install(
    toy_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pathdex.commands import verify as command

    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert main(["--root", str(toy_root), "verify", "tiny"]) == 2
    expected = "pathdex: torch is not installed, and nothing is measured without it; run pip install 'pathdex[verify]'\n"
    assert capsys.readouterr().err == expected
