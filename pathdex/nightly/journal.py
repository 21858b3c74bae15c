"""What ended, a file for each model and rung; written after the evidence, so that nothing is told that was not kept."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pathdex import __version__
from pathdex.files import write_whole
from pathdex.nightly.plan import Plan
from pathdex.schema import Model
from pathdex.schema.evidence import Height, Status
from pathdex.schema.recipe import fingerprint
from pathdex.schema.record import Record
from pathdex.tokens import scrubbed


class Done(Record):
    """How one rung of one model ended."""

    model: str
    rung: Height
    key: str
    """Hash of everything that decides what is measured."""
    status: Status
    reason: str | None = None
    told: str = ""
    """What was measured, or why nothing was, in one line."""
    measured: bool = False
    """Whether there are measurements."""
    ended_at: str
    seconds: float = 0.0
    bytes_moved: int = 0
    changed: bool = False
    """Whether evidence was written."""


def key(plan: Plan, name: str, model: Model, rung: Height) -> str:
    """Hash of what decides the measurement: recipe, released files, preprocessing, the way, and the versions."""
    group = model.loader.environment if model.loader else "default"
    place = plan.environments.get(group)
    content = {
        "model": name,
        "rung": rung,
        "recipe": fingerprint(model),
        "weights": model.weights.model_dump(mode="json"),
        "preprocess": model.preprocess.model_dump(mode="json") if model.preprocess else None,
        "way": [plan.device, plan.random, plan.accept, plan.quota],
        "versions": [__version__, place.pins if place else ""],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write(folder: Path, done: Done) -> None:
    """Keep it, whole or not at all."""
    write_whole(_file(folder, done.model, done.rung), scrubbed(done.model_dump_json(indent=2) + "\n").encode())


def read(folder: Path, name: str, rung: Height, wanted: str) -> Done | None:
    """How a rung ended, if it was measured under the key that is wanted."""
    try:
        done = Done.model_validate_json(_file(folder, name, rung).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return done if done.key == wanted else None


def kept(folder: Path) -> set[tuple[str, str]]:
    """Model and rung of what is in the journal, under whatever key."""
    names = (file.stem.rpartition(".") for file in (folder / "done").glob("*.json"))
    return {(name, rung) for name, _, rung in names}


def _file(folder: Path, name: str, rung: str) -> Path:
    return folder / "done" / f"{name}.{rung}.json"


@contextmanager
def held(file: Path, wait: bool = True) -> Iterator[bool]:
    """Hold a lock that ends with this process; without waiting, tell whether it could be had."""
    import fcntl

    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
