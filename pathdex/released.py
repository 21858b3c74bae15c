"""The released files of a model beside what its entry and its host state of them."""

import resource
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pathdex.schema.measured import Stored
from pathdex.schema.weights import Weights
from pathdex.weights.hub import Remote, Snapshot
from pathdex.weights.index import Index

RUNNING = frozenset(
    [
        "_pickle",
        "asyncio",
        "bdb",
        "builtins",
        "__builtin__",
        "code",
        "commands",
        "ctypes",
        "importlib",
        "nt",
        "marshal",
        "operator",
        "os",
        "pdb",
        "pickle",
        "pip",
        "posix",
        "pty",
        "runpy",
        "shutil",
        "socket",
        "subprocess",
        "sys",
        "timeit",
        "webbrowser",
    ]
)
"""Modules whose functions a pickle names to run something, not to keep something."""
REACHED = frozenset(["builtins", "ctypes", "importlib", "os", "posix", "subprocess", "sys"])
"""Those of them that a pickle reaches through another module that imports them, as torch.serialization.os.system."""
HARMLESS = frozenset(
    [
        "set",
        "frozenset",
        "slice",
        "complex",
        "bytearray",
        "object",
        "range",
        "tuple",
        "list",
        "dict",
        "int",
        "float",
        "bool",
        "str",
    ]
)
"""Of those modules' names the ones that only keep something."""


def judged(weights: Weights, found: Snapshot, files: Mapping[Remote, Index], wrong: str) -> tuple[str, str]:
    """Status and reason: what does not fit the recipe, what the entry states otherwise, or what the host has replaced since."""
    if danger := hostile(files.values()):
        return "mismatch", danger
    if wrong:
        return "mismatch", wrong
    for remote, index in files.items():
        claim = next((one for one in weights.files if one.name == remote.name), None)
        if claim and claim.bytes and claim.bytes != remote.bytes:
            return "mismatch", f"{remote.name} has {remote.bytes:,} bytes, the entry states {claim.bytes:,}"
        if claim and claim.sha256 and remote.sha256 and claim.sha256 != remote.sha256:
            return "mismatch", f"{remote.name}: the host states SHA-256 {remote.sha256[:16]}..., the entry {claim.sha256[:16]}..."
        most = next(iter(index.dtypes), "")
        if weights.dtype and most and weights.dtype != most:
            return "mismatch", f"{remote.name} holds {most}, the entry states {weights.dtype}"
        if found.replaced(remote):
            return "drifted", f"{remote.name} is another file at {(found.latest or '')[:12]}, where the main branch is now"
    return "passed", ""


def hostile(files: Iterable[Index]) -> str:
    """What a file's pickle names that could run code, in one line; empty when there is nothing."""
    named = [name for index in files for name in index.classes if _runs(name)]
    return f"the file's pickle names {named[0]}, which could run code; nothing of it was run" if named else ""


def _runs(name: str) -> bool:
    """Whether a class or function that a pickle names could run code."""
    module, _, function = name.rpartition(".")
    plain = module in ("builtins", "__builtin__") and function in HARMLESS
    first, *within = module.split(".")
    return (first in RUNNING or not REACHED.isdisjoint(within)) and not plain


def described(remote: Remote, index: Index, sha256: str | None = None) -> Stored:
    """One file as evidence keeps it."""
    return Stored(
        name=remote.name,
        format=index.format,
        bytes=remote.bytes,
        sha256=sha256 or remote.sha256,
        tensors=len(index.tensors),
        elements=sum(tensor.elements for tensor in index.tensors.values()),
        dtypes=index.dtypes,
        classes=index.classes[:20],
    )


def hub_cache() -> Path:
    """Where huggingface_hub keeps what it downloads."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def peak_memory() -> int:
    """Greatest resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
