"""An entry as a sheet of text for the terminal: every stated value with its receipt, claims beside counts."""

from collections.abc import Iterator
from typing import Any

from pathdex.catalog import Catalog
from pathdex.schema import KINDS
from pathdex.schema.measured import Measured
from pathdex.schema.receipt import Receipt, Receipted
from pathdex.schema.record import Path, dotted, facts, stated
from pathdex.writing.measurements import parts_of


def find(catalog: Catalog, name: str) -> tuple[str, Any] | None:
    """Kind and record of the first entry of that id, evidence left out; None when there is none."""
    for kind in KINDS:
        if kind != "evidence" and name in getattr(catalog, kind):
            return kind, getattr(catalog, kind)[name]
    return None


def sheet(catalog: Catalog, kind: str, name: str) -> str:
    """The entry as lines of field, value and receipt."""
    record = getattr(catalog, kind)[name]
    title = getattr(record, "name", None) or getattr(record, "title", name)
    lines = [f"{title}  ({kind}/{name})", getattr(record, "summary", ""), ""]
    told = set(facts(record))
    rows = [(dotted(path), _plain(value), _receipt(record, path)) for path, value in stated(record) if path in told]
    width = max((len(field) for field, _, _ in rows), default=0)
    for field, value, receipt in rows:
        lines.append(f"{field:<{width}}  {value}")
        if receipt and receipt != _last(lines, width):
            lines.append(f"{'':<{width}}    {receipt}")
    return "\n".join([*lines, *_measured(catalog, name if kind == "models" else "")]) + "\n"


def _receipt(record: Any, path: Path) -> str:
    """Addresses of the receipts that cover the path."""
    return " ".join(map(_address, record.receipts_for(path))) if isinstance(record, Receipted) else ""


def _address(receipt: Receipt) -> str:
    return f"{receipt.url} ({receipt.locator})" if receipt.locator else receipt.url


def _last(lines: list[str], width: int) -> str:
    """The receipt printed last, so that neighbours with the same one print it once."""
    return next((line.strip() for line in reversed(lines) if line.startswith(" " * (width + 4))), "")


def _measured(catalog: Catalog, name: str) -> Iterator[str]:
    evidence = catalog.evidence.get(name)
    for height, seen in evidence.rungs.tried() if evidence else ():
        yield ""
        yield f"{height}: {seen.status}, {seen.measured_at[:10]}" + (f" ({seen.reason})" if seen.reason else "")
        counts = _counts(catalog, name, seen.measured) if isinstance(seen.measured, Measured) else parts_of(seen.measured)
        yield from (f"  {line}" for line in counts)


def _counts(catalog: Catalog, name: str, measured: Measured) -> Iterator[str]:
    claims = catalog.models[name].parameters if name in catalog.models else {}
    for scope, counted in measured.parameters.items():
        claim = claims.get(scope)  # type: ignore[call-overload]
        said = f", claimed {claim.reported:,}" if claim else ""
        yield f"parameters.{scope}: counted {counted:,}{said}"
    for variant, width in measured.embeddings.items():
        yield f"embeddings.{variant}: {width} wide"


def _plain(value: Any) -> str:
    if value == ():
        return "none"
    return f"{value:_}" if isinstance(value, int) and value >= 10_000 else str(value)
