"""How values are written for people: counts, sizes, dates, names and near misses."""

import difflib
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

LONG = re.compile(r"\d*\.\d{6,}")
SPREADLESS = re.compile(r"\s*(?:\(nan\)|±\s*nan)", re.IGNORECASE)
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def count(value: int, figures: int = 3) -> str:
    """A count in three figures: 681394176 is "681 M", 1134774272 is "1.13 B"; below 10,000 it stays whole."""
    for size, unit in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= 10_000 and value >= (1 - 0.5 / 10**figures) * size:
            return f"{value / size:.{figures}g} {unit}"
    return f"{value:,}"


def whole(value: int) -> str:
    """Every digit, grouped: 681394176 is "681,394,176"."""
    return f"{value:,}"


def plural(number: int, word: str) -> str:
    """A number of things: 1 is "1 model", 0 "0 models"."""
    return f"{number:,} {word}{'s' * (number != 1)}"


def size(value: int) -> str:
    """Bytes in decimal units, as hubs print them: 1213476020 is "1.21 GB"."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value} B"


def operations(value: int) -> str:
    """Floating-point operations: 2506982400 is "2.51 GFLOPs"."""
    for unit, scale in (("PFLOPs", 10**15), ("TFLOPs", 10**12), ("GFLOPs", 10**9), ("MFLOPs", 10**6)):
        if value >= 0.9995 * scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:,} FLOPs"


def giga(value: int) -> str:
    """Billions in three figures: 371406561280 is "371", 2506982400 is "2.51"."""
    return f"{float(f'{value / 10**9:.3g}'):,g}"


def percent(share: float) -> str:
    """A signed share in per cent: -0.0725 is "−7.2%"."""
    return f"{share:+.1%}".replace("-", "−") if abs(share) >= 0.0005 else "by less than 0.1%"


def shortened(printed: str) -> str:
    """A printed cell that people can read: more than five decimals become four, a spread that is no number goes."""
    return LONG.sub(lambda found: _rounded(found[0]), SPREADLESS.sub("", printed))


def _rounded(number: str) -> str:
    rounded = f"{Decimal(number):.4f}"
    return rounded if Decimal(rounded) else f"{Decimal(number):.3g}"


def date(value: str) -> str:
    """A partial ISO date for people: "2024-03-19" is "19 March 2024", "2024-03" is "March 2024"."""
    year, *rest = value.split("-")
    if not rest:
        return year
    month = MONTHS[int(rest[0]) - 1]
    return f"{int(rest[1])} {month} {year}" if len(rest) > 1 else f"{month} {year}"


def listed(items: Iterable[str], last: str = "and") -> str:
    """Items as a phrase: "a", "a and b", "a, b and c"."""
    *head, tail = tuple(items) or ("",)
    return f"{', '.join(head)} {last} {tail}" if head else tail


def given_family(author: str) -> str:
    """An author as spoken: "Chen, Richard J." is "Richard J. Chen"; a name without comma stays."""
    family, comma, given = author.partition(", ")
    return f"{given} {family}" if comma else author


def credited(authors: Sequence[str], most: int = 3) -> str:
    """Authors in a line; beyond `most`, the first and "et al."."""
    spoken = [given_family(author) for author in authors]
    return listed(spoken) if len(spoken) <= most else f"{spoken[0]} et al."


def near(name: str, known: Iterable[str]) -> str:
    """A suggestion for a name that is not known, or ""."""
    found = difflib.get_close_matches(name, tuple(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]!r}?" if found else ""
