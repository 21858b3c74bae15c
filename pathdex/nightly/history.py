"""What is kept of a run in the catalog: how many models ended how on each rung, and what got worse; the status page shows it."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pathdex import __version__
from pathdex.catalog import RUNS
from pathdex.files import write_whole
from pathdex.nightly.outcome import Report
from pathdex.schema.run import Run
from pathdex.tokens import scrubbed


def write(report: Report, root: Path) -> Path:
    """Keep the run in catalog/evidence/runs below `root`, in a file named after the moment; the file."""
    run = summary(report)
    file = root / "catalog" / RUNS / f"{re.sub('[-:]', '', run.ended_at).lower()}.json"
    data = run.model_dump(mode="json", exclude_defaults=True)
    write_whole(file, scrubbed(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode())
    return file


def summary(report: Report) -> Run:
    """The run in numbers."""
    plan = report.plan
    return Run.model_validate(
        {
            "ended_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(report.seconds, 1),
            "pathdex": __version__,
            "device": plan.device,
            "weights": "random" if plan.random else "released",
            "rungs": plan.rungs,
            "models": len(report.rows),
            "ended": {rung: dict(Counter(row[rung].done.status for row in report.rows.values())) for rung in plan.rungs},
            "worse": [
                {
                    "model": row.done.model,
                    "rung": row.done.rung,
                    "status": row.done.status,
                    "reason": row.done.reason or row.done.status,
                    "passed_at": row.passed_at,
                }
                for row in report.regressed
            ],
            "stopped": report.stopped,
        }
    )
