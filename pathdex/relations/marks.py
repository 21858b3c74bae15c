"""What sets a printed number apart: its data are closed, or it sums up others."""

from pathdex.catalog import Catalog
from pathdex.schema.benchmark import Task
from pathdex.schema.result import Column


def is_private(catalog: Catalog, task: Task) -> bool:
    """Whether the task's data are closed, by its own word or by its data set's access."""
    return task.private or (task.dataset is not None and catalog.datasets[task.dataset].access == "private")


def mark(catalog: Catalog, column: Column) -> str:
    """The mark of a printed column: private, aggregate or none."""
    if not column.task:
        return "aggregate" if column.average_of else ""
    suite, _, name = column.task.partition("/")
    task = catalog.benchmarks[suite].tasks[name]
    if is_private(catalog, task):
        return "private"
    return "aggregate" if task.kind == "average" else ""
