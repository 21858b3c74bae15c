"""A model card's text: what is claimed, what was counted, how to load it, and where each fact can be seen."""

from collections.abc import Callable, Iterable, Iterator

from pathdex import text
from pathdex.catalog import Catalog
from pathdex.schema import Model
from pathdex.schema.training import TrainingData
from pathdex.writing import citing
from pathdex.writing.comparison import Compared, parameters, rung
from pathdex.writing.frontmatter import frontmatter, repeated
from pathdex.writing.markdown import block, code, escaped, link, table, target
from pathdex.writing.rendering import Link, links, receipts
from pathdex.writing.snippets import snippet
from pathdex.writing.specification import quantity, specification

Cite = Callable[[Iterable[Link]], str]


class Notes:
    """Receipts in the order in which the card first points at them."""

    def __init__(self) -> None:
        self.found: dict[Link, int] = {}

    def cite(self, wanted: Iterable[Link]) -> str:
        """Numbers that link to the receipts; what they stand for follows at the card's end."""
        numbers = [self.found.setdefault(receipt, len(self.found) + 1) for receipt in wanted]
        return " ".join(f"[[{number}]]" for number in numbers)

    def listed(self) -> Iterator[str]:
        """What the numbers stand for, then where their links lead."""
        for receipt, number in self.found.items():
            said = receipt.tip.removeprefix(f"{receipt.method.capitalize()} in {receipt.where}").removeprefix("; ")
            yield f"{number}. [{escaped(receipt.where)}][{number}], {receipt.method}{': ' if said else ''}{escaped(said)}"
        yield from [""] if self.found else []
        for receipt, number in self.found.items():
            yield f"[{number}]: {target(receipt.url)}"


def card(catalog: Catalog, name: str) -> str:
    """The whole card; a section that has nothing to say is left out."""
    model, notes = catalog.models[name], Notes()
    sections = {
        "Claimed and counted": _counted(catalog, name, notes.cite),
        "Facts": _facts(model, notes.cite),
        "Loading": _loading(model, notes.cite),
        "Embeddings": _embeddings(catalog, name, notes.cite),
        "Training data": _training(catalog, model, notes.cite),
        "Pitfalls": _pitfalls(model, notes.cite),
        "Disputed": _disputed(model, notes.cite),
        "Published results": _results(catalog, name),
        "Papers": _papers(catalog, model),
        "Errata": _errata(catalog, name),
    }
    found = {heading: "\n".join(lines).strip() for heading, lines in sections.items()}
    found["Receipts"] = "\n".join(notes.listed())
    head = f"{frontmatter(catalog, name)}\n# {escaped(model.name)}\n\n{escaped(model.summary)}\n\n{_origin(name)}\n"
    return head + "".join(f"\n## {heading}\n\n{body}\n" for heading, body in found.items() if body)


def _origin(name: str) -> str:
    return f"This card is made from `catalog/models/{name}.yaml`: to change it, edit the entry and run `pathdex build`."


def _counted(catalog: Catalog, name: str, cite: Cite) -> Iterator[str]:
    model, seen = catalog.models[name], rung(catalog.evidence.get(name))
    rows = [_scope(model, found, cite) for found in parameters(model, catalog.evidence.get(name))]
    if rows:
        yield table(["Parameters of", "Claimed", "Counted", "", "Receipts"], rows) + "\n"
    if seen is None:
        yield "The job has not measured this model."
    elif seen.measured is None:
        yield f"Not counted on {text.date(seen.measured_at[:10])}: {seen.status}, {escaped(seen.reason or '')}."
    else:
        cost = f", {text.count(seen.measured.flops)} FLOPs an input" if seen.measured.flops else ""
        yield f"Counted without weights on {text.date(seen.measured_at[:10])} from the entry's recipe{cost}."


def _scope(model: Model, found: Compared, cite: Cite) -> list[str]:
    verdict = {None: "", True: "agree", False: "**differ**"}[found.agrees]
    numbers = [text.whole(number) if number else "-" for number in (found.claimed, found.counted)]
    receipt = cite(receipts(model, f"parameters.{found.scope}")) if found.claimed else ""
    return [escaped(found.scope), *numbers, verdict, receipt]


