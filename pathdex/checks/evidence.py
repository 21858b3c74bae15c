"""What the entries claim fits what was counted. The job only measures; here it is judged, anew at every check, without a GPU."""

import hashlib
from collections.abc import Iterator

from pathdex import plugins
from pathdex.catalog import Catalog
from pathdex.problems import Problem
from pathdex.schema import Evidence, Model
from pathdex.schema.evidence import UNTRIED, Height, Rung
from pathdex.schema.measured import Contents, Header, Measured, Precision, Reproduced, Vector, Vectors
from pathdex.schema.published import Expected
from pathdex.schema.recipe import fingerprint
from pathdex.text import near
from pathdex.tolerance import REDUCED, agrees, least_cosine

RUNG = "architecture"
CONTRADICTS = ("mismatch", "missing")
"""Ends that say that what was released is not what the entry states."""
LOST = ("gated", "crashed", "timeout", "out-of-memory", "unsupported-environment")
"""Ends that a rung which once passed is not expected to have; an hour when a host is away is none."""


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


def released_files_fit(catalog: Catalog) -> Iterator[Problem]:
    """What was released fits the recipe and the files that the entry states, and its embeddings are finite."""
    for name, _, height, rung in _upper(catalog):
        if rung.status in CONTRADICTS:
            mend = f"correct the entry and run pathdex verify {name} --rung {height}"
            yield catalog.problem("models", name, _about(height), f"{height}: {rung.status}: {rung.reason}", mend)


def access_fits(catalog: Catalog) -> Iterator[Problem]:
    """Weights that the entry calls open are not behind a gate."""
    for name, model, height, rung in _upper(catalog):
        if rung.status == "gated" and model.weights.access == "open":
            what = f"is open, but the {height} rung met a gate on {rung.measured_at[:10]}"
            yield catalog.problem("models", name, ("weights", "access"), what, "correct the access")


def revision_is_the_pinned_one(catalog: Catalog) -> Iterator[Problem]:
    """The files that the header and weights rungs read are those of the revision that the entry pins."""
    for name, model, height, rung in _upper(catalog):
        measured, pinned = rung.measured, model.weights.revision
        if isinstance(measured, Header | Contents) and pinned and measured.revision != pinned:
            what = f"is {pinned[:12]}, but the {height} rung read {measured.revision[:12] if measured.revision else measured.url}"
            mend = f"run pathdex verify {name} --rung {height}"
            yield catalog.problem("models", name, ("weights", "revision"), what, mend)


def golden_vectors_hold(catalog: Catalog) -> Iterator[Problem]:
    """Embeddings of the standard tiles are the golden ones: cosine at least 0.9999 in fp32, 0.999 in a reduced precision."""
    for name, variant, precision, seen in _vectors(catalog):
        if seen.golden is not None and seen.golden < least_cosine(precision):
            what = f"in {precision} has cosine {seen.golden:.6f} with its golden vector, below {least_cosine(precision)}"
            mend = f"find what changed, or run pathdex verify {name} --rung embedding --accept"
            yield catalog.problem("models", name, ("embeddings", variant), what, mend)


def published_outputs_hold(catalog: Catalog) -> Iterator[Problem]:
    """What the authors publish for an image comes out again, within the tolerance that they state or else at cosine 0.999."""
    for name, model, _, rung in _upper(catalog):
        seen = rung.measured.expected if isinstance(rung.measured, Vectors) else ()
        by_files = {(one.variant, one.input, one.output): one for one in seen}
        for number, stated in enumerate(model.expected):
            found = by_files.get((stated.variant, stated.input.sha256, stated.output.sha256))
            if found and (what := _apart(stated, found)):
                mend = "correct the preprocessing, the pooling or the recipe, or excuse the entry"
                yield catalog.problem("models", name, ("expected", number), f"{stated.variant} {what}", mend)


def _apart(stated: Expected, found: Reproduced) -> str:
    """How the model's embedding misses the published one; empty where it does not, or where the two could not be compared."""
    if (found.hindered or "").startswith(CONTRADICTS):
        return f"was not compared: {found.hindered}"
    if found.cosine is None or found.difference is None or found.greatest is None:
        return ""
    if stated.atol is None and stated.rtol is None:
        return f"comes out with cosine {found.cosine:.6f}, below {REDUCED}" if found.cosine < REDUCED else ""
    allowed = (stated.atol or 0.0) + (stated.rtol or 0.0) * found.greatest
    return f"comes out up to {found.difference:.3g} apart, {allowed:.3g} is allowed" if found.difference > allowed else ""


def precisions_agree(catalog: Catalog) -> Iterator[Problem]:
    """Embeddings in a reduced precision have a cosine of at least 0.999 with those in fp32."""
    for name, variant, precision, seen in _vectors(catalog):
        if seen.agreement is not None and seen.agreement < least_cosine(precision):
            what = f"in {precision} has cosine {seen.agreement:.6f} with fp32, below {least_cosine(precision)}"
            mend = "say so under pitfalls and excuse the entry"
            yield catalog.problem("models", name, ("embeddings", variant), what, mend)


def nothing_got_worse(catalog: Catalog) -> Iterator[Problem]:
    """A rung that once passed did not end later in an error, at a gate or a limit, or for lack of a library or GPU."""
    for name, model, height, rung in _upper(catalog):
        told_already = rung.status == "gated" and model.weights.access == "open"
        if rung.passed_at and rung.status in LOST and not told_already:
            what = f"{height} passed on {rung.passed_at[:10]}, and on {rung.measured_at[:10]} was {rung.status}: {rung.reason}"
            yield catalog.problem("models", name, _about(height), what, f"run pathdex verify {name} --rung {height}")


def _upper(catalog: Catalog) -> Iterator[tuple[str, Model, Height, Rung]]:
    """The rungs above the first that were tried with the recipe of today."""
    for name, evidence in catalog.evidence.items():
        for height, rung in evidence.rungs.tried() if _is_current(catalog, name) else ():
            if height != RUNG:
                yield name, catalog.models[name], height, rung


def _about(height: Height) -> tuple[str, ...]:
    """The part of an entry that a rung is about."""
    return ("weights",) if height in ("header", "weights") else ("embeddings",)


def _vectors(catalog: Catalog) -> Iterator[tuple[str, str, Precision, Vector]]:
    """Embeddings of the released weights, by model, variant and precision; seeded random weights say nothing of a model."""
    for name, _, _, rung in _upper(catalog):
        if isinstance(rung.measured, Vectors) and rung.measured.weights == "released":
            for variant, row in rung.measured.variants.items():
                yield from ((name, variant, precision, seen) for precision, seen in row.items())


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
    return any(rung.status not in UNTRIED for _, rung in evidence.rungs.tried())


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
