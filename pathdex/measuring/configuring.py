"""Configurations of transformers made of a recipe's keywords; a field that the configuration does not have is refused."""

from collections.abc import Iterable, Mapping
from typing import Any

from pathdex.measuring.arguments import RecipeError
from pathdex.text import near


def configuration(kind: Any, arguments: Mapping[str, Any]) -> Any:
    """The configuration of class `kind`; `vision_config.<field>` is a field of a part.

    A field that it does not have raises `RecipeError`, where transformers would keep it and do nothing with it.
    """
    own, below = parted(arguments)
    _refuse_unknown(kind, (*own, *below))
    for part, fields in below.items():
        _refuse_unknown(_kind_of_part(kind, part), fields)
    return kind(**own, **below)


def _kind_of_part(kind: Any, part: str) -> Any:
    """The class of a part's configuration; where transformers leaves that open, the one that it takes by default."""
    found = kind.sub_configs[part]
    return type(getattr(kind(), part)) if found.__name__ == "AutoConfig" else found


def parted(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Arguments without a dot, and those with one by the part before it."""
    own: dict[str, Any] = {}
    below: dict[str, dict[str, Any]] = {}
    for name, value in arguments.items():
        part, dot, field = name.partition(".")
        target = below.setdefault(part, {}) if dot else own
        target[field or part] = value
    return own, below


def refuse_unknown(owner: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise `RecipeError` for a name that is not known, with the nearest that is."""
    known = set(known)
    for name in names:
        if name not in known:
            mend = near(name, known) or "look for the field in the class's configuration"
            raise RecipeError(f"{owner} has no field {name!r}; {mend}")


def _refuse_unknown(kind: Any, names: Iterable[str]) -> None:
    refuse_unknown(kind.__name__, names, {*kind().to_dict(), *kind.attribute_map, *kind.sub_configs})
