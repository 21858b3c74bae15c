"""The script for machines with a GPU: its steps in order, within its time, and nothing but what the evidence lacks."""

import importlib.util
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
echo "$CUDA_VISIBLE_DEVICES $*" >>"$LOG"
case "$*" in *encode_throughput*) echo "(2 x)" ;; esac
exit "${CODE:-3}"
"""


def measured(folder: Path, *arguments: str, cards: int = 2, **more: str) -> tuple[int, list[str], str]:
    """Exit code of a copy of the script, what it called, and what it said, on a machine of stand-ins."""
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "catalog" / "evidence").mkdir(parents=True, exist_ok=True)
    script = folder / "scripts" / "gpu_measure.sh"
    script.write_bytes((ROOT / "scripts" / "gpu_measure.sh").read_bytes())
    listed = "\n".join(f"GPU {number}: NVIDIA H200 (UUID: GPU-{number})" for number in range(cards))
    for name, text in (("python", PYTHON), ("nvidia-smi", f"#!/bin/sh\necho '{listed}'\n")):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    log = folder / "log"
    settings = {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHON": str(folder / "python"), "LOG": str(log), **more}
    told = subprocess.run(["bash", str(script), *arguments], capture_output=True, text=True, check=False, env=settings)
    return told.returncode, log.read_text().splitlines() if log.exists() else [], told.stdout + told.stderr


def test_all_is_done_in_one_call_in_order(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    code, calls, told = measured(tmp_path, OUT=str(tmp_path / "out"), CODE="0")
    smoke = "scripts/smoke_test.py --device cuda --random --missing --rungs"
    begun = [" benchmarks/encode_throughput.py", *(f"{slots} {smoke} {rung}" for slots, rung in STEPS)]
    assert [call.startswith(wanted) for call, wanted in zip(calls, begun, strict=True)] == [True] * 4, calls
    assert [call.rpartition(" --time-limit ")[2].partition(" ")[2] for call in calls[1:]] == [
        "--all",
        "--kind patch-encoder",
        "--all",
    ]
    assert (code, "2 x" in told, (tmp_path / "build" / "throughput.txt").read_text()) == (0, True, "(2 x)\n")
    with tarfile.open(tmp_path / "out" / "measured.tar.gz") as packed:
        assert {"catalog/evidence", "build/nightly", "build/throughput.txt"} <= set(packed.getnames())


STEPS = [("0,1,0,1,0,1,0,1", "embedding"), ("0,1", "cost"), ("0,1", "cost")]


def test_a_piece_leaves_time_to_end_and_what_no_time_is_left_for_is_left(tmp_path: Path) -> None:
    code, calls, _ = measured(tmp_path, "--piece", "540", "embedding", "cost", "uni2-h")
    assert [call.split()[-1] for call in calls] == ["uni2-h", "uni2-h"]
    deadlines = [float(call.split("--deadline ")[1].split()[0]) * 3600 for call in calls]
    assert all(480 < seconds < 501 for seconds in deadlines)
    assert code == 0
    assert measured(tmp_path, "--piece", "90", "cost")[:2] == (1, calls)


def test_a_wrong_call_is_told(tmp_path: Path) -> None:
    code, calls, told = measured(tmp_path, "--piece", "soon")
    assert (code, calls, "--piece wants seconds, got 'soon'" in told) == (2, [], True)


def test_a_machine_without_a_gpu_is_told() -> None:
    call = ["/bin/bash", str(ROOT / "scripts" / "gpu_measure.sh")]
    told = subprocess.run(call, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    assert (told.returncode, told.stderr) == (2, "gpu_measure: no NVIDIA GPU is visible here\n")


def test_what_fails_is_the_exit_code_and_that_nothing_released_was_loaded_is_none(tmp_path: Path) -> None:
    assert measured(tmp_path, "cost", CODE="3")[0] == 0
    assert measured(tmp_path, "cost", CODE="1")[0] == 1
    assert measured(tmp_path, "benchmark", CODE="3")[0] == 1


def test_what_the_benchmark_told_before_its_time_ran_out_stands(tmp_path: Path) -> None:
    assert measured(tmp_path, "benchmark", CODE="124")[0] == 1
    assert (tmp_path / "build" / "throughput.txt").read_text() == "(2 x)\n"
    assert not (tmp_path / "build" / "throughput.partial").exists()


def test_no_rung_of_a_model_takes_more_than_an_hour_however_long_the_piece(tmp_path: Path) -> None:
    _, calls, _ = measured(tmp_path, "cost", "uni2-h")
    assert "--time-limit 3600 uni2-h" in calls[0]
    assert "--time-limit 470 uni2-h" in measured(tmp_path, "--piece", "540", "cost", "uni2-h")[1][1]


def test_the_benchmark_compares_loops_that_give_the_same_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from test_encoding import MODEL

    from pathdex.encoding import encoder

    spec = importlib.util.spec_from_file_location("encode_throughput", ROOT / "benchmarks" / "encode_throughput.py")
    assert spec and spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, benchmark)
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec.loader.exec_module(benchmark)
    monkeypatch.setattr(benchmark, "SECONDS", 0.01)
    pair = benchmark.Pair(encoder(MODEL, random=True), 4, "cpu", compiled=False)
    for plain, fast in pair.loops().values():
        one, other = plain(2), fast(2)
        assert one.shape == other.shape == (4, 48)
        assert torch.nn.functional.cosine_similarity(one.float(), other, dim=-1).min() > 0.999
        assert benchmark.rate(fast, 4) > 0
    told: list[str] = []
    monkeypatch.setattr(benchmark, "tell", told.append)
    benchmark._compare(pair, 10**9, 10**12)
    assert ["  on the card: " in told[0], "  from memory: " in told[1], "% of peak" in told[0], len(told)] == [
        True,
        True,
        True,
        2,
    ]
