"""The weights rung of a ViT-g (1.1 B parameters, fp32) beside timm's own loading, paired in one run on a local hub.

Run it as `python benchmarks/weights_rung.py`; it needs 15 GB of disk and about two minutes a round. Prints wall time and peak
memory of each, with the file fetched and with it in the cache, their ratios, and where the rung spends its time beside the floor:
the time that copying and hashing the file take.
"""

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from local_hub import Hub  # noqa: E402

ARCHITECTURE = "vit_giant_patch14_reg4_dinov2"
KEYWORDS = {"img_size": 224, "num_classes": 0, "init_values": 1e-5}
PEAK = """
from pathdex.released import peak_memory
print(json.dumps([time.monotonic() - began, peak_memory(), {told}]))
"""
TIMM = f"""
import json, time
import timm
began = time.monotonic()
timm.create_model("hf-hub:lab/giant", pretrained=True, cache_dir=CACHE)
{PEAK.format(told="{}")}
"""
OURS = f"""
import json, time
from pathlib import Path
import timm, torch
from pathdex.schema import Model
from pathdex.rungs import weights
from pathdex.measuring.seen import Way
loader = {{"library": "timm", "factory": {ARCHITECTURE!r}, "kwargs": {KEYWORDS!r}}}
weights_of = {{"access": "open", "repository": "lab/giant"}}
entry = {{"name": "G", "kind": "patch-encoder", "summary": "x", "weights": weights_of, "loader": loader, "sources": {{}}}}
model = Model.model_validate(entry)
began = time.monotonic()
seen = weights.measure(model, Way(cache=Path(CACHE)))
assert seen.status == "passed", seen.reason
{PEAK.format(told='{"fetch": seen.measured.fetch_seconds, "load": seen.measured.load_seconds}')}
"""


def main(rounds: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        weights = _checkpoint(Path(folder))
        hub = Hub()
        config = {"architecture": ARCHITECTURE, "num_classes": 0, "model_args": KEYWORDS, "pretrained_cfg": {"num_classes": 0}}
        hub.add("lab/giant", {"model.safetensors": weights, "config.json": json.dumps(config).encode()})
        hub.repositories["lab/giant"].commits[0].sha256("model.safetensors")
        print(f"{weights.stat().st_size / 1e9:.2f} GB; copying {_copy(weights):.2f} s, hashing {_hash(weights):.2f} s")
        with hub.serving():
            rows = [(_runs(TIMM, hub, Path(folder)), _runs(OURS, hub, Path(folder))) for _ in range(rounds)]
    for turn, state in enumerate(("fetched", "in the cache")):
        for place, name, unit in ((0, "wall time", 1.0), (1, "peak memory", 1e9)):
            theirs, ours = (statistics.median(row[side][turn][place] for row in rows) / unit for side in (0, 1))
            print(f"{state}, {name}: timm {theirs:.2f}, the weights rung {ours:.2f} ({ours / theirs:.2f} x)")
        print(f"{state}, of the rung: {rows[-1][1][turn][2]}")


def _checkpoint(folder: Path) -> Path:
    """A true-size checkpoint of seeded random numbers."""
    code = f"""
import timm, torch
from safetensors.torch import save_file
with torch.device("meta"):
    names = timm.create_model({ARCHITECTURE!r}, **{KEYWORDS!r}).state_dict()
made = torch.Generator().manual_seed(0)
filled = {{name: torch.randn(one.shape, generator=made) * 0.02 for name, one in names.items()}}
save_file(filled, {str(folder / "model.safetensors")!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    return folder / "model.safetensors"


def _runs(code: str, hub: Hub, folder: Path) -> list[tuple[float, int, dict[str, float]]]:
    """Once with nothing on disk, once more with the file in the cache."""
    found = [_run(code, hub, folder / "cache") for _ in range(2)]
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return found


def _run(code: str, hub: Hub, cache: Path) -> tuple[float, int, dict[str, float]]:
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "PYTHONPATH": str(ROOT)}
    text = f"CACHE = {str(cache)!r}\n{code}"
    told = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, **settings}, check=True, capture_output=True, text=True
    )
    seconds, peak, more = json.loads(told.stdout.splitlines()[-1])
    return seconds, peak, more


def _copy(file: Path) -> float:
    began = time.monotonic()
    shutil.copyfile(file, file.with_suffix(".copy"))
    spent = time.monotonic() - began
    file.with_suffix(".copy").unlink()
    return spent


def _hash(file: Path) -> float:
    began = time.monotonic()
    with file.open("rb") as opened:
        hashlib.file_digest(opened, "sha256")
    return time.monotonic() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
