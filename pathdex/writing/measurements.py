"""What each rung saw, in a few words; the same on the terminal, in the report and on the pages."""

from collections.abc import Iterator
from typing import Any

from pathdex import text
from pathdex.schema.evidence import Rung
from pathdex.schema.measured import Contents, Cost, Fit, Header, Measured, Reproduced, Stored, Vector, Vectors


def told(rung: Rung) -> str:
    """One line: what was measured, or why nothing was."""
    parts = list(parts_of(rung.measured)) if rung.measured else []
    return ", ".join(parts if rung.status == "passed" else [rung.reason or "", *parts])


def parts_of(measured: Any) -> Iterator[str]:
    """What was measured, piece by piece."""
    if isinstance(measured, Measured):
        yield from _architecture(measured)
    elif isinstance(measured, Header):
        yield from _files(measured.files)
        yield from _fit(measured.fit) if measured.fit else ()
    elif isinstance(measured, Contents):
        yield from _files(measured.files)
        yield from _fit(measured.fit)
        yield f"fetched in {measured.fetch_seconds:.1f} s, loaded in {measured.load_seconds:.1f} s"
        yield f"{text.size(measured.peak_memory)} of memory"
    elif isinstance(measured, Vectors):
        yield from _vectors(measured)
    elif isinstance(measured, Cost):
        yield from _cost(measured)


def _architecture(measured: Measured) -> Iterator[str]:
    yield from (f"{scope} {text.whole(number)}" for scope, number in measured.parameters.items())
    yield from (f"{name} {width}" for name, width in measured.embeddings.items())
    yield from (f"{name}: {reason}" for name, reason in measured.unavailable.items())
    if measured.flops:
        yield text.operations(measured.flops)


def _files(files: tuple[Stored, ...]) -> Iterator[str]:
    kinds = text.listed(dict.fromkeys(f"{next(iter(file.dtypes), 'empty')} in {file.format}" for file in files))
    many = files[0].name if len(files) == 1 else f"{len(files)} files"
    yield f"{many}, {text.size(sum(file.bytes for file in files))}, {kinds}"


def _fit(fit: Fit) -> Iterator[str]:
    yield f"{text.whole(fit.matched)} tensors fit"
    for number, words in ((fit.missing, "missing"), (fit.unexpected, "without a place"), (fit.misshapen, "of another shape")):
        if number:
            yield f"{text.whole(number)} {words}"


def _vectors(measured: Vectors) -> Iterator[str]:
    if measured.weights == "random":
        yield "random weights"
    yield from map(_reproduced, measured.expected)
    for variant, by_precision in measured.variants.items():
        for precision, seen in by_precision.items():
            yield f"{variant} in {precision} {_vector(seen)}"


def _vector(seen: Vector) -> str:
    if not seen.finite:
        return "not usable: not every number is finite"
    told = [
        f"{seen.width} wide",
        f"norm {seen.norm:.4g}" if seen.norm is not None else "",
        f"cosine {seen.agreement:.6f} with fp32" if seen.agreement is not None else "",
        f"{seen.golden:.6f} with the golden vector" if seen.golden is not None else "",
        "" if seen.deterministic else "not the same twice",
    ]
    return ", ".join(filter(None, told))


def _reproduced(seen: Reproduced) -> str:
    """How near the model comes to what its authors publish."""
    away = f"the authors' {seen.variant} could not be compared ({seen.hindered})"
    if seen.cosine is None:
        return away
    near = f"cosine {seen.cosine:.6f} with the authors' {seen.variant}, at most {seen.difference:.2g} apart"
    return f"{near}, on {seen.compared_at[:10]}; this time {away}" if seen.compared_at else near


def _cost(measured: Cost) -> Iterator[str]:
    if measured.weights == "random":
        yield "random weights"
    best = max(measured.speeds, key=lambda speed: speed.per_second)
    yield f"{best.per_second:.4g} images a second in {best.precision}, {best.mode}, {best.batch} at a time"
    yield f"{text.size(best.peak_memory)} of memory"
    yield from (f"{setting} failed: {reason}" for setting, reason in measured.failed.items())
