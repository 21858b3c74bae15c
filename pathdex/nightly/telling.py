"""A run's report as Markdown, JSON and JUnit's XML."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from pathdex import text
from pathdex.files import write_whole
from pathdex.nightly.outcome import EXPECTED, Report, Row
from pathdex.tokens import scrubbed


def write(report: Report, folder: Path) -> None:
    """Write the report in all its forms; `regressions.md` only where there are some."""
    forms = {"report.md": markdown(report), "report.json": as_json(report), "junit.xml": junit(report)}
    if report.regressed:
        forms["regressions.md"] = "".join(f"- {line}\n" for line in map(_line, report.regressed))
    else:
        (folder / "regressions.md").unlink(missing_ok=True)
    for name, content in forms.items():
        write_whole(folder / name, scrubbed(content).encode())


def headline(report: Report) -> str:
    """The run in a sentence."""
    loaded = f"{len(report.passed)} of {len(report.rows)} models passed the {report.aim} rung"
    if report.plan.random and report.aim in ("embedding", "cost"):
        loaded += " with random weights, so nothing released was loaded"
    elif report.aim not in ("weights", "embedding", "cost"):
        loaded += ", which loads no weights"
    worse = f"{len(report.regressed)} regressed, {len(report.failed)} to look at"
    return f"{loaded}; {worse}; {report.seconds:.0f} s{'; stopped before its end' if report.stopped else ''}"


def markdown(report: Report) -> str:
    """The report for people."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    rungs = report.plan.rungs
    yield from (f"# Run {report.run}", "", headline(report) + ".", "")
    if report.failed:
        yield from ("## To look at", "", *(f"- {_line(row)}" for row in report.failed), "")
    yield from ("## Every model", "", f"| model | {' | '.join(rungs)} | last pass of {report.aim} |")
    yield "|---" * (len(rungs) + 2) + "|"
    for name, row in report.rows.items():
        cells = [f"**{one.done.status}**" if one.failed else one.done.status for one in row.values()]
        yield f"| {name} | {' | '.join(cells)} | {row[report.aim].passed_at or 'never'} |"
    yield ""
    for rung in rungs:
        found = Counter(row[rung].done.status for row in report.rows.values())
        yield f"- {rung}: {text.listed(f'{number} {status}' for status, number in sorted(found.items())) or 'no model'}"


def _line(row: Row) -> str:
    worse = "regressed: " if row.regressed else ""
    last = f" (last pass {row.passed_at})" if row.regressed and row.passed_at else ""
    return f"{worse}{row.done.model}, {row.done.rung}: {row.done.status}, {_plain(row.done.reason or 'no reason')}{last}"


def _plain(line: str) -> str:
    """A message that Markdown leaves as it is."""
    return f"`{line.replace('`', chr(39))}`"


def as_json(report: Report) -> str:
    """The report for programs."""
    data = {
        "run": report.run,
        "code": report.code,
        "seconds": round(report.seconds, 1),
        "stopped": report.stopped,
        "rungs": report.plan.rungs,
        "device": report.plan.device,
        "random_weights": report.plan.random,
        "loaded": report.loaded,
        "models": {name: {rung: _entry(one) for rung, one in rungs.items()} for name, rungs in report.rows.items()},
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _entry(row: Row) -> dict[str, object]:
    data = row.done.model_dump(mode="json", exclude={"model", "rung", "key", "measured"}, exclude_none=True)
    return {**data, "passed_at": row.passed_at, "regressed": row.regressed, "failed": row.failed}


def junit(report: Report) -> str:
    """The report for machines that show tests; a run that loaded nothing has a failed test that says so."""
    top = ElementTree.Element("testsuites", name="pathdex nightly")
    for rung in report.plan.rungs:
        rows = [rungs[rung] for rungs in report.rows.values()]
        _suite(top, rung, rows)
    suite = ElementTree.SubElement(top, "testsuite", name="run", tests="1", failures=str(int(not report.loaded)))
    case = ElementTree.SubElement(suite, "testcase", classname="run", name="something was loaded")
    if not report.loaded:
        ElementTree.SubElement(case, "failure", message=headline(report))
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _suite(top: ElementTree.Element, name: str, rows: list[Row]) -> None:
    failed = sum(row.failed for row in rows)
    skipped = sum(not row.failed and row.done.status != "passed" for row in rows)
    numbers = {"tests": str(len(rows)), "failures": str(failed), "skipped": str(skipped)}
    suite = ElementTree.SubElement(top, "testsuite", {"name": name, **numbers})
    for row in rows:
        done = row.done
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=done.model, time=f"{done.seconds:.2f}")
        if row.failed or done.status in EXPECTED - {"passed"}:
            kind = "failure" if row.failed else "skipped"
            ElementTree.SubElement(case, kind, message=_line(row), type=done.status)
