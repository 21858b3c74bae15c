"""The parts of the nightly: which models, which environment, which exit code, and what a process may take."""

import argparse
import importlib.util
import json
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from local_hub import Hub
from test_nightly import SCRIPT, bare, entry, of, smoke, started, statuses
from test_released import SAFE, TOKEN

from pathdex import tokens
from pathdex.catalog import Catalog, read_catalog
from pathdex.nightly import calling, running, slots, telling
from pathdex.nightly.choosing import WrongCall, choose, lacking
from pathdex.nightly.climb import blocked
from pathdex.nightly.environments import prepared
from pathdex.nightly.journal import Done
from pathdex.nightly.outcome import Report, row
from pathdex.nightly.plan import Before, Place, Plan
from pathdex.verify import LIMITS

HEADER = ("--rungs", "header")


def _done(rung: Any, status: Any, measured: bool = False) -> Done:
    return Done(model="m", rung=rung, key="", status=status, reason="why", measured=measured, ended_at="now")


PASSED = "2026-11-01T02:00:00Z"


def _report(*statuses: Any, stopped: bool = False) -> Report:
    """A run over the header and weights rungs of a model; both had passed before."""
    before = Before(status="passed", passed_at=PASSED)
    plan = Plan(
        root="",
        models=("m",),
        rungs=("header", "weights"),
        limits={},
        memory=1,
        workers=1,
        before={"m": {"header": before, "weights": before}} if stopped is False else {},
    )
    done = [_done(rung, status, status == "passed") for rung, status in zip(plan.rungs, statuses, strict=True)]
    return Report("r", plan, {"m": {one.rung: row(plan, one) for one in done}}, 1.0, stopped)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_report("passed", "passed"), 0),
        (_report("passed", "gated"), 1),
        (_report("passed", "passed", stopped=True), 1),
        (_report("gated", "not-attempted", stopped=True), 1),
        (replace(_report("gated", "not-attempted", stopped=True), stopped=False), 3),
        (replace(_report("passed", "not-attempted", stopped=True), stopped=False), 3),
        (replace(_report("missing", "not-attempted", stopped=True), stopped=False), 1),
    ],
)
def test_the_exit_code_tells_a_pass_from_a_regression_and_from_a_night_without_any_load(report: Report, code: int) -> None:
    assert report.code == code


def test_architectures_headers_and_random_weights_load_nothing() -> None:
    good = _report("passed", "passed")
    seen = Report("r", good.plan.model_copy(update={"rungs": ("header",)}), good.rows, 1.0)
    assert (seen.code, seen.loaded) == (3, [])
    assert telling.headline(seen).startswith("1 of 1 models passed the header rung, which loads no weights;")
    low = Report(
        "r", good.plan.model_copy(update={"rungs": ("architecture",)}), {"m": {"architecture": good.rows["m"]["header"]}}, 1.0
    )
    made_up = good.plan.model_copy(update={"rungs": ("cost",), "random": True})
    high = Report("r", made_up, {"m": {"cost": good.rows["m"]["header"]}}, 1.0)
    assert (low.code, low.passed, high.code, high.passed) == (3, ["m"], 3, ["m"])
    assert telling.headline(high).startswith(
        "1 of 1 models passed the cost rung with random weights, so nothing released was loaded;"
    )


def test_what_got_worse_is_told_with_its_last_pass(tmp_path: Path) -> None:
    telling.write(_report("passed", "gated"), tmp_path)
    assert (tmp_path / "regressions.md").read_text() == f"- regressed: m, weights: gated, `why` (last pass {PASSED})\n"
    assert f"| m | passed | **gated** | {PASSED} |" in (tmp_path / "report.md").read_text()
    assert '<testcase classname="run" name="something was loaded">\n      <failure' in (tmp_path / "junit.xml").read_text()
    telling.write(_report("passed", "passed"), tmp_path)
    assert not (tmp_path / "regressions.md").exists()
    assert "<failure" not in (tmp_path / "junit.xml").read_text()


def test_a_request_to_end_is_followed_and_a_report_is_written(tmp_path: Path) -> None:
    root, hub = bare(tmp_path / "root"), Hub()
    entry(root, "one")
    hub.add("lab/one", {"model.safetensors": SAFE})
    hub.fault("GET /api/", wait=600)
    with hub.serving():
        process = started(root, hub, "--all", *HEADER, "--run", "r")
        while not (hub.faults[0].times < 10**9):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        process.terminate()
        output, _ = process.communicate(timeout=20)
    found = json.loads((root / "build" / "nightly" / "r" / "report.json").read_text())
    assert (process.returncode, found["stopped"], found["models"]["one"]["header"]["reason"]) == (
        1,
        True,
        "the run was stopped before",
    ), output
    assert of(root) == []


