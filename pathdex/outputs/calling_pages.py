"""The reference for those who call pathdex: from Python, on the command line, and over the web; from docstrings and parsers."""

import argparse
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import pathdex
from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.schema import KINDS
from pathdex.writing.contract import NAMES
from pathdex.writing.rendering import environment, page
from pathdex.writing.served import SERVED

COMMITTED = False
AGGREGATE = True
UNSAID = inspect.Parameter.empty


class Call(NamedTuple):
    """Something that can be called or read: how it is written, and what its docstring says."""

    written: str
    says: str


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A page for each way of calling."""
    made = environment(prose)
    yield page(made, "python", "reference/python.md", functions=_functions(), classes=_classes())
    yield page(made, "commands", "reference/commands.md", commands=[*_commands()])
    yield page(made, "served", "reference/api.md", kinds=[*_served()])


def _functions() -> list[Call]:
    return [_call(f"pathdex.{name}", getattr(pathdex, name)) for name in ("load", "load_catalog")]


def _classes() -> list[tuple[str, str, list[Call]]]:
    """Name, what it is, and its public parts: what `load` and `load_catalog` return."""
    encoder = plugins.load("pathdex", "encoding").Encoder
    return [(found.__name__, _said(found), [*_parts(found)]) for found in (encoder, Catalog)]


def _parts(found: type) -> Iterator[Call]:
    for name, part in vars(found).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(part):
            yield _call(name, part)
        elif isinstance(part, classmethod):
            yield _call(f"{found.__name__}.{name}", getattr(found, name))
        elif isinstance(part, property):
            yield Call(name, _said(part))


def _call(name: str, function: Callable[..., Any]) -> Call:
    """Name and parameters without their types, which the docstring tells with shapes and units."""
    signature = inspect.signature(function)
    plain = [
        parameter.replace(annotation=UNSAID)
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    return Call(f"{name}{signature.replace(parameters=plain, return_annotation=UNSAID)}", _said(function))


def _said(found: Any) -> str:
    return " ".join((inspect.getdoc(found) or "").split())


def _commands() -> Iterator[tuple[str, str, list[Call]]]:
    """Name, what it does, and its arguments with their help."""
    for name, module in plugins.load_all("pathdex.commands").items():
        yield name, " ".join((module.__doc__ or "").split()), [*_arguments(module)]


def _arguments(module: ModuleType) -> Iterator[Call]:
    parser = argparse.ArgumentParser(add_help=False)
    module.arguments(parser)
    for action in parser._actions:
        wanted = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
        value = wanted if action.nargs != 0 else ""
        names = ", ".join(action.option_strings) or action.dest
        given = f" {value}" if value and action.option_strings else ""
        yield Call(f"{names}{given}", (action.help or "") % {"default": action.default, "prog": "pathdex"})


def _served() -> Iterator[tuple[str, str, bool, list[Call]]]:
    """Kind, name of one, whether each has a file, and the fields that it has beyond those of the entry."""
    for kind, record in SERVED.items():
        own = KINDS[kind].model_fields
        more = [Call(name, field.description or "") for name, field in record.model_fields.items() if name not in own]
        yield kind, NAMES[kind], kind in plugins.load("pathdex.outputs", "api").SINGLE, more