def _facts(model: Model, cite: Cite) -> Iterator[str]:
    for heading, facts in specification(model):
        rows = [
            [fact.label, link(fact.value, fact.url) if fact.url else escaped(fact.value), cite(receipts(model, fact.path))]
            for fact in facts
        ]
        yield table([heading, "", "Receipts"], rows) + "\n"


def _loading(model: Model, cite: Cite) -> Iterator[str]:
    found, loader = snippet(model), model.loader
    if found:
        yield block(found.code, "python")
        if found.note:
            yield f"\n{escaped(found.note)}"
    elif model.unsupported:
        yield f"pathdex can't build it: {escaped(model.unsupported.what)} {cite(links(model.unsupported.source))}".rstrip()
    elif loader:
        where = f", see {link('their code', model.code)}" if model.code else ""
        yield f"Built by {code(loader.factory)} ({escaped(loader.library)}){where}."


def _embeddings(catalog: Catalog, name: str, cite: Cite) -> Iterator[str]:
    model, seen = catalog.models[name], rung(catalog.evidence.get(name))
    counted = seen.measured.embeddings if seen and seen.measured else {}
    rows = [
        [
            code(variant) + (" (default)" if found.default else ""),
            str(found.width),
            str(counted.get(variant, "-")),
            escaped(found.pooling),
            escaped(found.notes or ""),
            cite(receipts(model, f"embeddings.{variant}")),
        ]
        for variant, found in model.embeddings.items()
    ]
    if rows:
        yield table(["Variant", "Width", "Counted", "Pooling", "Notes", "Receipts"], rows)


def _training(catalog: Catalog, model: Model, cite: Cite) -> Iterator[str]:
    training = model.training
    for number, source in enumerate(training.data if training else ()):
        yield f"- {_source(catalog, source)} {cite(receipts(model, f'training.data.{number}'))}".rstrip()
    if training and training.data and training.data_complete is None:
        yield "\nWhether this list is complete is not known."
    elif training and training.data:
        yield f"\nThe list is {'complete' if training.data_complete else 'not complete'}."


def _source(catalog: Catalog, source: TrainingData) -> str:
    known = catalog.datasets.get(source.dataset or "")
    name = known.name if known else source.name or source.dataset or ""
    slides = f"{quantity(source.slides)} slides" if source.slides else ""
    access = "" if source.public is None else "public" if source.public else "not public"
    return ", ".join(filter(None, [escaped(name), slides, access]))


def _pitfalls(model: Model, cite: Cite) -> Iterator[str]:
    for pitfall in model.pitfalls:
        yield f"- {escaped(pitfall.what)} {cite(links(pitfall.source))}".rstrip()


def _disputed(model: Model, cite: Cite) -> Iterator[str]:
    for field, dispute in model.disputed.items():
        claims = "; ".join(f"{escaped(_value(claim.value))} {cite(links(claim.source))}" for claim in dispute.values)
        judged = "undecided" if dispute.judged is None else f"held to be {escaped(_value(dispute.judged))}"
        yield f"- {code(field)}: {claims}. Here {judged}: {escaped(dispute.why)}"


def _value(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text.whole(value) if isinstance(value, int) else f"{value:.10g}" if isinstance(value, float) else value


def _results(catalog: Catalog, name: str) -> Iterator[str]:
    rows = []
    found, left = repeated(catalog, name)
    for score in found:
        benchmark = catalog.benchmarks[score.suite]
        task = benchmark.tasks[score.task]
        how = [found.replace("not-stated", "not stated") for found in (score.embedding, score.precision)]
        printed = [f"{benchmark.name}: {task.name}", task.metric, score.printed, *how, catalog.results[score.table].title]
        rows.append([*map(escaped, printed), escaped(score.row)])
    if rows:
        yield table(["Task", "Metric", "Printed", "Embedding", "Precision", "Table", "Row"], rows) + "\n"
    if left:
        names = text.listed(f"`{table}`" for table in left)
        yield f"More numbers about this model stand in the published tables {names} below `catalog/results`."


def _papers(catalog: Catalog, model: Model) -> Iterator[str]:
    for name in model.papers:
        if paper := catalog.papers.get(name):
            address = citing.link(paper)
            yield f"- {escaped(citing.reference(paper))} {link(address, address)}"


def _errata(catalog: Catalog, name: str) -> Iterator[str]:
    for erratum in catalog.errata_of("models", name):
        found = catalog.errata[erratum]
        yield f"- {escaped(found.title)}: {escaped(found.correct)}"
