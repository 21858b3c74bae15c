"""YAML and JSON text to plain data, with the line and column of every field, and nothing left to guess."""

import codecs
import json
import math
import re
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1_000_000
DEEPEST = 32
MOST_OPENINGS = 3_000
LONGEST_LINE = 10_000
LONGEST_NUMBER = 100
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
NUMBER = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9]*(?:[eE][-+][0-9]+)?")
AMBIGUOUS = re.compile(
    r"yes|no|on|off|y|n"  # truth values in YAML 1.1, words in 1.2
    r"|[-+]?\.?[0-9][0-9_]*(?:\.[0-9]*)?[eE][-+]?[0-9]+"  # 1e-5 is text in 1.1, a number in 1.2
    r"|[-+]?0[0-9_]+|0[xob][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # octal, hexadecimal, base 60
    r"|[-+]?\.(?:inf|nan)",
    re.IGNORECASE,
)
OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
WORDS = {"true": True, "false": False}
MENDS = {
    "mapping values are not allowed in this context": "put the value in quotes if it holds a colon, else check the indentation",
    "found character that cannot start any token": "put the value in quotes",
    "found undefined alias": "put the value in quotes",
    "found unexpected end of stream": "close the quote that opens here",
    "but found another document": "keep one, without ---",
}
TEXT = ("tag:yaml.org,2002:str", "!", "")
"""Tags of what is only text so far."""
EMPTY = ("", "~", "null", "Null", "NULL")


@dataclass
class Unreadable(ValueError):
    """Text that can't be read; `line` and `column` count from 1."""

    what: str
    mend: str
    line: int = 1
    column: int = 1
    path: tuple[str | int, ...] = ()


class _Loader(yaml.CSafeLoader):
    """libyaml's parser; plain scalars stay text until `_scalar` reads them."""

    yaml_implicit_resolvers: dict[str, Any] = {}


