"""Takes models up the rungs on this machine: a process for each rung, as many at a time as there are workers and GPU slots."""

import os
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pathdex.catalog import Catalog
from pathdex.measuring import isolation
from pathdex.nightly import journal
from pathdex.nightly.climb import LOADING, Climb, blocked, emptied
from pathdex.nightly.journal import Done
from pathdex.nightly.plan import Plan
from pathdex.schema.evidence import Height
from pathdex.verify import Ended, answered, hindered, preloaded, recorded, with_golden, work
from pathdex.writing.measurements import told

WARMING = 600.0
"""Seconds that the libraries may take to be imported, once."""


class Crew:
    """The climbs of one environment group; `jobs` are those that may start at once."""

    def __init__(self, plan: Plan, folder: Path, catalog: Catalog, group: str, names: Iterable[str]) -> None:
        self.plan, self.folder, self.catalog, self.group = plan, folder, catalog, group
        self.waiting = deque(Climb(name, list(plan.rungs)) for name in names)
        self.running: dict[str, Climb] = {}
        self.slots = list(plan.gpus)
        self.jobs: list[isolation.Job] = []

    def work(self) -> None:
        """Take every model as far as it gets."""
        self._feed()
        rungs = [f"pathdex.rungs.{rung}" for rung in self.plan.rungs]
        preload = ["huggingface_hub.hf_api", *rungs, *preloaded(map(self._model, self._names()))]
        if self.jobs:
            list(isolation.each(str, {"warm": ""}, WARMING, preload=preload))
        for name, ended in isolation.drained(_act, self.jobs, self.plan.workers, preload):
            climb = self.running.pop(name)
            self._settle(climb, climb.left[0], answered(ended), ended.seconds)
            self.waiting.appendleft(climb)
            self._feed()

    def _names(self) -> list[str]:
        return [*self.running, *(climb.model for climb in self.waiting)]

    def _model(self, name: str) -> Any:
        return self.catalog.models[name]

    def _feed(self) -> None:
        """Let climbs go on, those under way first, as long as there is room."""
        for climb in list(self.waiting):
            if len(self.running) >= self.plan.workers:
                return
            self._advance(climb)

    def _advance(self, climb: Climb) -> None:
        """Up to the next rung that takes a process; what is settled without one is passed by."""
        if not climb.locked:
            climb.locked = True
            climb.holds.enter_context(journal.held(self.folder / "locks" / climb.model))
        while climb.left:
            rung = climb.left[0]
            if done := journal.read(self.folder, climb.model, rung, self._key(climb, rung)):
                climb.settle(done)
            elif ended := self._obstacle(climb, rung):
                self._settle(climb, rung, ended)
            else:
                self._start(climb, rung)
                return
        self.waiting.remove(climb)
        self._leave(climb)

    def _obstacle(self, climb: Climb, rung: Height) -> Ended | None:
        """How a rung ends without being tried."""
        on_gpu = self._on_gpu(rung)
        if on_gpu and not self.plan.gpus:
            return Ended("unsupported-environment", "no GPU is visible")
        way = self.plan.way(climb.model, self.group, self.folder)
        return blocked(climb.below, self.plan.random) or hindered(self._model(climb.model), rung, way)

    def _on_gpu(self, rung: Height) -> bool:
        return rung in LOADING and self.plan.device.startswith("cuda")

    def _start(self, climb: Climb, rung: Height) -> None:
        """Start the rung, or leave the climb waiting for a GPU."""
        if self._on_gpu(rung) and climb.slot is None:
            if not self.slots:
                return
            climb.slot = self.slots.pop(0)
        name, plan = climb.model, self.plan
        way = with_golden(Path(plan.root), name, plan.way(name, self.group, self.folder))
        argument = (rung, self._model(name), replace(way, limit=plan.limits[rung])), climb.slot, str(self.folder / "cache" / name)
        self.waiting.remove(climb)
        self.running[name] = climb
        self.jobs.append(isolation.Job(name, argument, plan.limits[rung], plan.memory, resident=climb.slot is not None))

    def _settle(self, climb: Climb, rung: Height, ended: Ended, seconds: float = 0.0) -> None:
        """Evidence first, then the journal."""
        outcome = recorded(self.catalog, Path(self.plan.root), climb.model, rung, ended, seconds, again=self.plan.again)
        seen = outcome.rung
        done = Done(
            model=climb.model,
            rung=rung,
            key=self._key(climb, rung),
            status=seen.status,
            reason=seen.reason,
            told=told(seen),
            measured=seen.measured is not None,
            ended_at=seen.measured_at,
            seconds=seen.seconds,
            bytes_moved=seen.bytes_moved,
            changed=outcome.changed,
        )
        journal.write(self.folder, done)
        climb.settle(done)

    def _leave(self, climb: Climb) -> None:
        """Give back what the climb held, and the disk that it filled."""
        if climb.slot is not None:
            self.slots.append(climb.slot)
        emptied(self.folder / "cache" / climb.model)
        climb.holds.close()

    def _key(self, climb: Climb, rung: Height) -> str:
        return journal.key(self.plan, climb.model, self._model(climb.model), rung)


def _act(call: tuple[Any, str | None, str]) -> Ended:
    """In the process of one rung: see the GPU of its slot, keep what torch compiles in the model's cache, and measure."""
    job, slot, cache = call
    if slot is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = slot
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = f"{cache}/compiled"
    os.environ["TRITON_CACHE_DIR"] = f"{cache}/triton"
    return work(job)
