"""How long the architecture rung takes for all models with a recipe, each in a process of its own, on this machine.

Run it as `python benchmarks/architecture_rung.py [WORKERS]`; by default two. It measures a copy of the catalog, so no evidence
changes.
"""

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))


def main(workers: int) -> None:
    """Print statuses, seconds, and the slowest models."""
    from pathdex.catalog import Catalog
    from pathdex.verify import verify

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "catalog", Path(folder) / "catalog")
        catalog = Catalog.load(Path(folder))
        summary = verify(catalog, Path(folder), catalog.models, again=True, workers=workers)
    statuses = Counter(outcome.rung.status for outcome in summary.outcomes.values())
    print(f"{dict(statuses)} in {summary.seconds:.1f} s with {workers} processes at a time")
    slowest = sorted(summary.outcomes.items(), key=lambda item: -item[1].rung.seconds)[:5]
    print("slowest:", ", ".join(f"{name} {outcome.rung.seconds:.1f} s" for name, outcome in slowest))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
