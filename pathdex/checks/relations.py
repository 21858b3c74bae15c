"""Relations between entries lead somewhere and never in a circle."""

from collections.abc import Iterator, Mapping, Sequence

from pathdex.catalog import Catalog
from pathdex.problems import Problem


def lineage_has_no_circle(catalog: Catalog) -> Iterator[Problem]:
    """No model descends from itself."""
    parents = {
        name: [*model.lineage.initialised_from, *model.lineage.distilled_from, *model.lineage.uses_encoder]
        for name, model in catalog.models.items()
        if model.lineage
    }
    for name in _circular(parents):
        what = "leads back to the model itself"
        yield catalog.problem("models", name, ("lineage",), what, "remove the wrong parent")


def origins_have_no_circle(catalog: Catalog) -> Iterator[Problem]:
    """No data set is drawn from itself."""
    origins = {name: [origin.dataset for origin in data.derived_from or ()] for name, data in catalog.datasets.items()}
    for name in _circular(origins):
        what = "leads back to the data set itself"
        yield catalog.problem("datasets", name, ("derived_from",), what, "remove the wrong origin")


def sections_exist(catalog: Catalog) -> Iterator[Problem]:
    """A section lies within one that exists and lies in none itself."""
    sections = catalog.taxonomy.sections if catalog.taxonomy else {}
    for name, section in sections.items():
        if section.within and (section.within not in sections or sections[section.within].within):
            path = ("sections", name, "within")
            what = f"{section.within!r} is not a section of the first level"
            yield catalog.problem("taxonomy", "taxonomy", path, what, "name one")


def _circular(parents: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The nodes that are among their own ancestors."""
    for name in parents:
        seen: set[str] = set()
        waiting = list(parents[name])
        while waiting:
            parent = waiting.pop()
            if parent not in seen:
                seen.add(parent)
                waiting += parents.get(parent, ())
        if name in seen:
            yield name
