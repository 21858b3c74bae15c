"""What a run is to do; it stands in the run's folder, for its workers and for whoever takes the run up again."""

from pathlib import Path
from typing import Literal

from pathdex.catalog import Catalog
from pathdex.files import write_whole
from pathdex.measuring.seen import Way
from pathdex.schema.evidence import Height, Status, is_random
from pathdex.schema.recipe import fingerprint
from pathdex.schema.record import Record


class Place(Record):
    """An environment group's Python, or why there is none; `pins` is the hash of its versions."""

    python: str = ""
    problem: str = ""
    pins: str = ""


class Before(Record):
    """How a rung stood in the evidence when the run began."""

    status: Status
    passed_at: str | None = None


class Plan(Record):
    """Models and rungs in order, and how they are measured."""

    root: str
    models: tuple[str, ...]
    rungs: tuple[Height, ...]
    limits: dict[Height, float]
    """Seconds that each rung has for one model."""
    memory: int
    """Bytes of memory that one process may write."""
    workers: int
    """Processes at a time on one machine."""
    engine: Literal["here", "slurm"] = "here"
    sbatch: tuple[str, ...] = ()
    """Further options of sbatch."""
    device: str = "cpu"
    gpus: tuple[str, ...] = ()
    """What CUDA_VISIBLE_DEVICES may name, a slot each."""
    cache: str | None = None
    """Folder of downloads that outlasts the run; without one each model has its own, which is deleted."""
    quota: int | None = None
    random: bool = False
    accept: bool = False
    again: bool = False
    environments: dict[str, Place] = {}
    before: dict[str, dict[Height, Before]] = {}
    unreadable: dict[str, str] = {}
    """Models asked for whose entries can't be read, with the reason."""

    def way(self, name: str, environment: str, folder: Path) -> Way:
        """How one model is measured."""
        cache = Path(self.cache) if self.cache else folder / "cache" / name
        settings = {"accept": True} if self.accept else {}
        return Way(self.device, cache, self.quota, self.random, environment=environment, settings=settings)


def write(plan: Plan, folder: Path) -> None:
    """Keep the plan in the run's folder."""
    write_whole(folder / "plan.json", plan.model_dump_json(indent=2).encode())


def read(folder: Path) -> Plan:
    """The plan of a run; raises `OSError` and `ValueError`."""
    return Plan.model_validate_json((folder / "plan.json").read_bytes())


def before(
    catalog: Catalog, names: tuple[str, ...], rungs: tuple[Height, ...], random: bool = False
) -> dict[str, dict[Height, Before]]:
    """How the evidence stands now; of another recipe nothing counts, nor random weights for released ones."""
    found: dict[str, dict[Height, Before]] = {}
    for name in names:
        evidence, model = catalog.evidence.get(name), catalog.models.get(name)
        if evidence and model and evidence.recipe == fingerprint(model):
            found[name] = {
                height: Before(status=rung.status, passed_at=rung.measured_at if rung.status == "passed" else rung.passed_at)
                for height, rung in evidence.rungs.tried()
                if height in rungs and (random or not is_random(rung))
            }
    return found


def environment(catalog: Catalog, name: str) -> str:
    """The environment group of a model."""
    loader = catalog.models[name].loader
    return loader.environment if loader else "default"
