"""A recipe's module with numbers in it: the released ones, or seeded random ones of the same shapes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pathdex.filling import filled, library
from pathdex.hindrance import Hindered
from pathdex.measuring.skeleton import skeleton
from pathdex.released import hostile, hub_cache
from pathdex.schema.model import Loader
from pathdex.schema.weights import Weights
from pathdex.weights import opening
from pathdex.weights.fetch import fetched, hashed, same
from pathdex.weights.given import below, given
from pathdex.weights.hosts import snapshot
from pathdex.weights.hub import INDEX, Remote, Snapshot, chosen
from pathdex.weights.unpacking import readable

Tensor = Any  # torch.Tensor
Module = Any  # torch.nn.Module
Files = dict[Remote, Path]
"""Released files, each with where it lies on this machine."""


@dataclass(frozen=True)
class Origin:
    """Where the numbers of modules come from; files go below `cache`, by default the Hub's, and take `quota` bytes at most."""

    random: bool = False
    cache: Path | None = None
    quota: int | None = None
    files: dict[tuple[Weights, str | tuple[str, ...] | None], Files] = field(default_factory=dict, compare=False, repr=False)
    """What has been fetched so far."""

    def fetched(self, weights: Weights, loader: Loader) -> Files:
        """The released files that fill the recipe's module, fetched where they are not at hand; raises `Hindered`."""
        if self.random:
            return {}
        key = weights, loader.file
        if key not in self.files:
            cache = self.cache or hub_cache()
            found = snapshot(weights, loader.file, cache)
            files = chosen(weights, loader.file, found)
            self.files[key] = {one: fetched(found, one, cache, self.quota) for one in files}
            for listing in _lists(found, files):  # read alone already, and kept for when the host is not asked
                fetched(found, listing, cache, self.quota)
        self._within(self.files[key], loader)
        return self.files[key]

    def take(self, weights: Weights, loader: Loader, path: Path) -> Loader:
        """Let a file or folder of the user's stand for the released files; the recipe as it fits that. Raises `Hindered`."""
        self.files[weights, loader.file] = given(weights, loader.file, path)
        return loader.model_copy(update={"prefix": below(loader.prefix, loader.file, weights, path)})

    def _within(self, files: Files, loader: Loader) -> Files:
        """Where the tensors of each file can be read: in itself, or in what was unpacked of it."""
        return {one: readable(path, self.cache or hub_cache(), loader.prefix, self.quota) for one, path in files.items()}

    def module(self, weights: Weights, loader: Loader) -> Module:
        """The recipe's module, filled strictly; raises `Hindered`."""
        if self.random:
            return randomised(loader)
        files = self.fetched(weights, loader)
        return released(weights, loader, files, self._within(files, loader))


def _lists(found: Snapshot, files: list[Remote]) -> list[Remote]:
    """The lists of shards beside files that are several."""
    folders = {one.name.rpartition("/")[0] for one in files} if len(files) > 1 else set()
    return [one for one in found.files.values() if one.name.endswith(INDEX) and one.name.rpartition("/")[0] in folders]


def released(weights: Weights, loader: Loader, files: Files, within: Files) -> Module:
    """The module filled from what is within released files, which the entry states by their hashes; raises `Hindered`."""
    claimed = {one.name: one.sha256 for one in weights.files if one.sha256}
    with ThreadPoolExecutor(1) as beside:
        hashes = {one: beside.submit(hashed, path) for one, path in files.items() if one.name in claimed}
        indexes = {path: opening.index(path) for path in within.values()}
        if danger := hostile(indexes.values()):
            raise Hindered("mismatch", danger)
        module, _, wrong = filled(loader, indexes)
    for one, digest in hashes.items():
        same(one, claimed[one.name], digest.result())
    if wrong:
        raise Hindered("mismatch", wrong)
    return module


def randomised(loader: Loader) -> Module:
    """The module with seeded numbers: gains are 1, biases 0, the rest small and normal, so that all stays finite."""
    import torch

    with torch.no_grad(), skeleton():
        module = library(loader).build(loader)
    hollow = {name: one for name, one in module.named_parameters(remove_duplicate=False) if one.is_meta}
    drawn: dict[int, Any] = {}
    for name, one in hollow.items():
        drawn[id(one)] = drawn[id(one)] if id(one) in drawn else _numbers(name, tuple(one.shape))
    module.load_state_dict({name: drawn[id(one)] for name, one in hollow.items()}, strict=False, assign=True)
    return module


def _numbers(name: str, shape: tuple[int, ...]) -> Tensor:
    import torch

    if len(shape) <= 1:
        return torch.zeros(shape) if name.endswith("bias") else torch.ones(shape)
    seed = int.from_bytes(sha256(name.encode()).digest()[:8], "big") >> 1
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.02
