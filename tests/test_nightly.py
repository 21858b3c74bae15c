"""The nightly end to end, through its script: what goes wrong with one model leaves the others alone, and a killed run goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
import yaml
from local_hub import Hub
from safetensors.torch import save
from test_released import GOOD, LOADER, SAFE, TOKEN, Hostile, changed, torch_file

SCRIPT = Path(__file__).parents[1] / "scripts" / "smoke_test.py"
RUNGS = ("architecture", "header", "weights", "embedding")
NOT = "not-attempted"
GATED = "the repository wants an accepted form, and this token has none (HTTP 403)"
LARGE = save({**GOOD, "more": torch.zeros(2**18)})
EXPECTED = {
    "crash": ("crashed", NOT, NOT, NOT, "RecipeError"),
    "cut": ("passed", "unreachable", NOT, NOT, "RemoteProtocolError"),
    "drifted": ("passed", "drifted", NOT, NOT, "the pinned revision is no longer there"),
    "echo": ("passed", "crashed", NOT, NOT, "[token]"),
    "gated": ("passed", "gated", NOT, NOT, GATED),
    "good": ("passed", "passed", "passed", "passed", ""),
    "hostile": ("passed", "mismatch", NOT, NOT, "names posix.system, which could run code"),
    "large": ("passed", "passed", "unsupported-environment", NOT, "600,000 are allowed"),
    "missing": ("passed", "missing", NOT, NOT, "no such repository"),
    "nan": ("passed", "passed", "mismatch", NOT, "1 tensors hold NaN or Inf (cls_token)"),
    "slow": ("passed", "passed", "timeout", NOT, "was stopped after 8 seconds"),
    "starved": ("passed", "passed", "passed", "out-of-memory", "MemoryError"),
    "wrong-hash": ("passed", "passed", "mismatch", NOT, "the host states 0000000000000000"),
}
"""Model to the status of each rung, and what the first reason says that is none of a lower rung's."""


def entry(
    root: Path, name: str, loader: dict[str, Any] | None = None, more: dict[str, Any] | None = None, **weights: Any
) -> None:
    """Write a model whose weights are in a repository of its own."""
    stated = {"access": "open", "repository": f"lab/{name}", **weights}
    data: dict[str, Any] = {
        "name": name,
        "kind": "patch-encoder",
        "summary": "A toy.",
        "weights": {key: one for key, one in stated.items() if one is not None},
        "embeddings": {"cls": {"width": 32, "pooling": "cls", "default": True}},
        "sources": {},
        **(more or {}),
    }
    if loader is not None:
        data["loader"] = {**LOADER, **loader}
    file = root / "catalog" / "models" / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def filled(root: Path, hub: Hub) -> None:
    """A catalog and a hub in which most things go wrong, each in its way."""
    plain = ("cut", "echo", "gated", "good", "hostile", "large", "missing", "nan", "slow", "starved", "wrong-hash")
    for name in plain:
        entry(root, name, {"unused": ["more"]} if name == "large" else {})
    entry(root, "crash", {"factory": "vit_tinny_patch16_224"})
    entry(root, "drifted", {}, revision="d" * 40)
    entry(root, "starved", {}, {"preprocess": {"resize": 100_000, "crop": 100_000}})
    for name in (*plain, "drifted"):
        hub.add(f"lab/{name}", {"model.safetensors": SAFE})
    hub.repositories.pop("lab/missing")
    hub.repositories["lab/gated"].gated = True
    hub.repositories["lab/echo"].commits[0].sha = TOKEN
    hub.repositories["lab/wrong-hash"].commits[0].hashes["model.safetensors"] = "0" * 64
    for name, files in (
        ("hostile", {"m.pth": torch_file({**GOOD, "x": Hostile()})}),
        ("large", {"model.safetensors": LARGE}),
        ("nan", {"model.safetensors": save(changed(cls_token=torch.full((1, 1, 32), torch.nan)))}),
    ):
        hub.repositories[f"lab/{name}"].commits[0].files = files
    hub.fault("GET /lab/cut/resolve", cut=10)
    hub.fault("GET /lab/slow/resolve", times=2)  # the two ranges that the header takes come in time
    hub.fault("GET /lab/slow/resolve", wait=60)


def bare(root: Path) -> Path:
    """A catalog without entries."""
    (root / "catalog").mkdir(parents=True)
    (root / "catalog" / "taxonomy.yaml").write_bytes(TAXONOMY.read_bytes())
    return root


TAXONOMY = Path(__file__).parent / "toy" / "catalog" / "taxonomy.yaml"


