"""Pages from templates: whatever a value holds, a reader sees it as plain text and no browser, Markdown or Jinja acts on it."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from traceback import walk_tb
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote

from jinja2 import BytecodeCache, DictLoader, Environment, StrictUndefined, TemplateError, TemplateSyntaxError, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup

from pathdex import text as writing
from pathdex.problems import CatalogError, Problem
from pathdex.schema.receipt import Receipt, Receipted
from pathdex.schema.values import GITHUB, WEB

DOCS = "build/docs"
TEMPLATES = "templates/"
ACTIVE = re.compile(r"[&<>\"'\\`*_{}\[\]#!|~^=$]")
WRITERS = {
    "count": writing.count,
    "credited": writing.credited,
    "date": writing.date,
    "giga": writing.giga,
    "listed": writing.listed,
    "operations": writing.operations,
    "percent": writing.percent,
    "shortened": writing.shortened,
    "size": writing.size,
    "spoken": writing.given_family,
    "whole": writing.whole,
}
BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


class Link(NamedTuple):
    """A receipt as a page shows it: where it leads, what it says there, and how the fact was taken from it."""

    url: str
    where: str
    tip: str
    method: str


def shown(value: Any) -> Any:
    """A value as text for HTML and Markdown: characters that either acts on become numeric entities, blanks single blanks.

    Markup made by this module passes unchanged. None is refused: a template says what it shows instead of an unknown value.
    """
    if hasattr(value, "__html__"):
        return value
    if value is None:
        raise TypeError("a template shows a value that is not known; ask for it first")
    return _neutral(str(value))


@lru_cache(maxsize=2**15)  # receipts stand on many pages, and many times on one
def _neutral(value: str) -> Markup:
    return Markup(ACTIVE.sub(lambda found: f"&#{ord(found[0])};", BLANK.sub(" ", value)))  # noqa: S704


def code(value: str) -> Markup:
    """Lines for a fenced block: no line can close the fence, no control character stays."""
    lines = (BLANK.sub(lambda blank: " " * len(blank[0]), line) for line in value.split("\n"))
    return Markup("\n".join(line.rstrip().replace("```", "` ` `").replace("~~~", "~ ~ ~") for line in lines))  # noqa: S704


def lines(value: str) -> Markup:
    """Lines for a block of HTML that keeps them, each with its blanks, as plain text."""
    kept = (BLANK.sub(lambda blank: " " * len(blank[0]), line).rstrip() for line in value.rstrip("\n").split("\n"))
    return Markup("\n".join(ACTIVE.sub(lambda found: f"&#{ord(found[0])};", line) for line in kept))  # noqa: S704


def breakable(value: str) -> Markup:
    """Plain text of one long name, which may break after its dots, strokes and underscores rather than anywhere."""
    return Markup("<wbr>").join(_neutral(part) for part in re.split(r"(?<=[._/])(?=\w)", value))


def prose(value: str) -> Markup:
    """Plain text with `code` between backticks; blank lines part paragraphs."""
    parts = re.split(r"\n\s*\n", value.strip())
    return Markup("<br>").join(Markup("").join(map(_span, re.split(r"(`[^`\n]+`)", part))) for part in parts)


def _span(text: str) -> Markup:
    is_code = len(text) > 2 and text[0] == text[-1] == "`"
    return Markup("<code>%s</code>") % _neutral(text[1:-1]) if is_code else _neutral(text)


def address(value: str) -> str | None:
    """The web address that a reader opens for a receipt or link; None for anything else."""
    if github := GITHUB.fullmatch(value):
        owner, name, commit, path = github.groups()
        return f"https://github.com/{owner}/{name}/blob/{commit}/{quote(path)}"
    return value if WEB.fullmatch(value) else None


def linked(value: str, text: str | None = None) -> Markup:
    """A link to another site; text only, when the value is no web address."""
    url = address(value)
    label = _neutral(value.removeprefix("https://") if text is None else text)
    return Markup('<a href="%s" rel="noopener">%s</a>') % (_neutral(url), label) if url else label


def receipts(record: Receipted, path: str) -> list[Link]:
    """The receipts that cover a field: of the longest path that holds it, else of what lies in it, else of the disputed value
    that is held to be right."""
    keyed = [(part.strip(), found) for key, found in record.sources.items() for part in key.split(",")]
    longest = max((len(key) for key, _ in keyed if f"{path}.".startswith(f"{key}.")), default=0)
    above = [found for key, found in keyed if longest and key == path[:longest]]
    below = [found for key, found in keyed if key.startswith(f"{path}.")]
    return links(receipt for found in above or below or _judged(record, path) for receipt in found)


def _judged(record: Receipted, path: str) -> list[tuple[Receipt, ...]]:
    """The receipts of the values that were judged right, of the field or what lies in it."""
    disputes = [dispute for field, dispute in record.disputed.items() if f"{field}.".startswith(f"{path}.")]
    return [claim.source for dispute in disputes for claim in dispute.values if claim.value == dispute.judged]


def links(found: Iterable[Receipt]) -> list[Link]:
    """Receipts as links, each once."""
    return list(dict.fromkeys(_link(receipt) for receipt in found))


@lru_cache(maxsize=2**14)
def _link(receipt: Receipt) -> Link:
    github = GITHUB.fullmatch(receipt.url)
    where = "{0}/{1} {3}".format(*github.groups()) if github else receipt.url.split("://", 1)[-1].rstrip("/")
    said = (receipt.locator, f"“{receipt.quote}”" if receipt.quote else None, receipt.retrieved and f"read {receipt.retrieved}")
    tip = "; ".join(part for part in (f"{receipt.method.capitalize()} in {where}", *said) if part)
    return Link(address(receipt.url) or "", where, tip, receipt.method)


def disputed(record: Receipted) -> list[dict[str, Any]]:
    """Each field in dispute: its values as written for people with their receipts, which one was judged right, and why."""
    return [
        {
            "field": field,
            "label": spoken(field),
            "values": [(written(claim.value, field), claim.source, claim.value == dispute.judged) for claim in dispute.values],
            "undecided": dispute.judged is None,
            "why": dispute.why,
        }
        for field, dispute in record.disputed.items()
    ]


def spoken(field: str) -> str:
    """A field's path as people say it: "weights.commercial_use" is "Weights, commercial use"."""
    words = field.removesuffix(".reported").replace("_", " ").replace(".", ", ")
    return words[:1].upper() + words[1:]


