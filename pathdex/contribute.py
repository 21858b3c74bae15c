"""Drafts an entry: a commented skeleton of its kind, written from the schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pathdex.schema import KINDS
from pathdex.schema.quantity import Count
from pathdex.schema.receipt import Receipt

SINGULAR = {
    "paper": "papers",
    "model": "models",
    "dataset": "datasets",
    "benchmark": "benchmarks",
    "result": "results",
    "erratum": "errata",
}
HEAD = """\
# yaml-language-server: $schema=../../schema/{name}.schema.json
# Fill in what stands open. Of the rest, remove the # where you know the value; what is not known stays out.
# Each fact needs a receipt in `sources`. Then run: pathdex check {id}
"""
LEAVES = (Count, Receipt)
RECEIPTS = "sources:\n  # field, another.field: https://... or github:owner/name@commit:path\n"


def draft(root: Path, name: str, entry: str) -> Path:
    """Write the skeleton of a new entry; raises FileExistsError rather than touch an entry that is there."""
    file = root / "catalog" / SINGULAR[name] / f"{entry}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as stream:
        stream.write(skeleton(name, entry))
    return file


def skeleton(name: str, entry: str) -> str:
    """The text of a new entry of the kind called `name`: required fields open, the rest commented out."""
    return HEAD.format(name=name, id=entry) + "".join(_fields(KINDS[SINGULAR[name]], "", "")) + RECEIPTS


def _fields(record: type[BaseModel], mark: str, indent: str) -> Iterator[str]:
    """A line a field; below a `mark` everything is commented out."""
    for name, field in record.model_fields.items():
        if name not in ("sources", "disputed", "allow"):
            out = mark or ("" if field.is_required() else f"{indent}# ")
            deep = indent if mark or not out else ""
            yield f"{out}{deep}{name}:{_hint(field)}\n"
            inner = _record(field.annotation)
            if inner and inner not in LEAVES:
                yield from _nested(inner, field.annotation, out, deep + "  ")


def _nested(record: type[BaseModel], annotation: Any, mark: str, indent: str) -> Iterator[str]:
    if _holds(annotation, dict):
        yield f"{mark}{indent}name:\n"
        yield from _fields(record, mark, indent + "  ")
    elif _holds(annotation, tuple):
        first, *rest = _fields(record, mark, indent + "  ")
        yield first.replace(f"{mark}{indent}  ", f"{mark}{indent}- ", 1)
        yield from rest
    else:
        yield from _fields(record, mark, indent)


def _hint(field: FieldInfo) -> str:
    """What belongs here, as a comment behind the colon."""
    choices = _choices(field.annotation)
    told = f"{' | '.join(map(str, choices))}. " if choices else ""
    told += "A list. " if _holds(field.annotation, tuple) else ""
    return f"  # {told}{(field.description or '').splitlines()[0]}"


def _choices(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for part in get_args(annotation) if (found := _choices(part))), ())


def _record(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _record(part))), None)


def _holds(annotation: Any, container: type) -> bool:
    return get_origin(annotation) is container or any(_holds(part, container) for part in get_args(annotation))
