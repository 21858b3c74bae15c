"""GPU slots: what CUDA_VISIBLE_DEVICES may name, one for each process."""

import os
import shutil
import subprocess


def visible(wanted: int | None) -> list[str]:
    """The GPUs that this process may use, at most as many as wanted; found without touching them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        found = [one.strip() for one in named.split(",") if one.strip() not in ("", "-1")]
    else:
        found = [str(number) for number in range(_listed() if wanted is None else wanted)]
    return found[:wanted]


def _listed() -> int:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return 0
    told = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=60)
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines())
