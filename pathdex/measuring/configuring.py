"""Configurations of transformers made of a recipe's keywords; a field that the configuration does not have is refused."""

from collections.abc import Iterable, Mapping
from typing import Any

from pathdex.measuring.arguments import RecipeError
from pathdex.text import near


def configuration(kind: Any, arguments: Mapping[str, Any]) -> Any:
    """The configuration of class `kind`; `vision_config.<field>` is a field of a part, `rope_parameters.<name>` one of a table.

    A field that it does not have raises `RecipeError`, where transformers would keep it and do nothing with it.
    """
    own, below = parted(arguments)
    _refuse_unknown(kind, (*own, *below))
    for part, fields in below.items():
        below[part] = _nested(fields)
        if part in kind.sub_configs:
            _refuse_unknown(_kind_of_part(kind, part, below[part].get("model_type")), below[part])
    return kind(**own, **below)


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Names with dots as tables within tables."""
    own, below = parted(fields)
    return own | {name: _nested(values) for name, values in below.items()}


def _kind_of_part(kind: Any, part: str, model_type: str | None) -> Any:
    """The class of a part's configuration; where transformers leaves that open, that of the type, or else the one by default."""
    from transformers import CONFIG_MAPPING

    found = kind.sub_configs[part]
    if found.__name__ != "AutoConfig":
        return found
    if model_type is None:
        return type(getattr(kind(), part))
    if model_type not in CONFIG_MAPPING:
        mend = near(model_type, CONFIG_MAPPING) or "write a model type, such as mistral"
        raise RecipeError(f"transformers has no model type {model_type!r}; {mend}")
    return CONFIG_MAPPING[model_type]


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
