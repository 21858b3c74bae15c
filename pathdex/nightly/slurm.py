"""Runs workers on a cluster: one array job of the worker command, a task for each model, collected through the run's folder.

No accounting is needed: a task tells in the journal what it did, and `squeue` tells whether the job is still there.
"""

import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pathdex.files import write_whole
from pathdex.nightly.choosing import WrongCall
from pathdex.nightly.plan import Plan
from pathdex.nightly.worker import task

SPARE = 300
"""Seconds that a task has beyond its rungs, to start and to write."""
PAUSES = (0.2, 10.0)
"""Seconds between two looks at the queue: at first, and at most."""
GONE = ("Invalid job id",)


def run(plan: Plan, folder: Path, names: Iterable[str], look: Callable[[], None], due: float) -> None:
    """Submit what is left, unless a job of this run is still there, and wait until it has left the queue."""
    file = folder / "slurm-job"
    job = file.read_text(encoding="utf-8").strip() if file.exists() else ""
    if not job or not _queued(job):
        job = _submitted(plan, folder, [plan.models.index(name) for name in names])
        write_whole(file, job.encode())
    pause, longest = PAUSES
    while _queued(job):
        look()
        if time.monotonic() > due:
            subprocess.run(["scancel", job], check=False, capture_output=True, timeout=60)
            break
        time.sleep(pause)
        pause = min(1.2 * pause, longest)
    look()


def cancelled(folder: Path) -> None:
    """Take a run's job out of the queue."""
    file = folder / "slurm-job"
    if file.exists():
        subprocess.run(["scancel", file.read_text(encoding="utf-8").strip()], check=False, capture_output=True, timeout=60)


def script(plan: Plan, folder: Path, tasks: list[int]) -> str:
    """The array job's text."""
    minutes = -(-int(sum(plan.limits[rung] for rung in plan.rungs) + SPARE) // 60)
    stated = [
        f"--job-name=pathdex-{folder.name}",
        f"--array={','.join(map(str, tasks))}%{plan.workers}",
        f"--time={minutes}",
        f"--mem={-(-plan.memory // 2**20) + 1024}M",
        f"--output={folder}/logs/%a.log",
        "--open-mode=append",
        "--requeue",
        *(["--gres=gpu:1"] if plan.device.startswith("cuda") else []),
        *plan.sbatch,
    ]
    command = shlex.join(task(plan, folder, "@")).replace(" @", ' "$SLURM_ARRAY_TASK_ID"')
    return "\n".join(["#!/bin/sh", *(f"#SBATCH {option}" for option in stated), f"exec {command}", ""])


def _submitted(plan: Plan, folder: Path, tasks: list[int]) -> str:
    """Submit an array job and tell its id; raises `WrongCall`."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    file = folder / "job.sh"
    write_whole(file, script(plan, folder, tasks).encode())
    try:
        told = subprocess.run(["sbatch", "--parsable", str(file)], capture_output=True, text=True, check=False, timeout=300)
    except FileNotFoundError as error:
        raise WrongCall("sbatch is not installed; leave --slurm out, or run this where jobs are submitted") from error
    job = told.stdout.strip().partition(";")[0]
    if told.returncode or not re.fullmatch(r"\d+", job):
        line = (told.stderr.strip().splitlines() or ["it told no job"])[-1]
        raise WrongCall(f"sbatch refused the job ({line})")
    return job


def _queued(job: str) -> bool:
    """Whether any task of a job is waiting or running; a controller that does not answer leaves it open."""
    told = subprocess.run(
        ["squeue", "--noheader", "--format=%T", "--jobs", job], capture_output=True, text=True, check=False, timeout=300
    )
    if told.returncode:
        return not any(words in told.stderr for words in GONE)
    return bool(told.stdout.strip())
