"""The records: what an entry of each kind may say. The docstring of a field is its description everywhere."""

from pathdex.schema.benchmark import Benchmark
from pathdex.schema.dataset import Dataset
from pathdex.schema.erratum import Erratum
from pathdex.schema.evidence import Evidence
from pathdex.schema.model import Model
from pathdex.schema.paper import Paper
from pathdex.schema.record import Record
from pathdex.schema.result import Result
from pathdex.schema.taxonomy import Taxonomy

KINDS: dict[str, type[Record]] = {
    "models": Model,
    "papers": Paper,
    "datasets": Dataset,
    "benchmarks": Benchmark,
    "results": Result,
    "errata": Erratum,
    "evidence": Evidence,
}
"""Folder of the catalog to the record of its entries."""

__all__ = ["KINDS", "Benchmark", "Dataset", "Erratum", "Evidence", "Model", "Paper", "Record", "Result", "Taxonomy"]
