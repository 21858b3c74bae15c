"""How many bytes the header rung moves for a true-size ViT-L (1.2 GB), as safetensors and as torch writes it, on a local hub.

Run it as `python benchmarks/header_rung.py`; it needs 3 GB of disk and about half a minute. Prints bytes, their share of
the file, answers and seconds.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from local_hub import Hub  # noqa: E402

KEYWORDS = {"img_size": 224, "num_classes": 0, "init_values": 1e-5}
ARCHITECTURE = "vit_large_patch16_224"


def main() -> None:
    """Print the table."""
    hub = Hub()
    os.environ |= {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1"}
    with tempfile.TemporaryDirectory() as folder, hub.serving():
        for name, file in _files(Path(folder)).items():
            hub.add(name, {file.name: file})
            hub.repositories[name].commits[0].sha256(file.name)
            _print(hub, name, file.stat().st_size)


def _files(folder: Path) -> dict[str, Path]:
    """The same numbers in two formats."""
    import timm
    import torch
    from safetensors.torch import save_file

    with torch.device("meta"):
        names = timm.create_model(ARCHITECTURE, **KEYWORDS).state_dict()
    tensors = {name: torch.zeros(one.shape) for name, one in names.items()}
    save_file(tensors, folder / "model.safetensors")
    torch.save(tensors, folder / "pytorch_model.bin")
    return {"lab/safe": folder / "model.safetensors", "lab/torch": folder / "pytorch_model.bin"}


def _print(hub: Hub, repository: str, size: int) -> None:
    from pathdex.measuring.seen import Way
    from pathdex.rungs import header
    from pathdex.schema import Model

    loader = {"library": "timm", "factory": ARCHITECTURE, "kwargs": KEYWORDS}
    weights = {"access": "open", "repository": repository}
    entry = {"name": "L", "kind": "patch-encoder", "summary": "x", "weights": weights, "loader": loader, "sources": {}}
    requests, began = len(hub.log), time.monotonic()
    seen = header.measure(Model.model_validate(entry), Way())
    spent = time.monotonic() - began
    moved = f"{seen.moved:,} of {size:,} bytes ({100 * seen.moved / size:.4f} %)"
    print(f"{repository}: {seen.status}; {moved}, {len(hub.log) - requests} answers, {spent:.2f} s")


if __name__ == "__main__":
    main()