def written(value: Any, field: str) -> str:
    """A value of any field: whole numbers grouped unless they are years, truth values in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return writing.whole(value) if isinstance(value, int) and field != "year" else str(value)


class _Compiled(BytecodeCache):
    """Each template is compiled once, however many environments render it."""

    held: ClassVar[dict[str, tuple[str, Any]]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, compiled = self.held.get(bucket.key, ("", None))
        bucket.code = compiled if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.held[bucket.key] = bucket.checksum, bucket.code


def environment(texts: Mapping[str, str]) -> Environment:
    """The templates below site/templates/, with every printed value shown as plain text."""
    found = {name.removeprefix(TEMPLATES): texts[name] for name in texts if name.startswith(TEMPLATES)}
    made = Environment(
        loader=DictLoader(found),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_Compiled(),
    )
    made.globals.update(disputed=disputed, url=_url, asset=_asset, linked=linked, receipts=receipts, links=links)
    made.filters.update(breakable=breakable, code=code, lines=lines, prose=prose, **WRITERS)
    return made


def page(made: Environment, template: str, file: str, **values: Any) -> tuple[str, str]:
    """One page: its path below the root and its text, which ends with one newline.

    Raises `CatalogError` for a template that can't be rendered.
    """
    source = f"pages/{template}.md.jinja"
    try:
        text = made.get_template(source).render(here=folder(file), **values)
    except TemplateError as error:
        raise CatalogError([_broken(source, error)]) from error
    return f"{DOCS}/{file}", re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _broken(source: str, error: TemplateError) -> Problem:
    """What is wrong with a template, and in which of its lines."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == "<template>"]
    name, line = source, lines[0] if lines else 1
    if isinstance(error, TemplateSyntaxError):
        name, line = error.name or source, error.lineno
    return Problem(f"site/{TEMPLATES}{name}", line, "", f"can't be rendered ({error.message})", "", "build/template-renders")


def folder(file: str) -> str:
    """The folder under which a page is served: models/uni2-h.md is models/uni2-h, models/index.md is models."""
    stem = file.removesuffix(".md")
    return posixpath.dirname(stem) if posixpath.basename(stem) == "index" else stem


@pass_context
def _url(context: Context, target: str, anchor: str = "") -> str:
    """The way from the page at hand to another, given as folder: models/uni2-h; "" is the home page."""
    return f"{way(target, context['here'])}/{'#' if anchor else ''}{anchor}"


@pass_context
def _asset(context: Context, target: str) -> str:
    """The way from the page at hand to a file."""
    return way(target, context["here"])


def way(target: str, here: str) -> str:
    """The way from one folder of the site to a path in it; both without a slash at their ends, "" is the home page."""
    there, from_here = target.split("/") if target else [], here.split("/") if here else []
    shared = 0
    for one, other in zip(there, from_here, strict=False):
        if one != other:
            break
        shared += 1
    return "/".join([".."] * (len(from_here) - shared) + there[shared:]) or "."
