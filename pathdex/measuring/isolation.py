"""Runs a function in a process of its own for each job: a crash, a hang or a want of memory is an answer like any other."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from pathdex.hindrance import starved

MOST_MEMORY = 8 * 2**30
END_WITH_PARENT = 1
"""Linux's PR_SET_PDEATHSIG."""
LEAST_MEMORY = 4 * 2**30
CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""Where Linux tells the bytes that all processes of a container may have, or max."""
Status = Literal["returned", "crashed", "out-of-memory", "timeout"]


@dataclass(frozen=True)
class Ended:
    """How a job ended: with a value if it returned, else with a reason on one line."""

    status: Status
    value: Any = None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """One call, and what it may take: seconds, and bytes of memory.

    Drivers of GPUs reserve address space that they never fill, so where one takes part, `resident` bounds what is in memory.
    """

    name: str
    argument: Any
    limit: float
    most_memory: int = MOST_MEMORY
    resident: bool = False


@dataclass(frozen=True)
class _Running:
    job: Job
    process: BaseProcess
    began: float

    @property
    def due(self) -> float:
        """When its time is used up."""
        return self.began + self.job.limit

    def kill(self) -> None:
        """End the process and all that it started."""
        try:
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        except (AttributeError, OSError):  # it has no group of its own yet, or nothing of it is left
            self.process.kill()

    def stop(self) -> int | None:
        """End the process, leave nothing of it, and tell its exit code."""
        self.process.join(1)
        code = self.process.exitcode
        self.kill()
        self.process.join()
        code = self.process.exitcode if code is None else code
        self.process.close()
        return code


def share(workers: int) -> int:
    """What each of so many processes may have of the machine's memory, or of the container's, in bytes."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    bound = CONTAINER.read_text().strip() if CONTAINER.exists() else ""
    return max(LEAST_MEMORY, int(min(whole, int(bound) if bound.isdecimal() else whole) * 0.9) // workers)


def each(
    function: Callable[[Any], Any],
    jobs: Mapping[str, Any],
    limit: float,
    workers: int | None = None,
    preload: Iterable[str] = (),
    most_memory: int = MOST_MEMORY,
    resident: bool = False,
) -> Iterator[tuple[str, Ended]]:
    """Call `function(argument)` for every job, `workers` at a time, and yield how each ended, as they end.

    A job has `limit` seconds and `most_memory` bytes. The modules in `preload` are imported once, before the processes fork.
    """
    listed = [Job(name, one, limit, most_memory, resident) for name, one in jobs.items()]
    return drained(function, listed, workers, preload)


def drained(
    function: Callable[[Any], Any], jobs: list[Job], workers: int | None = None, preload: Iterable[str] = ()
) -> Iterator[tuple[str, Ended]]:
    """Like `each`, until `jobs` is empty: it is consumed from its start, and may be added to when a job has ended."""
    context, running = _context(preload), dict[Connection, _Running]()
    try:
        while jobs or running:
            while jobs and len(running) < (workers or os.cpu_count() or 1):
                yield from _start(context, function, jobs.pop(0), running)
            for answers in _ready(running):
                yield _end(answers, running.pop(answers))
    finally:
        for answers, left in running.items():
            left.kill()
            left.stop()
            answers.close()


def _context(preload: Iterable[str]) -> Any:
    """Processes fork from a server that has imported what all need; where systems have none, each starts afresh."""
    # Imports may ask for a GPU; asked in another way than this, the driver would start before the fork and fail after it.
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def _start(
    context: Any, function: Callable[[Any], Any], job: Job, running: dict[Connection, _Running]
) -> Iterator[tuple[str, Ended]]:
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(answer, function, job), name=job.name, daemon=True)
    try:
        process.start()
        running[answers] = _Running(job, process, time.monotonic())
    except (OSError, EOFError) as error:
        answers.close()
        yield job.name, Ended("crashed", reason=f"no process could be started ({error})")
    finally:
        answer.close()


def _ready(running: Mapping[Connection, _Running]) -> list[Connection]:
    """The jobs that have answered, died or used up their time."""
    if not running:
        return []
    first = min(one.due for one in running.values())
    answered = {id(one) for one in wait(list(running), max(0.0, first - time.monotonic()))}
    now = time.monotonic()
    return [answers for answers, one in running.items() if id(answers) in answered or one.due <= now]


def _end(answers: Connection, one: _Running) -> tuple[str, Ended]:
    seconds, name = time.monotonic() - one.began, one.job.name
    try:
        if answers.poll():
            status, value, reason = answers.recv()
        else:
            status, value, reason = "timeout", None, f"was stopped after {one.job.limit:g} seconds"
            one.kill()
        one.stop()
        return name, Ended(status, value, reason, seconds)
    except (EOFError, OSError):
        return name, _died(one.stop(), seconds)
    finally:
        answers.close()


def _died(code: int | None, seconds: float) -> Ended:
    if code == -signal.SIGKILL:
        return Ended("out-of-memory", reason="was killed by the system, as it does for want of memory", seconds=seconds)
    by_signal = code is not None and code < 0
    how = f"died of {signal.Signals(-(code or 0)).name}" if by_signal else f"ended with exit code {code} and no answer"
    return Ended("crashed", reason=how, seconds=seconds)


def _work(answer: Connection, function: Callable[[Any], Any], job: Job) -> None:
    """The life of one process. What a library prints is lost; what it raises is the answer."""
    _silence()
    if job.resident:
        Thread(target=_watch, args=(answer, job.most_memory), daemon=True).start()
    else:
        _bound(job.most_memory)
    _outlive_nobody(job.limit)
    try:
        answer.send(("returned", function(job.argument), ""))
    except BaseException as error:  # noqa: BLE001 - the boundary at which any fault of a job becomes a record
        answer.send(("out-of-memory" if starved(error) else "crashed", None, f"{type(error).__name__}: {error}"))


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _outlive_nobody(limit: float) -> None:
    """Head a group, to be ended with all that it starts; end with the one who watches the time, or by the alarm clock."""
    if hasattr(os, "setsid"):
        os.setsid()
    end_with_parent()
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, limit + 5)


def end_with_parent() -> None:
    """Have this process killed when the one that started it ends, where the system can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)


def _watch(answer: Connection, most_memory: int) -> None:
    """End the process when more than it may have is in memory, where the system tells; pages of files are not counted."""
    file = Path("/proc/self/statm")
    while file.exists():
        _, resident, shared, *_ = map(int, file.read_text().split())
        if (resident - shared) * os.sysconf("SC_PAGE_SIZE") > most_memory:
            answer.send(("out-of-memory", None, f"took more than {most_memory:,} bytes of memory"))
            os._exit(1)
        time.sleep(0.2)


def _bound(most_memory: int) -> None:
    """Bound the memory that the process may write, where the system has such a bound."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most_memory < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most_memory, hard))
