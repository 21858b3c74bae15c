"""llms.txt: a short map of the site and its data for language models."""

from collections.abc import Iterator, Mapping

from pathdex.catalog import Catalog
from pathdex.writing import addresses
from pathdex.writing.markdown import link
from pathdex.writing.served import SERVED

COMMITTED = False
AGGREGATE = True

HEAD = """\
# pathdex

> A catalog of pathology foundation models, the papers about them, and published results. Every fact has a receipt (where it was
> read), and what can be measured is measured by a job, so that claim and count stand side by side.

It holds {numbers}.

How to read it:

- A value is what the cited source states, unless it is called counted or measured; then the job saw it on the stated date.
- What is not known is left out. A missing field is never zero, false or no.
- Where sources disagree, `disputed` holds every value with its receipt, `judged` the one held to be right, and `why` the reason.
- A published number holds for its table: the same model may have been embedded, pooled or scored otherwise in another.
- Cite the entry's page and the paper itself. Data: CC BY 4.0. Code: MIT.
"""
DATA = (
    ("api/index.json", "API", "kinds of entries, how many, where each file and its JSON Schema is"),
    ("api/models.json", "Models", "every model; one alone is api/models/<id>.json"),
    ("api/papers.json", "Papers", "every paper; one alone is api/papers/<id>.json"),
    ("api/results.json", "Published tables", "as printed, and as numbers by model and task"),
    ("api/errata.json", "Errata", "claims that circulate and do not hold, with what is right"),
    ("downloads/", "Downloads", "the whole as JSON, CSV, SQLite, BibTeX, RIS and CSL-JSON, with the meaning of each column"),
)
PAGES = (
    ("models/", "Models", "a table of all; the page of one is models/<id>/"),
    ("papers/", "Papers", "by section; the page of one is papers/<id>/"),
    ("benchmarks/", "Benchmarks", "suites and tasks with protocol, metric and data"),
    ("results/", "Published tables", "with protocol, embedding and precision"),
    ("datasets/", "Data sets", "cohorts and what is cut from them"),
    ("errata/", "Errata", "wrong claims in circulation"),
    ("contamination/", "Contamination", "which model saw which test cohort in training"),
    ("verification/", "How it is verified", "receipts, the job and its rungs"),
    ("reference/", "Reference", "every field of every kind of entry, and every check"),
)
OPTIONAL = (
    ("bibliography/", "Bibliography", "every paper as a reference"),
    ("feeds/models.xml", "Feed", "new models, as Atom; feeds/papers.xml and feeds/errata.xml beside it"),
    ("contribute/", "Contribute", "how to add or mend an entry"),
    ("about/", "About", "purpose, limits and licence"),
)


def render(catalog: Catalog, prose: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The one file, at the site's root."""
    home = addresses.home(prose)
    numbers = ", ".join(f"{len(getattr(catalog, kind))} {kind}" for kind in SERVED).replace("results", "published tables")
    parts = [HEAD.format(numbers=numbers.replace("datasets", "data sets"))]
    for heading, lines in (("Data", DATA), ("Pages", PAGES), ("Optional", OPTIONAL)):
        items = [f"- {link(label, addresses.way(home, target))}: {about}" for target, label, about in lines]
        parts.append(f"## {heading}\n\n" + "\n".join(items) + "\n")
    yield "build/docs/llms.txt", "\n".join(parts)
