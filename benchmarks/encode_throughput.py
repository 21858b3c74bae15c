"""Tiles a second on a GPU: pathdex's encoder beside the plain eager loop under fp16 autocast, paired in one run, random weights.

Run it as `python benchmarks/encode_throughput.py [MODEL ...]` on a machine with a CUDA device; by default UNI2-h, UNI and a small
network. For each batch size it prints tiles a second of both, their ratio, the least cosine between their vectors, and the share
of the card's measured bf16 peak that pathdex uses, for two loops:

- on the card: the network alone, its input lying on the card already;
- from memory: tiles on the CPU to vectors on the CPU. The plain loop sends normalised float32 from locked memory, as data loaders
  hand it out; pathdex sends bytes, which it normalises on the card.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

MODELS = ("uni2-h", "uni", "lunit-dino-vits16")
BATCHES = (128, 512, 32)
SECONDS = 3.0
Loop = Callable[[int], Any]
"""Goes round so many times and gives the last vectors."""


def main(names: list[str]) -> int:
    """Print the table for every model named."""
    import torch

    import pathdex
    from pathdex.encoding import encoder

    if not torch.cuda.is_available():
        print("no CUDA device: nothing was measured")
        return 3
    peak = _peak()
    tell(f"{torch.cuda.get_device_name()}: {peak / 1e12:.0f} TFLOP/s in bf16 as measured on a product of 8192 x 8192 matrices")
    catalog = pathdex.load_catalog(ROOT)
    for name in names or MODELS:
        made = encoder(catalog.models[name], device="cuda", random=True)
        seen = catalog.evidence[name].rungs.architecture.measured  # type: ignore[union-attr]
        flops = seen.flops if seen and seen.input and seen.input[-1] == made.side else None
        for batch in BATCHES:
            tell(f"{name}, batch {batch}")
            _compare(Pair(made, batch, "cuda"), flops, peak)
    return 0


def tell(line: str) -> None:
    """Print a line at once, so that it is there when time runs out."""
    print(line, flush=True)


@dataclass
class Pair:
    """A model with both loops over the same tiles, a batch at a time; `made` is in fp32."""

    made: Any
    batch: int
    device: str
    compiled: bool = True

    def __post_init__(self) -> None:
        import torch

        made, side = self.made, self.made.side
        torch.compiler.reset()  # beyond some networks in one process, torch goes on uncompiled and says nothing
        self.fast = made.at("bf16")
        self.tiles = torch.randint(0, 256, (self.batch, side, side, 3), dtype=torch.uint8)
        stated = made.model.preprocess
        mean, std = (torch.tensor(one).view(3, 1, 1) for one in (stated.mean, stated.std))
        self.images = (self.tiles.permute(0, 3, 1, 2).float() / 255 - mean) / std

    def loops(self) -> dict[str, tuple[Loop, Loop]]:
        """The plain loop and pathdex's, by where the tiles are."""
        return {"on the card": (self._plain_there(), self._fast_there()), "from memory": (self._plain(), self._fast())}

    def _encoded(self, images: Any) -> Any:
        import torch

        with torch.inference_mode(), torch.autocast(self.device, torch.float16):
            return self.made.encode_image(images)

    def _plain_there(self) -> Loop:
        images = self.images.to(self.device)
        return lambda rounds: [self._encoded(images) for _ in range(rounds)][-1]

    def _plain(self) -> Loop:
        locked = self.images.pin_memory() if self.device == "cuda" else self.images

        def loop(rounds: int) -> Any:
            for _ in range(rounds):
                found = self._encoded(locked.to(self.device, non_blocking=True)).cpu()
            return found

        return loop

    def _fast_there(self) -> Loop:
        import torch

        from pathdex.encoding import COMPILED

        run, tiles = self.fast._from_bytes(self.fast.variant), self.tiles.to(self.device)
        run = torch.compile(run, mode=COMPILED, dynamic=False) if self.compiled else run

        def loop(rounds: int) -> Any:
            with torch.inference_mode():
                return [run(tiles) for _ in range(rounds)][-1]

        return loop

    def _fast(self) -> Loop:
        return lambda rounds: list(self.fast.encode_tiles(repeat(self.tiles, rounds), compiled=self.compiled))[-1]


def _compare(pair: Pair, flops: int | None, peak: float) -> None:
    import torch

    for where, (plain, fast) in pair.loops().items():
        slow, quick = rate(plain, pair.batch), rate(fast, pair.batch)
        cosine = torch.nn.functional.cosine_similarity(plain(1).cpu().float(), fast(1).cpu(), dim=-1).min()
        share = f", {quick * flops / peak:.0%} of peak" if flops else ""
        tell(f"  {where}: {slow:.0f} and {quick:.0f} tiles a second ({quick / slow:.2f} x), cosine {float(cosine):.5f}{share}")


def rate(loop: Loop, batch: int) -> float:
    """Things a second, of which a round has a batch, after two rounds to warm up; for about `SECONDS`."""
    loop(2)
    _wait()
    began = time.monotonic()
    loop(2)
    _wait()
    rounds = max(4, int(2 * SECONDS / (time.monotonic() - began)))
    began = time.monotonic()
    loop(rounds)
    _wait()
    return rounds * batch / (time.monotonic() - began)


def _wait() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _peak() -> float:
    """Operations a second of a large bf16 product."""
    import torch

    one = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)

    def loop(rounds: int) -> None:
        for _ in range(rounds):
            one @ one

    return 2 * len(one) ** 3 * rate(loop, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
