"""Golden vectors: what a model once gave for the standard tiles, by device class and precision, set deliberately.

They stand in catalog/evidence/<model>.golden.csv, a line for each vector: device class, precision, variant, tile, versions, and
the float32 numbers as base64.
"""

import base64
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEADER = ("device", "precision", "variant", "tile", "versions", "values")
TILES = (0, 4)
"""Numbers of the standard tiles whose vectors are kept."""


@dataclass(frozen=True)
class Key:
    """What a vector belongs to."""

    device: str
    precision: str
    variant: str
    tile: int


Vectors = dict[Key, tuple[str, Any]]
"""Key to library versions and vector, a float32 array [width]."""


def read(file: Path) -> Vectors:
    """The vectors of one model; none where there is no file."""
    import numpy

    if not file.exists():
        return {}
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    return {
        Key(row["device"], row["precision"], row["variant"], int(row["tile"])): (
            row["versions"],
            numpy.frombuffer(base64.b64decode(row["values"]), dtype="<f4"),
        )
        for row in rows
    }


def written(vectors: Vectors) -> str:
    """The text of the file, in a fixed order."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADER)
    for key in sorted(vectors, key=lambda key: (key.device, key.precision, key.variant, key.tile)):
        versions, values = vectors[key]
        numbers = base64.b64encode(values.astype("<f4").tobytes()).decode()
        table.writerow((key.device, key.precision, key.variant, key.tile, versions, numbers))
    return text.getvalue()