def test_models_that_wait_for_a_gpu_do_not_wait_for_themselves(tmp_path: Path) -> None:
    root = bare(tmp_path / "root")
    names = ["a", "b", "c"]
    for name in names:
        entry(root, name, {})
    call = ["--all", "--rungs", "weights", "--device", "cuda", "--workers", "3", "--run", "r", "--deadline", "0.02"]
    code, output = smoke(root, None, *call, CUDA_VISIBLE_DEVICES="0")
    found = json.loads((root / "build" / "nightly" / "r" / "report.json").read_text())
    assert (code, found["stopped"]) == (1, False), output
    assert statuses(root, "r") == {name: {"weights": "unsupported-environment"} for name in names}


def test_a_model_runs_in_its_environment_and_one_without_is_told(tmp_path: Path) -> None:
    root = bare(tmp_path / "root")
    for name, group in (("here", "old"), ("nowhere", "lost")):
        entry(root, name, {"library": "custom", "environment": group}, repository=None, url="https://example.org/weights")
    (root / "environments").mkdir()
    (root / "environments" / "old.txt").write_text("# nothing differs\n", encoding="utf-8")
    code, output = smoke(root, None, "--all", *HEADER, "--run", "r")
    found = json.loads((root / "build" / "nightly" / "r" / "report.json").read_text())["models"]
    assert {name: (rungs["header"]["status"], rungs["header"]["reason"]) for name, rungs in found.items()} == {
        "here": (
            "not-attempted",
            "the weights are in no repository of the Hub; they are at https://example.org/weights; "
            "bring the file here with a browser, and load it with pathdex.load(..., weights=(path))",
        ),
        "nowhere": ("unsupported-environment", "environments/lost.txt is missing"),
    }
    assert (code, (root / "build" / "nightly" / "r" / "logs" / "old.log").exists()) == (1, True), output


def test_an_environment_has_its_pins_above_the_packages_of_the_running_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "toy_pin-1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tqdm/__init__.py", "version = 'pinned'\n")
        archive.writestr("toy_pin-1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy-pin\nVersion: 1.2\n")
        archive.writestr(
            "toy_pin-1.2.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("toy_pin-1.2.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "old.txt").write_text("toy-pin==1.2  # why\n", encoding="utf-8")
    place = prepared("old", tmp_path)
    told = subprocess.run(
        [place.python, "-c", "import tqdm, pydantic, pathdex; print(tqdm.version)"], capture_output=True, text=True, check=True
    )
    assert told.stdout == "pinned\n"
    made = Path(place.python).parents[1] / "made"
    before = made.stat().st_mtime_ns
    assert (prepared("old", tmp_path), made.stat().st_mtime_ns) == (place, before)
    (tmp_path / "environments" / "none.txt").write_text("toy-pin==9.9\n", encoding="utf-8")
    assert "No matching distribution found for toy-pin==9.9" in prepared("none", tmp_path).problem


