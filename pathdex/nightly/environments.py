"""A virtual environment for each environment group, made when a run needs it and kept until its pins change.

`environments/<group>.txt` pins the versions in which a group differs; everything else is the running environment's own.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from pathdex import __version__
from pathdex.nightly.plan import Place
from pathdex.tokens import scrubbed

PIN = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?==[\w.!+]+")
MOST = 1800
"""Seconds that an installation may take."""


def prepared(group: str, root: Path) -> Place:
    """The Python of a group below `root`/build/environments; what hinders is said in the answer."""
    if group == "default":
        return Place(python=sys.executable, pins=_versions())
    file = root / "environments" / f"{group}.txt"
    try:
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return Place(problem=f"environments/{group}.txt is missing")
    pins = [line for line in lines if line]
    if wrong := [pin for pin in pins if not PIN.fullmatch(pin)]:
        return Place(problem=f"environments/{group}.txt: {wrong[0]!r} is no pin; write name==version")
    digest = hashlib.sha256("\n".join([*pins, _versions()]).encode()).hexdigest()
    folder = root / "build" / "environments" / f"{group}-{digest[:12]}"
    problem = "" if (folder / "made").exists() else _made(folder, pins)
    return Place(python="" if problem else str(_python(folder)), problem=problem, pins=digest)


def _versions() -> str:
    """What the running environment is, as far as it decides whether one built on it is still right."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {__version__} {sys.prefix}"


def _python(folder: Path) -> Path:
    return folder / "bin" / "python"


def _made(folder: Path, pins: list[str]) -> str:
    """Make the environment; the reason in one line if it can't be."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        [packages] = folder.glob("lib/python*/site-packages")
        (packages / "running.pth").write_text(_beneath(), encoding="utf-8")
        if pins:
            quietly = ("--quiet", "--disable-pip-version-check", "--no-input")
            _run(str(_python(folder)), "-m", "pip", "install", *quietly, *pins)
    except subprocess.CalledProcessError as error:
        line = (str(error.stderr).strip().splitlines() or ["no reason given"])[-1]
        return scrubbed(f"the environment could not be made ({line})")
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return f"the environment could not be made ({type(error).__name__})"
    (folder / "made").touch()
    return ""


def _beneath() -> str:
    """A line that lays the running environment's packages beneath those of the new one."""
    folders = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    return "".join(f"import site; site.addsitedir({folder!r})\n" for folder in folders)


def _run(*command: str) -> None:
    settings = {**os.environ, "PIP_USER": "0"}
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=MOST, env=settings)
