"""Values as Python that a reader can run."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

CLASSES = ("timm.layers.", "torch.nn.")


def literal(value: Any) -> str:
    """The value as Python; dotted names of classes stand bare."""
    return str(value) if isinstance(value, str) and is_class(value) else quoted(value)


def quoted(value: Any) -> str:
    """The value as Python, text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def is_class(value: str) -> bool:
    """Whether the text is a dotted name of a class that recipes may name."""
    return value.startswith(CLASSES) and all(part.isidentifier() for part in value.split("."))


def modules(values: Mapping[str, Any]) -> set[str]:
    """What must be imported for the classes among the values."""
    named = (value for value in values.values() if isinstance(value, str) and is_class(value))
    return {"torch" if value.startswith("torch.") else value.rpartition(".")[0] for value in named}


def arguments(values: Mapping[str, Any]) -> Iterator[str]:
    """One line a keyword; a name that is none is passed in a dictionary."""
    plain = {name: value for name, value in values.items() if name.isidentifier()}
    yield from (f"    {name}={literal(value)}," for name, value in plain.items())
    if len(plain) < len(values):
        yield f"    **{ ({name: value for name, value in values.items() if name not in plain})!r},"


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a part, written `vision_config.depth`, gathered in a dictionary for the part."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        part, dot, field = name.partition(".")
        if dot:
            found.setdefault(part, {})[field] = value
        else:
            found[name] = value
    return found
