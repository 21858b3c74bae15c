"""Models fit together: widths, recipes and licences say one thing."""

import re
from collections.abc import Iterator

from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.problems import Problem

WIDTHS = {"cls": 1, "mean": 1, "cls+mean": 2, "pooler": 1, "register": 1}
PERMISSIVE = re.compile(r"MIT|Apache-2\.0|BSD-[23]-Clause|CC0-1\.0|CC-BY-4\.0|CC-BY-SA-4\.0|ISC|Unlicense")
NUMBER = re.compile(r"[-+]?[\d_]*\.?\d+(?:[eE][-+]?\d+)?%?")


def widths_fit(catalog: Catalog) -> Iterator[Problem]:
    """A pooled embedding is as wide as the tokens it is made of; class token and mean together are twice as wide."""
    for name, model in catalog.models.items():
        width = model.architecture.width if model.architecture else None
        for variant, embedding in model.embeddings.items() if width else ():
            wanted = WIDTHS.get(embedding.pooling, 0) * (width or 0)
            if wanted and embedding.width != wanted:
                what = f"is {embedding.width}, but {embedding.pooling} of tokens {width} wide makes {wanted}"
                path = ("embeddings", variant, "width")
                yield catalog.problem("models", name, path, what, "correct it, the pooling or architecture.width")


def kwargs_hold_numbers(catalog: Catalog) -> Iterator[Problem]:
    """No argument of a recipe is a number that reads as text."""
    for name, model in catalog.models.items():
        for key, value in (model.loader.kwargs if model.loader else {}).items():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str) and NUMBER.fullmatch(item):
                    path = ("loader", "kwargs", key)
                    mend = "write it bare, with a point before any exponent (1.0e-5)"
                    yield catalog.problem("models", name, path, f"{item!r} is a number read as text", mend)


def recipe_or_reason(catalog: Catalog) -> Iterator[Problem]:
    """A released model has a recipe that pathdex builds, or `unsupported` says why not; never both."""
    for name, model in catalog.models.items():
        buildable = model.loader is not None and model.loader.library in plugins.names("pathdex.loaders")
        if buildable and model.unsupported:
            mend = "remove one of them"
            yield catalog.problem("models", name, ("unsupported",), "stands beside a recipe that pathdex builds", mend)
        if not buildable and not model.unsupported and model.weights.access != "none":
            mend = "give a recipe, or unsupported with the reason and where it can be seen"
            yield catalog.problem("models", name, ("weights",), "were released, but nothing loads them", mend)


def commercial_use_fits(catalog: Catalog) -> Iterator[Problem]:
    """A non-commercial licence does not allow commercial use, and a permissive one does not forbid it."""
    for name, model in catalog.models.items():
        licence, use = model.weights.license or "", model.weights.commercial_use
        closed = use == "allowed" and re.search(r"-NC\b|Noncommercial", licence)
        if closed or (use == "forbidden" and PERMISSIVE.fullmatch(licence)):
            path = ("weights", "commercial_use")
            mend = "correct one of them, or give the condition"
            yield catalog.problem("models", name, path, f"is {use}, but the licence is {licence}", mend)
