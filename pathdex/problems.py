"""What is wrong, where, and how to mend it: one line a problem."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One finding about one field of one file.

    `line` counts from 1; `field` is the dotted path as in `sources`; `rule` names the law that was broken, `<family>/<check>`.
    """

    file: str
    line: int
    field: str
    what: str
    mend: str
    rule: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        mend = f"; {self.mend}" if self.mend else ""
        return _visible(f"{self.file}:{self.line}: {field}{self.what}{mend} [{self.rule}]")


def _visible(line: str) -> str:
    """The text on one line: a name can hold line breaks, and codes that a terminal obeys."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


class CatalogError(ValueError):
    """The catalog can't be used as it stands; `problems` holds every finding."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))
