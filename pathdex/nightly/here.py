"""Runs workers on this machine: one for each environment group, one after the other, each in a process group of its own."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from pathdex.nightly.plan import Plan
from pathdex.nightly.slots import visible


def gpus(device: str, wanted: int | None) -> tuple[str, ...]:
    """The GPU slots of this machine for a device."""
    return tuple(visible(wanted)) if device.startswith("cuda") else ()


def run(plan: Plan, folder: Path, names: Iterable[str], groups: dict[str, str], look: Callable[[], None], due: float) -> None:
    """Have a worker measure the models of each group; `look` is called all the while. Nothing of a worker is left behind."""
    for group in dict.fromkeys(groups[name] for name in names):
        python = plan.environments[group].python
        log = log_of(folder, group)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [python, "-m", "pathdex.nightly.worker", str(folder), "--group", group, "--with-parent"]
        with log.open("ab") as output:
            worker = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            _wait(worker, look, due)
        finally:
            _end(worker)


def _wait(worker: "subprocess.Popen[bytes]", look: Callable[[], None], due: float) -> None:
    import time

    while worker.poll() is None and time.monotonic() < due:
        look()
        time.sleep(0.1)
    look()


def _end(worker: "subprocess.Popen[bytes]") -> None:
    """Ask the worker and its group to end, then make them."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if worker.poll() is None:
            try:
                os.killpg(worker.pid, number)
                worker.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def log_of(folder: Path, worker: str | int) -> Path:
    """What a worker said: that of an environment group, or of a task of an array job by its number."""
    return folder / "logs" / f"{worker}.log"


def said(log: Path) -> str:
    """The last line that a worker complained in, if it did."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except FileNotFoundError:
        return ""
    return lines[-1] if lines else ""