def settings(root: Path, hub: Hub | None = None, **more: str) -> dict[str, str]:
    """The environment of a run that talks to the hub and to nobody else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "SLURM_", "CUDA_"))}
    endpoint = hub.url if hub else "http://127.0.0.1:9"
    return {**kept, "HF_ENDPOINT": endpoint, "HF_HOME": str(root / "hub-home"), "HF_TOKEN": TOKEN, **more}


def started(root: Path, hub: Hub | None, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    """The script at work on a root."""
    command = [sys.executable, str(SCRIPT), "--root", str(root), *arguments]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, env=settings(root, hub, **more), cwd=root, **pipes)


def smoke(root: Path, hub: Hub | None, *arguments: str, **more: str) -> tuple[int, str]:
    """Exit code and output of the script."""
    process = started(root, hub, *arguments, **more)
    output, _ = process.communicate(timeout=180)
    return process.returncode, output


def statuses(root: Path, run: str) -> dict[str, dict[str, str]]:
    """Model to rung to status, as the report for programs has it."""
    report = json.loads((root / "build" / "nightly" / run / "report.json").read_text(encoding="utf-8"))
    return {name: {rung: one["status"] for rung, one in rungs.items()} for name, rungs in report["models"].items()}


@dataclass
class Told:
    """What the great run left."""

    root: Path
    code: int
    output: str
    before: dict[str, tuple[int, bytes]]
    """The journal when the run was killed: time of writing and content."""
    orphans: float
    """Seconds until nothing of the killed run was left."""
    seconds: float

    @property
    def folder(self) -> Path:
        """The run's own."""
        return self.root / "build" / "nightly" / "great"

    @property
    def report(self) -> dict[str, Any]:
        """The report for programs."""
        data: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return data


def of(folder: Path) -> list[str]:
    """Processes that know of a run, by their command lines."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(folder) in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def great(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A run over all faults, killed on its way and taken up again."""
    root = bare(tmp_path_factory.mktemp("great") / "root")
    hub = Hub()
    filled(root, hub)
    options = ["--rungs", ",".join(RUNGS), "--time-limit", "60,weights=8", "--quota", "0.0006", "--memory", "4", "--workers", "4"]
    with hub.serving():
        process = started(root, hub, "--all", "--run", "great", *options)
        done = root / "build" / "nightly" / "great" / "done"
        while not done.is_dir() or len(list(done.glob("*.json"))) < 4:
            time.sleep(0.02)
            assert process.poll() is None, process.communicate()[0]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        began = time.monotonic()
        while of(done.parent) and time.monotonic() < began + 10:
            time.sleep(0.05)
        orphans = time.monotonic() - began
        before = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in done.glob("*.json")}
        began = time.monotonic()
        code, output = smoke(root, hub, "--resume", "--record")
        yield Told(root, code, output, before, orphans, time.monotonic() - began)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_fault_ends_in_its_status_and_harms_no_other_model(great: Told, name: str) -> None:
    rungs = great.report["models"][name]
    *wanted, words = EXPECTED[name]
    assert [rungs[rung]["status"] for rung in RUNGS] == wanted, rungs
    first = next((one["reason"] for one in rungs.values() if one["status"] != "passed"), "")
    assert words in first


def test_what_was_killed_left_nothing_behind_and_went_on_where_it_was(great: Told) -> None:
    assert great.orphans < 3
    assert len(great.before) >= 4
    done = great.folder / "done"
    assert {name: ((done / name).stat().st_mtime_ns, (done / name).read_bytes()) for name in great.before} == great.before
    assert len(list(done.glob("*.json"))) == len(EXPECTED) * len(RUNGS)
    assert [file.name for file in (great.root / "catalog" / "evidence").glob(".*")] == []


def test_the_run_fails_and_says_what_is_to_be_looked_at(great: Told) -> None:
    assert great.code == 1, great.output
    assert great.report["loaded"] == ["good"]
    text = (great.folder / "report.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[1:]] == [f"| {name}" for name in EXPECTED]
    assert "| gated | passed | gated | not-attempted | not-attempted | never |" in rows
    assert "1 of 13 models passed the embedding rung; 0 regressed, 11 to look at" in great.output
    assert great.output.count("good  weights  passed") == 1


def test_machines_are_told_the_same(great: Told) -> None:
    cases = {
        (case.get("classname"), case.get("name")): [child.tag for child in case]
        for case in ElementTree.parse(great.folder / "junit.xml").iter("testcase")
    }
    assert len(cases) == len(EXPECTED) * len(RUNGS) + 1
    assert cases["header", "gated"] == ["skipped"]
    assert cases["weights", "slow"] == ["failure"]
    assert cases["embedding", "good"] == cases["run", "something was loaded"] == []


def test_evidence_says_what_the_report_says(great: Told) -> None:
    for name, rungs in statuses(great.root, "great").items():
        evidence = json.loads((great.root / "catalog" / "evidence" / f"{name}.json").read_text(encoding="utf-8"))
        assert {rung: one["status"] for rung, one in evidence["rungs"].items()} == rungs


def test_the_run_is_kept_in_numbers(great: Told) -> None:
    [file] = (great.root / "catalog" / "evidence" / "runs").iterdir()
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert (kept["models"], kept["ended"]["embedding"]["passed"]) == (len(EXPECTED), 1)


def test_the_token_appears_nowhere(great: Told) -> None:
    files = [file for file in great.root.rglob("*") if file.is_file()]
    assert [file for file in files if TOKEN.encode() in file.read_bytes()] == []
    assert TOKEN not in great.output


def test_caches_are_deleted_and_nothing_hostile_ran(great: Told) -> None:
    assert not any((great.folder / "cache").glob("*"))
    assert [file for file in great.root.rglob("*") if file.name in ("hostile-was-here", "model.safetensors")] == []
