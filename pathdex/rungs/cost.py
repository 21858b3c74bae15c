"""Speed and memory of encoding, at several batch sizes, precisions and modes."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from pathdex.encoding import TYPES, Encoder, encoder
from pathdex.filling import library, recipe
from pathdex.hindrance import Hindered, starved
from pathdex.measuring import devices
from pathdex.measuring.seen import Seen, Way
from pathdex.obtaining import Origin
from pathdex.released import peak_memory
from pathdex.schema import Model
from pathdex.schema.measured import Cost, Speed
from pathdex.tokens import one_line
from pathdex.weights.traffic import counted

BATCHES = (1, 32)
LARGER = (128, 512, 1024)
ENOUGH, LEAST = 2.0, 3
"""Seconds and rounds that each setting is run for at least, after one round to warm up."""
IN_TIME = 0.7
"""Share of the time that a rung has after which nothing more is compiled."""
FAULTS = (RuntimeError, TypeError, ValueError, AttributeError, AssertionError, NotImplementedError)
"""What a network raises that does not take a batch, a precision, or being compiled."""


def measure(model: Model, way: Way) -> Seen:
    """Time every setting that fits into memory; raises `Hindered`."""
    if not model.embeddings:
        raise Hindered("not-attempted", "the entry names no embedding")
    rounded = devices.exact(way.device)
    devices.begin(way.device)
    origin, began = Origin(way.random, way.cache, way.quota), time.monotonic()
    with counted() as traffic:
        origin.fetched(model.weights, recipe(model))
    fetched_at = time.monotonic()
    made = encoder(model, device=way.device, origin=origin)
    devices.wait(way.device)
    loaded_at = time.monotonic()
    inputs, failed = _one(made), dict[str, str]()
    speeds = list(_speeds(made, inputs, way, failed))
    if not speeds:
        raise Hindered(*_why(failed))
    measured = Cost(
        weights="random" if way.random else "released",
        input=tuple(inputs[0].shape[1:]),
        fetch_seconds=None if way.random else round(fetched_at - began, 2),
        load_seconds=round(loaded_at - fetched_at, 2),
        tf32=rounded,
        speeds=tuple(speeds),
        failed=failed,
    )
    return Seen(measured, device=devices.name(way.device), moved=traffic.moved)


def _why(failed: Mapping[str, str]) -> tuple[str, str]:
    """Status and reason where nothing could be timed."""
    reason = next(iter(failed.values()), None)
    return ("crashed", reason) if reason else ("out-of-memory", "not one image fits into memory")


def _speeds(made: Encoder, inputs: tuple[Any, ...], way: Way, failed: dict[str, str]) -> Iterator[Speed]:
    """Every mode, precision and batch that fits; compiled and large only on a GPU, which gains from it.

    What a network does not take, such as being compiled, is told in `failed`, and the other settings are still timed. Compiling
    takes minutes: where they are not left of the time that the rung has, that is told too, so that what was timed is kept.
    """
    import torch

    fast, began, longest = way.device.startswith("cuda"), time.monotonic(), 0.0
    for mode in ("eager", "compiled") if way.settings.get("compiled", fast) else ("eager",):
        for precision in way.settings.get("precisions") or devices.precisions(way.device):
            start = time.monotonic()
            if mode == "compiled" and start - began + longest > IN_TIME * (way.limit or inf):
                failed[f"{mode} in {precision}"] = "no time was left for it"
                continue
            # In place, for a second copy would count as memory that encoding takes; for speed its rounding is nothing.
            at = replace(made, module=made.module.to(getattr(torch, TYPES[precision])), precision=precision)
            run = _compiled(at.encode) if mode == "compiled" else at.encode
            yield from _rows(run, inputs, way, {"precision": precision, "mode": mode}, failed)
            longest = max(longest, time.monotonic() - start)


def _compiled(run: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    # What was compiled before counts towards a limit, beyond which torch goes on uncompiled and says nothing.
    torch.compiler.reset()
    return torch.compile(run)


def _rows(
    run: Callable[..., Any], inputs: tuple[Any, ...], way: Way, seen: dict[str, str], failed: dict[str, str]
) -> Iterator[Speed]:
    """Every batch that fits, up to the first that fails."""
    for batch in way.settings.get("batches") or (*BATCHES, *(LARGER if way.device.startswith("cuda") else ())):
        try:
            timed = _timed(run, inputs, batch, way)
        except FAULTS as error:
            if starved(error):
                return
            told = next(iter(str(error).split("\n")), "")
            setting = f"{seen['mode']} in {seen['precision']}" + (f", batch {batch}" if batch > 1 else "")
            failed[setting] = one_line(f"{type(error).__name__}: {told}")
            return
        if timed is None:
            return
        rate, memory = timed
        yield Speed.model_validate({**seen, "batch": batch, "per_second": rate, "peak_memory": memory})


def _one(made: Encoder) -> tuple[Any, ...]:
    """One input of the model's own shape."""
    import torch

    kind = library(recipe(made.model))
    own = kind.example(made.module) if hasattr(kind, "example") else None
    return tuple(own) if own is not None else (torch.rand(1, 3, made.side, made.side),)


def _timed(run: Callable[..., Any], inputs: tuple[Any, ...], batch: int, way: Way) -> tuple[float, int] | None:
    """Inputs a second and greatest memory of one setting; None where it does not fit into memory."""
    import torch

    try:
        many = [one.repeat(batch, *[1] * (one.ndim - 1)).to(way.device) for one in inputs]
        _whole(run(*many), batch)
        devices.wait(way.device)
        devices.reset(way.device)
        rounds, began = 0, time.monotonic()
        while rounds < LEAST or time.monotonic() - began < way.settings.get("seconds", ENOUGH):
            run(*many)
            devices.wait(way.device)
            rounds += 1
        rate = round(batch * rounds / (time.monotonic() - began), 2)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return None
    return rate, devices.peak_memory(way.device) or peak_memory()


def _whole(found: Mapping[str, Any], batch: int) -> None:
    """Raise `ValueError` where there are not as many vectors as inputs, as of a network that takes one slide at a time."""
    for name, vectors in found.items():
        if len(vectors) % batch:
            raise ValueError(f"{name} has {len(vectors)} vectors for {batch} inputs")
