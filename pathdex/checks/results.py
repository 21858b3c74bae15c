"""A table is transcribed whole, and its own arithmetic is checked."""

import re
from collections.abc import Iterator

from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.relations.averages import wrong_averages

NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+%?(?:\s*(?:±|\().*)?")
MISSING = ("", "-", "–", "—", "N/A", "n/a", "NA")


def table_fits(catalog: Catalog) -> Iterator[Problem]:
    """The entry names exactly the rows and columns that the table prints."""
    for name, result in catalog.results.items():
        table = catalog.tables.get(name)
        if table:
            labels = [row[0] for row in table.rows]
            yield from _compare(catalog, name, ("label",), [result.label], [table.header[0]])
            yield from _compare(catalog, name, ("columns",), list(result.columns), list(table.header[1:]))
            yield from _compare(catalog, name, ("rows",), list(result.rows), labels)


def cells_are_numbers(catalog: Catalog) -> Iterator[Problem]:
    """What stands in the column of a task or an average is a number, or a dash where nothing was printed."""
    for name, result in catalog.results.items():
        for label, column, value in catalog.tables[name].cells() if name in catalog.tables else ():
            holds = result.columns.get(column)
            if holds and not holds.about and value not in MISSING and not NUMBER.fullmatch(value):
                what = f"{value!r} in row {label!r} is not a number"
                mend = "print the number as the source does, or a dash"
                yield catalog.problem("results", name, ("columns", column), what, mend)


def averages_fit(catalog: Catalog) -> Iterator[Problem]:
    """A printed average is the mean of its columns within rounding, or a remark names the row and what is printed."""
    for name, result in catalog.results.items():
        if table := catalog.tables.get(name):
            for label, column, printed, mean in wrong_averages(result, table):
                if not any(_names(remark, label) and _names(remark, printed) for remark in result.remarks):
                    what = f"{label!r} prints {printed}, its columns average {mean:.4f}"
                    mend = "correct the transcription, or add a remark that names the row and the number"
                    yield catalog.problem("results", name, ("columns", column), what, mend)


def _names(remark: str, words: str) -> bool:
    """Whether a remark has these words as a whole; a number may lack its leading zero."""
    bare = words.removeprefix("0") if re.match(r"0\.", words) else words
    return bool(re.search(rf"(?<![\w-])(?:{re.escape(words)}|0?{re.escape(bare)})(?![\w-])", remark))


def averages_exist(catalog: Catalog) -> Iterator[Problem]:
    """An average is made of columns of its table."""
    for name, result in catalog.results.items():
        for column, holds in result.columns.items():
            for part in holds.average_of:
                if part not in result.columns:
                    path = ("columns", column, "average_of")
                    yield catalog.problem("results", name, path, f"{part!r} is not a column", "name columns")


def _compare(catalog: Catalog, name: str, path: tuple[str, ...], named: list[str], printed: list[str]) -> Iterator[Problem]:
    stray = [item for item in named if item not in printed]
    lacking = [item for item in printed if item not in named]
    twice = sorted({item for item in printed if printed.count(item) > 1})
    faults = ((stray, "names what the table does not print"), (lacking, "lacks"), (twice, "can't tell apart"))
    said = [f"{what} {', '.join(map(repr, items))}" for items, what in faults if items]
    if said:
        yield catalog.problem("results", name, path, " and ".join(said), "make entry and CSV agree")
