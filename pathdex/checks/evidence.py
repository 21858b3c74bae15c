"""What the entries claim fits what was counted. The job only measures; here it is judged, anew at every check, without a GPU."""

import hashlib
from collections.abc import Iterator

from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema import Evidence, Model
from pathdex.schema.measured import Measured
from pathdex.schema.recipe import fingerprint
from pathdex.text import near
from pathdex.tolerance import agrees

RUNG = "architecture"


def belongs_to_a_model(catalog: Catalog) -> Iterator[Problem]:
    """Evidence is about a model of the catalog."""
    known = catalog.ids("models")
    for name in catalog.evidence:
        if name not in known:
            mend = near(name, known) or f"delete it and catalog/evidence/{name}.tensors.csv, or add the model"
            yield catalog.problem("evidence", name, (), f"{name!r} is not in models", mend)


def every_model_has_one(catalog: Catalog) -> Iterator[Problem]:
    """A model whose recipe pathdex can build has evidence."""
    there = catalog.ids("evidence")
    for name, model in catalog.models.items():
        if _is_buildable(model) and name not in there:
            mend = f"run pathdex verify {name}"
            yield catalog.problem("models", name, ("loader",), "was never measured", mend)


def fits_the_recipe(catalog: Catalog) -> Iterator[Problem]:
    """Evidence was measured with the recipe, the poolings and the input side that the entry states today."""
    for name, evidence in catalog.evidence.items():
        model = catalog.models.get(name)
        if model and not _is_current(catalog, name) and (_is_attempted(evidence) or _is_buildable(model)):
            what = f"changed since {_day(evidence)}, when it was measured"
            yield _at_recipe(catalog, name, what, f"run pathdex verify {name}")


def recipe_builds(catalog: Catalog) -> Iterator[Problem]:
    """A recipe that pathdex can build was built, and gave what is measured."""
    for name, evidence in catalog.evidence.items():
        rung = evidence.rungs.architecture
        if rung and rung.status != "passed" and _is_current(catalog, name) and _is_buildable(catalog.models[name]):
            what, mend = f"{rung.status}: {rung.reason}", f"mend the recipe and run pathdex verify {name}"
            yield _at_recipe(catalog, name, what, mend)


def parameters_differ(catalog: Catalog) -> Iterator[Problem]:
    """A reported number of parameters is within 1 % of the count, or is the count rounded to the figures it has, at least two."""
    for name, model, measured in _measured(catalog):
        for scope, claim in model.parameters.items():
            counted = measured.parameters.get(scope)
            if counted and not agrees(claim.reported, counted) and not _is_undecided(model, "parameters", scope, "reported"):
                what = f"states {claim.reported:_}, counted {counted:_}"
                path = ("parameters", scope, "reported")
                yield catalog.problem("models", name, path, what, "correct it or move it to disputed")


def widths_differ(catalog: Catalog) -> Iterator[Problem]:
    """The width of an embedding is the measured one."""
    for name, model, measured in _measured(catalog):
        for variant, embedding in model.embeddings.items():
            width = measured.embeddings.get(variant, embedding.width)
            if width != embedding.width and not _is_undecided(model, "embeddings", variant, "width"):
                what, path = f"states {embedding.width}, measured {width}", ("embeddings", variant, "width")
                yield catalog.problem("models", name, path, what, "correct it or its pooling")


def embeddings_exist(catalog: Catalog) -> Iterator[Problem]:
    """The module that the recipe builds gives every embedding that the entry names."""
    for name, model, measured in _measured(catalog):
        for variant, reason in measured.unavailable.items() if _is_told(model, measured) else ():
            what = f"can't be {model.embeddings[variant].pooling!r}: {reason}"
            path = ("embeddings", variant, "pooling")
            yield catalog.problem("models", name, path, what, "correct the pooling or the recipe")


def every_embedding_is_told(catalog: Catalog) -> Iterator[Problem]:
    """Evidence tells of each embedding that the entry names, either its width or why there is none, and of no other."""
    for name, model, measured in _measured(catalog):
        if not _is_told(model, measured):
            path = ("rungs", RUNG, "measured", "embeddings")
            yield catalog.problem("evidence", name, path, "are not those of the entry", f"run pathdex verify {name}")


def listing_fits(catalog: Catalog) -> Iterator[Problem]:
    """The listing of tensors beside the evidence is the one that was measured."""
    unread = catalog.broken.get("listings", frozenset())
    for name, evidence in catalog.evidence.items():
        rung, listing = evidence.rungs.architecture, catalog.listings.get(name)
        wanted = rung.measured.state_dict.sha256 if rung and rung.measured else None
        found = hashlib.sha256(listing.encode()).hexdigest() if listing is not None else None
        if wanted != found and name not in unread:
            what = f"{name}.tensors.csv " + ("is missing" if not found else "was changed by hand" if wanted else "is left over")
            mend = f"run pathdex verify {name}"
            path = ("rungs", RUNG, "measured", "state_dict", "sha256")
            yield catalog.problem("evidence", name, path, what, mend)


def _measured(catalog: Catalog) -> Iterator[tuple[str, Model, Measured]]:
    """Models with current measurements; what is out of date is told once, by `fits_the_recipe`."""
    for name, evidence in catalog.evidence.items():
        rung = evidence.rungs.architecture
        if rung and rung.measured and _is_current(catalog, name):
            yield name, catalog.models[name], rung.measured


def _is_told(model: Model, measured: Measured) -> bool:
    return sorted([*measured.embeddings, *measured.unavailable]) == sorted(model.embeddings)


def _is_current(catalog: Catalog, name: str) -> bool:
    return name in catalog.models and catalog.evidence[name].recipe == fingerprint(catalog.models[name])


def _is_attempted(evidence: Evidence) -> bool:
    return any(rung.status != "not-attempted" for _, rung in evidence.rungs.tried())


def _is_buildable(model: Model) -> bool:
    return model.loader is not None and model.loader.library in plugins.names("pathdex.loaders")


def _day(evidence: Evidence) -> str:
    return max(rung.measured_at for _, rung in evidence.rungs.tried())[:10]


def _at_recipe(catalog: Catalog, name: str, what: str, mend: str) -> Problem:
    """A finding at the recipe's line; an entry that lost its recipe has it at its top."""
    path = ("loader",) if catalog.models[name].loader else ()
    return catalog.problem("models", name, path, what if path else f"the recipe {what}", mend)


def _is_undecided(model: Model, *path: str) -> bool:
    """Whether the entry holds this field, or what it stands in, open."""
    keys = {".".join(path[:length]) for length in range(1, len(path) + 1)}
    return any(model.disputed[key].judged is None for key in keys.intersection(model.disputed))
