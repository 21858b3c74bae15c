"""News as Atom feeds. No clock: an item bears the date that its entry states, at the start of the day, month or year."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from pathdex.writing.rendering import BLANK

ATOM = "http://www.w3.org/2005/Atom"
NEVER = "1970"
"""The date of a feed without items; the format wants one."""
MOST = 300
"""Items that a feed holds, the newest."""
OWNER = "tag:pathdex,2026:"
"""What the names of all items begin with. A name is no address: it stays when the site moves."""


@dataclass(frozen=True)
class Item:
    """One piece of news; `name` is kind and id, `date` a partial ISO date, `url` its page, `original` its subject."""

    name: str
    title: str
    date: str
    summary: str
    url: str
    authors: tuple[str, ...] = ()
    category: str = ""
    original: str = ""


@dataclass(frozen=True)
class Feed:
    """A feed; `url` is its own address, `page` that of the page that shows the same."""

    name: str
    title: str
    subtitle: str
    url: str
    page: str
    items: tuple[Item, ...]


def newest(items: Iterable[Item], most: int = MOST) -> tuple[Item, ...]:
    """The newest items, the newest first; those of a day in order of their names."""
    by_name = sorted(items, key=lambda item: item.name)
    return tuple(sorted(by_name, key=lambda item: moment(item.date), reverse=True)[:most])


def moment(date: str) -> str:
    """The first moment of a partial ISO date: "2024-03" is "2024-03-01T00:00:00Z"."""
    return f"{date}{'-01-01'[len(date) - len('0000') :]}T00:00:00Z"


def atom(feed: Feed) -> str:
    """The feed as text; ends with a newline."""
    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(root, "id", f"{OWNER}feeds/{feed.name}")
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", moment(max((item.date for item in feed.items), default=NEVER, key=moment)))
    _add(_add(root, "author"), "name", "pathdex")
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for item in feed.items:
        _entry(root, item)
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _entry(root: ElementTree.Element, item: Item) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", f"{OWNER}{item.name}")
    _add(entry, "title", item.title)
    _add(entry, "updated", moment(item.date))
    for author in item.authors:
        _add(_add(entry, "author"), "name", author)
    _add(entry, "link", rel="alternate", type="text/html", href=item.url)
    if item.original:
        _add(entry, "link", rel="related", href=item.original)
    if item.category:
        _add(entry, "category", term=item.category)
    _add(entry, "summary", item.summary)


def _add(parent: ElementTree.Element, tag: str, text: str = "", **held: Any) -> ElementTree.Element:
    found = ElementTree.SubElement(parent, tag, held)
    found.text = BLANK.sub(" ", text).strip() or None
    return found
