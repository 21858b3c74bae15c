"""Runs a function in a process of its own for each job: a crash, a hang or a want of memory is an answer like any other."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Literal

MOST_MEMORY = 8 * 2**30
STARVED = ("bad_alloc", "can't allocate memory", "out of memory", "Cannot allocate memory")
Status = Literal["returned", "crashed", "out-of-memory", "timeout"]


@dataclass(frozen=True)
class Ended:
    """How a job ended: with a value if it returned, else with a reason on one line."""

    status: Status
    value: Any = None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class _Running:
    job: str
    process: BaseProcess
    began: float

    def stop(self) -> int | None:
        """End the process, leave nothing of it, and tell its exit code."""
        self.process.join(1)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


def each(
    function: Callable[[Any], Any],
    jobs: Mapping[str, Any],
    limit: float,
    workers: int | None = None,
    preload: Iterable[str] = (),
    most_memory: int = MOST_MEMORY,
) -> Iterator[tuple[str, Ended]]:
    """Call `function(argument)` for every job, `workers` at a time, and yield how each ended, as they end.

    A job has `limit` seconds and `most_memory` bytes. The modules in `preload` are imported once, before the processes fork.
    """
    context = _context(preload)
    waiting, running = list(jobs.items()), dict[Connection, _Running]()
    try:
        while waiting or running:
            while waiting and len(running) < (workers or os.cpu_count() or 1):
                job, argument = waiting.pop(0)
                yield from _start(context, job, (function, argument, limit, most_memory), running)
            for answers in _ready(running, limit):
                yield _end(answers, running.pop(answers), limit)
    finally:
        for answers, left in running.items():
            left.process.kill()
            left.stop()
            answers.close()


def _context(preload: Iterable[str]) -> Any:
    """Processes fork from a server that has imported what all need; where systems have none, each starts afresh."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def _start(context: Any, job: str, call: tuple[Any, ...], running: dict[Connection, _Running]) -> Iterator[tuple[str, Ended]]:
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(answer, *call), name=job, daemon=True)
    try:
        process.start()
        running[answers] = _Running(job, process, time.monotonic())
    except (OSError, EOFError) as error:
        answers.close()
        yield job, Ended("crashed", reason=f"no process could be started ({error})")
    finally:
        answer.close()


def _ready(running: Mapping[Connection, _Running], limit: float) -> list[Connection]:
    """The jobs that have answered, died or used up their time."""
    if not running:
        return []
    now = time.monotonic()
    first = min(one.began for one in running.values()) + limit
    answered = {id(one) for one in wait(list(running), max(0.0, first - now))}
    late = time.monotonic() - limit
    return [answers for answers, one in running.items() if id(answers) in answered or one.began <= late]


def _end(answers: Connection, one: _Running, limit: float) -> tuple[str, Ended]:
    seconds = time.monotonic() - one.began
    try:
        if answers.poll():
            status, value, reason = answers.recv()
        else:
            status, value, reason = "timeout", None, f"was stopped after {limit:g} seconds"
            one.process.kill()
        one.stop()
        return one.job, Ended(status, value, reason, seconds)
    except (EOFError, OSError):
        return one.job, _died(one.stop(), seconds)
    finally:
        answers.close()


def _died(code: int | None, seconds: float) -> Ended:
    if code == -signal.SIGKILL:
        return Ended("out-of-memory", reason="was killed by the system, as it does for want of memory", seconds=seconds)
    by_signal = code is not None and code < 0
    how = f"died of {signal.Signals(-(code or 0)).name}" if by_signal else f"ended with exit code {code} and no answer"
    return Ended("crashed", reason=how, seconds=seconds)


def _work(answer: Connection, function: Callable[[Any], Any], argument: Any, limit: float, most_memory: int) -> None:
    """The life of one process. What a library prints is lost; what it raises is the answer."""
    _silence()
    _bound(most_memory)
    _outlive_nobody(limit)
    try:
        answer.send(("returned", function(argument), ""))
    except BaseException as error:  # noqa: BLE001 - the boundary at which any fault of a job becomes a record
        starved = isinstance(error, MemoryError) or any(words in str(error) for words in STARVED)
        answer.send(("out-of-memory" if starved else "crashed", None, f"{type(error).__name__}: {error}"))


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _outlive_nobody(limit: float) -> None:
    """End by the system's alarm clock, should the one who watches the time be gone by then."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, limit + 5)


def _bound(most_memory: int) -> None:
    """Bound the memory that the process may write, where the system has such a bound."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most_memory < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most_memory, hard))
