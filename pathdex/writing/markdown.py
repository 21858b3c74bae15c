"""Plain text made safe for Markdown files that are also read as they stand: escaped with a light hand."""

import re
from urllib.parse import quote

ACTIVE = {
    **{character: f"\\{character}" for character in "\\`*_{}[]#"},
    **{character: f"&#{ord(character)};" for character in "|~^$"},
    "<": "&lt;",
    ">": "&gt;",
}
"""Backslashes where every reader of Markdown takes them, entities for the rest."""
ENTITIES = str.maketrans(ACTIVE)


def escaped(text: str) -> str:
    """The text on one line, shown as it is by any reader of Markdown or HTML."""
    line = re.sub(r"&(?=#?\w+;)", "&amp;", " ".join(text.split()))
    line = line.translate(ENTITIES).replace("==", "=&#61;")
    line = re.sub(r":(?=[\w+-]+:)", "&#58;", line)  # :smile:
    return re.sub(r"^([-+]|\d+[.)])(?=\s|$|-)", lambda mark: mark[1][:-1] + f"&#{ord(mark[1][-1])};", line)


def code(text: str) -> str:
    """The text as a code span, whatever backticks it holds."""
    line = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    blank = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def link(label: str, address: str) -> str:
    """A link of plain text; only what leads to the web or to another page becomes one."""
    if re.match(r"(?!https?:)[a-zA-Z][\w+.-]*:", address):
        return escaped(label)
    return f"[{escaped(label)}]({target(address)})"


def target(address: str) -> str:
    """The address as the target of a link: what could end the target is in percent form."""
    return quote(address, safe="%/:?#@!$&'+,;=~-._").replace("&", "&amp;")


def block(text: str, language: str = "") -> str:
    """Lines of code between fences longer than any run of backticks in them."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.strip()}\n{fence}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table of cells that are Markdown already; a bar inside a cell does not part it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
