"""Flat tables as Parquet files, written by Arrow; what the table and its columns mean stands in the file's metadata."""

from pathdex.writing.tabular import Flat, Kind

TYPES: dict[Kind, str] = {"yes-no": "bool", "integer": "int64", "real": "float64", "text": "string"}
"""Arrow's names of types."""
LICENSE = "CC-BY-4.0"


def parquet(table: Flat) -> bytes:
    """The file; raises `ModuleNotFoundError` without pyarrow, which pathdex[site] brings."""
    import pyarrow
    import pyarrow.parquet

    fields = [pyarrow.field(one.name, TYPES[one.kind], metadata={"about": one.about}) for one in table.columns]
    columns = [[row[place] for row in table.rows] for place in range(len(fields))]
    schema = pyarrow.schema(fields, metadata={"about": table.about, "license": LICENSE})
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), sink, compression="gzip")
    content: bytes = sink.getvalue().to_pybytes()
    return content