@dataclass
class Document:
    """A file's data; `place` tells where a field of it stands."""

    file: str
    text: str
    data: Any = field(repr=False)

    def place(self, path: tuple[str | int, ...], of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path`, or of its key; of the nearest parent if it is not there."""
        node, at = self._nodes, self._nodes
        for part in path:
            key, child = _child(node, part)
            if child is None:
                break
            at = key if of_key or not isinstance(child, yaml.ScalarNode) else child
            node = child
        return at.start_mark.line + 1, at.start_mark.column + 1

    def written(self, path: tuple[str | int, ...]) -> str | None:
        """The bare value at `path` as it stands in the file, before it was read; None where there is no such value."""
        node = self._nodes
        for part in path:
            node = _child(node, part)[1]
        return node.value if isinstance(node, yaml.ScalarNode) and not node.style else None

    @cached_property
    def _nodes(self) -> Any:
        try:
            return yaml.compose(self.text, Loader=_Loader)
        except yaml.YAMLError:  # JSON that is no YAML, such as a pair of surrogates: all its fields stand in line 1
            return yaml.compose("{}", Loader=_Loader)


def _child(node: Any, part: str | int) -> tuple[Any, Any]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None, None


def read(file: Path, shown: str) -> Document:
    """Read a YAML or JSON file; raise `Unreadable` with the first fault."""
    text = decode(file)
    return Document(shown, text, _json(text) if file.suffix == ".json" else parse(text))


def decode(file: Path) -> str:
    """The text of a file of sane size in UTF-8; raises FileNotFoundError where there is none."""
    try:
        raw = _bytes(file)
    except PermissionError as error:
        raise Unreadable("may not be read", "give yourself the right to read it") from error
    if raw.startswith(codecs.BOM_UTF8):
        raise Unreadable("starts with a byte-order mark", "save the file as UTF-8 without it")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"is not UTF-8 (byte {raw[error.start]:#04x})", "save the file as UTF-8", line) from error


def _bytes(file: Path) -> bytes:
    status = file.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise Unreadable("is a link", "put the file itself here")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a file", "put an entry here")
    if status.st_size > MOST_BYTES:
        raise Unreadable(f"is {status.st_size:,} bytes long", f"an entry holds at most {MOST_BYTES:,}")
    return file.read_bytes()


def parse(text: str) -> Any:
    """Plain data of one YAML document in which everything means what it seems to."""
    _shallow(text)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error, text) from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise Unreadable(f"holds the control character U+{error.character:04X}", "remove it", line) from error
    if node is None:
        raise Unreadable("is empty", "start from `pathdex new`")
    return _Construction().value(node, ())


def _shallow(text: str) -> None:
    """Refuse what could nest so deep that libyaml's recursion overflows its stack, and lines that only some programs see."""
    if found := OTHER_BREAKS.search(text):
        before = text.count("\n", 0, found.start())
        raise Unreadable(f"holds the invisible line break U+{ord(found[0]):04X}", "remove it", before + 1)
    if text.count("[") + text.count("{") > MOST_OPENINGS:
        raise Unreadable("opens too many brackets", "write it flatter, in block style")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"has a line of more than {LONGEST_LINE:,} characters", "break it", number)


def _unreadable(error: yaml.MarkedYAMLError, text: str) -> Unreadable:
    problem = error.problem or error.context or "broken"
    mark = (error.context_mark if problem == "found unexpected end of stream" else None) or error.problem_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if text[mark.index : mark.index + 1] == "\t" if mark else False:
        return Unreadable("holds a tab where YAML wants blanks", "indent with blanks", line, column)
    mend = MENDS.get(problem, "check indentation, quotes and colons here")
    return Unreadable(f"is not YAML ({problem.removeprefix('but ')})", mend, line, column)


class _Construction:
    """Plain data from nodes; a node met twice is an alias, and aliases are refused."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def value(self, node: Any, path: tuple[str | int, ...]) -> Any:
        if id(node) in self.seen:
            raise _at(node, path, "is an alias", "write the value out")
        self.seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, path)
        if len(path) > DEEPEST:
            raise _at(node, path[:3], f"is nested more than {DEEPEST} deep", "write it flatter")
        if not node.tag.startswith("tag:yaml.org,2002:"):
            raise _at(node, path, f"carries the tag {node.tag!r}", "remove it")
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._mapping(node, path)

    def _mapping(self, node: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                raise _at(key, path, "has a key that is not a word", "write plain keys")
            if id(key) in self.seen or key.tag not in TEXT:
                raise _at(key, path, f"has a key {key.value!r} that is an alias or carries a tag", "write plain keys")
            self.seen.add(id(key))
            if key.value in found:
                raise _at(key, (*path, key.value), "is given twice", "keep one of them")
            found[key.value] = self.value(child, (*path, key.value))
        return found


def _scalar(node: Any, path: tuple[str | int, ...]) -> Any:
    text = node.value
    if node.tag not in TEXT:
        raise _at(node, path, f"carries the tag {node.tag!r}", "remove it")
    if node.style:
        return text
    if text in EMPTY:
        raise _at(node, path, "is empty", "leave the field out when the value is not known")
    first = text[0]
    if first in "0123456789+-." and (number := _number(text)) is not None:
        if len(text) > LONGEST_NUMBER or math.isinf(number):
            raise _at(node, path, "is a number beyond all bounds", "correct it")
        return number
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if AMBIGUOUS.fullmatch(text):
        raise _at(node, path, f"{text!r} is read as text by some and as a value by others", _plainly(text))
    return text


def _number(text: str) -> int | float | None:
    if INTEGER.fullmatch(text):
        return int(text) if len(text) <= LONGEST_NUMBER else 0
    return float(text) if NUMBER.fullmatch(text) else None


def _plainly(text: str) -> str:
    """How to write an ambiguous word so that everyone reads it alike."""
    if text.lower() in ("yes", "on", "y", "no", "off", "n"):
        return "write true or false, or quote it"
    mantissa, exponent, power = text.lower().partition("e")
    if re.fullmatch(r"[-+]?0[0-9_]+", text):
        return f"quote it, or write {int(text)}"
    if exponent and re.fullmatch(r"[-+0-9_.]+", text.lower().replace("e", "")):
        point = "" if "." in mantissa else ".0"
        return f"quote it, or write {mantissa}{point}e{power if power[0] in '-+' else '+' + power}"
    return "quote it, or write the number in decimal digits"


def _at(node: Any, path: tuple[str | int, ...], what: str, mend: str) -> Unreadable:
    return Unreadable(what, mend, node.start_mark.line + 1, node.start_mark.column + 1, path)


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_finite, parse_int=_whole, parse_float=_real)
    except json.JSONDecodeError as error:
        raise Unreadable(f"is not JSON ({error.msg})", "let the job write it anew", error.lineno, error.colno) from error
    except RecursionError as error:
        raise Unreadable("is nested too deep", "let the job write it anew") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("has a key that is given twice", "let the job write it anew")
    return found


def _finite(word: str) -> float:
    raise Unreadable(f"holds {word[:20]}", "let the job write it anew")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else _finite(digits)


def _real(digits: str) -> float:
    return number if math.isfinite(number := float(digits)) else _finite(digits)
