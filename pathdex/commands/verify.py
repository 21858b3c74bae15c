"""Measure models, one rung of the ladder at a time, and keep what was seen as evidence."""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from pathdex.catalog import Catalog, read_catalog
from pathdex.measuring.seen import Way
from pathdex.problems import Problem
from pathdex.schema.evidence import HEIGHTS
from pathdex.text import listed, near
from pathdex.verify import HARMLESS, LIMITS, Outcome, Summary, verify
from pathdex.writing.measurements import told

DEVICE = re.compile(r"cpu|mps|cuda(:\d+)?")
WRITES = True
"""Evidence, into the catalog's folder."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which models, which rung, how long."""
    parser.add_argument("ids", nargs="*", metavar="MODEL", help="id of a model, such as uni2-h")
    parser.add_argument("--all", action="store_true", help="measure every model of the catalog")
    parser.add_argument("--rung", choices=HEIGHTS, default="architecture", help="what to see (default: architecture)")
    parser.add_argument("--again", action="store_true", help="write evidence anew, with today's date, though it says the same")
    limits = ", ".join(f"{rung} {seconds:g}" for rung, seconds in LIMITS.items())
    parser.add_argument("--time-limit", type=_positive, metavar="S", help=f"seconds for each model (default: {limits})")
    parser.add_argument("--device", default="cpu", help="where to measure, such as cuda (default: cpu)")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="where downloads stay (default: the Hub's own cache)")
    parser.add_argument("--quota", type=_positive, metavar="GB", help="disk that one file may take (default: what is free)")
    parser.add_argument("--random", action="store_true", help="embedding and cost with random weights at true size, no download")
    parser.add_argument("--accept", action="store_true", help="keep the vectors of the embedding rung as the golden ones")


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0; write one, such as 60")
    return value


def run(options: argparse.Namespace) -> int:
    """0 when every recipe that could be tried was measured, 1 when one was not, 2 for a wrong call."""
    way = _way(options)
    catalog, problems = read_catalog(options.root)
    broken = catalog.broken.get("models", frozenset())
    ids = _asked(options.ids, options.all, catalog)
    unread = [problem for problem in problems if _model_of(problem) in broken.intersection(ids)]
    with _progress(len(ids) - len(broken.intersection(ids))) as report:
        summary = verify(
            catalog,
            options.root,
            [name for name in ids if name not in broken],
            options.rung,
            report,
            again=options.again,
            limit=options.time_limit,
            way=way,
        )
    for line in (*map(str, unread), *_table(summary), _closing(summary)):
        print(line)
    return 1 if summary.failed or unread else 0


def _way(options: argparse.Namespace) -> Way:
    from pathdex.commands import UsageError

    if options.accept and (options.rung != "embedding" or options.random):
        raise UsageError("--accept keeps released embeddings; give it with --rung embedding and without --random")
    if options.random and options.rung not in ("embedding", "cost"):
        raise UsageError("--random is for the rungs embedding and cost")
    if not DEVICE.fullmatch(options.device):
        raise UsageError(f"no device {options.device!r}; write cpu, cuda, cuda:1 or mps")
    quota = int(options.quota * 10**9) if options.quota else None
    settings = {"accept": True} if options.accept else {}
    return Way(options.device, options.cache, quota, options.random, settings=settings)


def _asked(ids: list[str], everything: bool, catalog: Catalog) -> list[str]:
    """The models to measure; entries that can't be read are among them."""
    from pathdex.commands import UsageError

    if bool(ids) == everything:
        raise UsageError("name the models to measure, or say --all" if not ids else "name models or say --all, not both")
    known = catalog.ids("models")
    for name in ids:
        if name not in known:
            raise UsageError(f"no model {name!r}; {near(name, known) or 'see catalog/models/ for the ids'}")
    if find_spec("torch") is None:
        raise UsageError("torch is not installed, and nothing is measured without it; run pip install 'pathdex[verify]'")
    return sorted(known if everything else set(ids))


def _model_of(problem: Problem) -> str:
    folder, _, file = problem.file.rpartition("/")
    return file.removesuffix(".yaml") if folder == "catalog/models" else ""


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str, Outcome], None]]:
    """A bar on the terminal; silence where there is none."""
    from tqdm import tqdm

    with tqdm(total=total, unit="model", leave=False, disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

        def report(name: str, outcome: Outcome) -> None:
            bar.set_postfix_str(f"{name} {outcome.rung.status}", refresh=False)
            bar.update()

        yield report


def _table(summary: Summary) -> Iterator[str]:
    """A line for each model: id, status, what was counted or why nothing was, and whether that is news."""
    rows = [(name, outcome.rung.status, _seen(outcome)) for name, outcome in summary.outcomes.items()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for name, status, seen in rows:
        yield f"{name:{widths[0]}}  {status:{widths[1]}}  {seen}"


def _seen(outcome: Outcome) -> str:
    return told(outcome.rung) + ("" if outcome.changed or not outcome.rung.measured else " (as before)")


def _closing(summary: Summary) -> str:
    statuses = Counter(outcome.rung.status for outcome in summary.outcomes.values())
    told = [f"{number} {status}" for status, number in sorted(statuses.items(), key=lambda item: item[0] not in HARMLESS)]
    changed = sum(outcome.changed for outcome in summary.outcomes.values())
    written = f"{changed} evidence file{'s' * (changed != 1)} written"
    return f"{listed(told) or 'no model'} in {summary.seconds:.0f} s, {written}"