@pytest.mark.parametrize("line", ["torch @ https://example.org/torch.whl", "--index-url https://example.org", "torch>=2", "-r x"])
def test_an_environment_is_made_of_pins_alone(line: str, tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "old.txt").write_text(f"{line}\n", encoding="utf-8")
    assert prepared("old", tmp_path).problem == f"environments/old.txt: {line!r} is no pin; write name==version"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A catalog under git, with a model of each kind of recipe."""
    root = bare(tmp_path / "root")
    entry(root, "a", {})
    entry(root, "b", {"library": "pathdex", "factory": "ctranspath"})
    entry(root, "c", {"environment": "old"}, {"kind": "slide-encoder"})
    for call in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "one"]):
        subprocess.run(["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.org", *call], check=True)
    return root


@pytest.mark.parametrize(
    ("file", "models"),
    [
        ("catalog/models/a.yaml", ["a"]),
        ("catalog/models/new.yaml", ["new"]),
        ("catalog/papers/a.yaml", []),
        ("pathdex/architectures/ctranspath.py", ["b"]),
        ("environments/old.txt", ["c"]),
        ("pathdex/loaders/timm.py", ["a", "b", "c"]),
        ("pathdex/writing/cards.py", []),
    ],
)
def test_what_changed_since_a_commit_is_measured(file: str, models: list[str], checkout: Path) -> None:
    changed = checkout / file
    changed.parent.mkdir(parents=True, exist_ok=True)
    if file.endswith("new.yaml"):
        entry(checkout, "new")
    else:
        changed.write_text((changed.read_text() if changed.exists() else "") + "# more\n", encoding="utf-8")
    catalog, _ = read_catalog(checkout)
    assert choose(catalog, checkout, changed_since="HEAD") == models


def test_models_are_chosen_by_id_kind_and_environment(checkout: Path) -> None:
    catalog = Catalog.load(checkout)
    assert choose(catalog, checkout) == ["a", "b", "c"]
    assert choose(catalog, checkout, kind="slide-encoder") == choose(catalog, checkout, environment="old") == ["c"]
    assert choose(catalog, checkout, ["b", "c"], kind="patch-encoder") == ["b"]
    with pytest.raises(WrongCall, match="git can't tell what changed"):
        choose(catalog, checkout, changed_since="--output=x")


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("smoke_test", SCRIPT)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def _parsed(*arguments: str) -> argparse.Namespace:
    parsed: argparse.Namespace = _script().parser().parse_args(arguments)
    return parsed


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--resume", "--rungs", "cost"], "smoke_test: --resume takes up a run as it was planned; leave --rungs out"),
        (["--resume", "r", "--time-limit", "7"], "leave --time-limit out"),
        (["tiny", "--resume"], "leave the models out"),
        (["tiny", "--time-limit", "cots=7"], "no rung 'cots'; write seconds, such as 600 or weights=600,cost=900"),
        (["tiny", "--time-limit", "soon"], "'soon'; write seconds, such as 600"),
        (["tiny", "--workers", "0"], "--workers: '0' is not a number above 0"),
        (["tiny", "--gpus", "1.5"], "--gpus: '1.5' is not a whole number"),
        (["tiny", "--memory", "much"], "--memory: 'much' is not a number above 0"),
        (["tiny", "--kind", "slide"], "invalid choice: 'slide'"),
    ],
)
def test_arguments_that_make_no_sense_are_told_and_nothing_is_done(
    arguments: list[str], complaint: str, toy_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["smoke_test.py", "--root", str(toy_root), *arguments])
    try:
        code = _script().main()
    except SystemExit as ended:
        code = ended.code
    assert (code, complaint in capsys.readouterr().err) == (2, True)
    assert not (toy_root / "build").exists()


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(toy_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["tiny", "tiny-slide", "--rungs", "header", "--slurm", "--sbatch=--partition=gpu", "--run", "r", "--dry-run"]
    assert calling.carried_out(_parsed("--root", str(toy_root), *call)) == 0
    told = capsys.readouterr().out
    lines = ("run r: 2 models, rungs header", "models: tiny, tiny-slide", "#SBATCH --array=0,1%8", "#SBATCH --partition=gpu")
    assert [line in told for line in lines] == [True] * 4
    assert not (toy_root / "build").exists()


def test_a_run_for_what_is_missing_leaves_out_what_the_evidence_tells(toy_root: Path) -> None:
    from pathdex.verify import Ended, recorded

    catalog = Catalog.load(toy_root)
    assert "tiny" not in lacking(catalog, catalog.models, ("architecture",))
    assert "tiny" in lacking(catalog, catalog.models, ("architecture", "cost"))
    for status, left in (("unreachable", True), ("timeout", False), ("out-of-memory", False), ("unsupported-environment", True)):
        recorded(catalog, toy_root, "tiny", "cost", Ended(status, "why"))
        assert ("tiny" in lacking(Catalog.load(toy_root), ["tiny"], ("cost",))) == left, status


def test_a_script_without_its_package_says_what_to_do(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-S", str(SCRIPT), "--help"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert told.returncode == 2
    assert "is not installed for this Python; run .venv/bin/python, or make install first" in told.stderr


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ([], "name the models to measure, or say --all"),
        (["tiny", "--all"], "name models or say --all, not both"),
        (["tinny"], "no model 'tinny'; did you mean 'tiny'?"),
        (["tiny", "--rungs", "header,weight"], "no rung 'weight'; the rungs are architecture, header"),
        (["--resume"], "no run to take up; leave --resume out"),
        (["--resume", "gone"], "no run 'gone' in build/nightly"),
        (["tiny", "--resume"], "--resume takes up a run as it was planned"),
        (["tiny", "--random"], "--random is for the rungs embedding and cost; name one under --rungs"),
        (["tiny", "--accept"], "--accept keeps released embeddings; give it with the rung embedding and without --random"),
        (["tiny", "--sbatch=--partition=x"], "--sbatch is for --slurm; leave it out, or give both"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_done(call: list[str], complaint: str, toy_root: Path) -> None:
    with pytest.raises(WrongCall) as error:
        calling.carried_out(_parsed("--root", str(toy_root), *call))
    assert str(error.value).startswith(complaint)
    assert not (toy_root / "build").exists()


def test_a_run_is_at_most_one_process_at_a_time(toy_root: Path) -> None:
    from pathdex.nightly import journal

    folder = toy_root / "build" / "nightly" / "r"
    assert calling.carried_out(_parsed("--root", str(toy_root), "tiny-slide", *HEADER, "--run", "r", "--deadline", "1e-9")) == 1
    with journal.held(folder / "lock"), pytest.raises(WrongCall, match="another process is at run r"):
        calling.carried_out(_parsed("--root", str(toy_root), "--resume"))
    with pytest.raises(WrongCall, match="run r is there already; say --resume r"):
        calling.carried_out(_parsed("--root", str(toy_root), "tiny", "--run", "r"))


def test_a_worker_that_never_answers_is_sent_again_and_then_told(toy_root: Path) -> None:
    folder, sent = toy_root / "build" / "nightly" / "r", toy_root / "sent"
    python = toy_root / "python"
    python.write_text(f"#!/bin/sh\necho x >>{sent}\necho no room for {TOKEN}\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    place = Place(python=str(python))
    limits = dict(LIMITS)
    plan = Plan(
        root=str(toy_root),
        models=("tiny",),
        rungs=("header", "weights"),
        limits=limits,
        memory=1,
        workers=1,
        environments={"default": place},
    )
    report = running.run(plan, folder, lambda _: None, 60)
    assert sent.read_text().count("x") == running.ATTEMPTS
    assert {rung: (one.done.status, one.done.reason) for rung, one in report.rows["tiny"].items()} == {
        "header": ("crashed", "the worker ended without an answer (no room for [token])"),
        "weights": ("not-attempted", "the run ended before"),
    }
    assert (report.code, (folder / "done").exists()) == (1, False)


@pytest.mark.parametrize("engine", ["here", "slurm"])
def test_what_is_lost_is_told_in_the_words_of_its_own_worker(engine: Any, toy_root: Path) -> None:
    catalog, folder = Catalog.load(toy_root), toy_root / "run"
    names = ("tiny-slide", "tiny")
    plan = Plan(root=str(toy_root), models=names, rungs=("header",), limits={}, memory=1, workers=1, engine=engine)
    for log, words in (
        ("0", "of the first task"),
        ("aside", "of another group"),
        ("default" if engine == "here" else "1", "own"),
    ):
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        (folder / "logs" / f"{log}.log").write_text(f"{words}\n", encoding="utf-8")
    rows = running._At(plan, folder, catalog, lambda _: None, 0.0).rows(stopped=False)
    assert rows["tiny"]["header"].done.reason == "the worker ended without an answer (own)"


def test_an_entry_that_can_not_be_read_has_its_status_too(toy_root: Path) -> None:
    (toy_root / "catalog" / "models" / "tiny.yaml").write_text("name: 1\n", encoding="utf-8")
    assert calling.carried_out(_parsed("--root", str(toy_root), "tiny", *HEADER, "--run", "r")) == 1
    assert statuses(toy_root, "r") == {"tiny": {"header": "crashed"}}
    report = (toy_root / "build" / "nightly" / "r" / "report.md").read_text()
    assert "tiny, header: crashed, `the entry can't be read (" in report


def test_limits_are_for_all_rungs_or_for_each() -> None:
    assert calling.Limits("") == LIMITS
    assert calling.Limits("5") == dict.fromkeys(LIMITS, 5)
    assert calling.Limits("5,cost=7")["cost"] == 7
    for wrong in ("x", "costs=7", "0", "cost=inf", "cost="):
        with pytest.raises(ValueError, match=r"."):
            calling.Limits(wrong)


@pytest.mark.parametrize(
    ("rung", "status", "measured", "random", "goes_on"),
    [
        ("header", "passed", True, False, True),
        ("architecture", "not-attempted", False, False, True),
        ("header", "gated", False, False, False),
        ("header", "drifted", True, False, True),
        ("header", "drifted", False, False, False),
        ("header", "gated", False, True, True),
        ("architecture", "crashed", False, True, False),
    ],
)
def test_a_rung_is_tried_only_where_those_below_hold(rung: Any, status: Any, measured: bool, random: bool, goes_on: bool) -> None:
    assert (blocked({rung: _done(rung, status, measured)}, random) is None) == goes_on


def test_slots_are_what_the_system_lets_this_process_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5f")
    assert (slots.visible(None), slots.visible(1)) == (["3", "GPU-5f"], ["3"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert slots.visible(None) == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert slots.visible(2) == ["0", "1"]


def test_tokens_are_taken_out_of_every_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", "an-odd-one-42")
    (tmp_path / "token").write_text("kept-by-login\n", encoding="utf-8")
    told = tokens.scrubbed(f"a {TOKEN}, b an-odd-one-42, c kept-by-login, d hf_hub_download")
    assert told == "a [token], b [token], c [token], d hf_hub_download"
