"""Tiles a second on a GPU: pathdex's encoder beside the plain eager loop under fp16 autocast, paired in one run, random weights.

Run it as `python benchmarks/encode_throughput.py [MODEL ...]` on a machine with a CUDA device; by default UNI2-h. Prints for each
batch size tiles a second of both, their ratio, the least cosine between their vectors, and the share of the card's measured bf16
peak that the faster one uses.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

BATCHES = (32, 128, 512)
SECONDS = 3.0


def main(names: list[str]) -> int:
    """Print the table for every model named."""
    import torch

    import pathdex
    from pathdex.encoding import encoder

    if not torch.cuda.is_available():
        print("no CUDA device: nothing was measured")
        return 3
    peak = _peak()
    print(f"{torch.cuda.get_device_name()}: {peak / 1e12:.0f} TFLOP/s in bf16 as measured on a product of 8192 x 8192 matrices")
    catalog = pathdex.load_catalog(ROOT)
    for name in names or ["uni2-h"]:
        made = encoder(catalog.models[name], device="cuda", random=True)
        flops = catalog.evidence[name].rungs.architecture.measured.flops  # type: ignore[union-attr]
        _compare(name, made, flops, peak)
    return 0


def _compare(name: str, made: Any, flops: int, peak: float) -> None:
    import torch

    fast = made.at("bf16")
    compiled = torch.compile(fast.encode_image, mode="max-autotune-no-cudagraphs")

    def plain(images: Any) -> Any:
        with torch.inference_mode(), torch.autocast("cuda", torch.float16):
            return made.encode_image(images)

    for batch in BATCHES:
        images = torch.rand(batch, 3, made.side, made.side, device="cuda")
        slow, quick = _rate(plain, images), _rate(compiled, images)
        cosine = float(torch.nn.functional.cosine_similarity(plain(images), compiled(images), dim=-1).min())
        share = quick * flops / peak
        told = f"{slow:.0f} and {quick:.0f} tiles a second ({quick / slow:.2f} x)"
        print(f"{name}, batch {batch}: {told}, cosine {cosine:.5f}, {share:.0%} of peak")


def _rate(encode: Callable[[Any], Any], images: Any) -> float:
    """Images a second, after two rounds to warm up."""
    import torch

    for _ in range(2):
        encode(images)
    torch.cuda.synchronize()
    rounds, began = 0, time.monotonic()
    while time.monotonic() - began < SECONDS:
        encode(images)
        torch.cuda.synchronize()
        rounds += 1
    return rounds * len(images) / (time.monotonic() - began)


def _peak() -> float:
    """Operations a second of a large bf16 product."""
    import torch

    one = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    seconds = len(one) / _rate(lambda matrix: matrix @ matrix, one)
    return 2 * len(one) ** 3 / seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
