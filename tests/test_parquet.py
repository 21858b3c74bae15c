"""Parquet files are read back by another program with every value, type and meaning."""

import io
from typing import Any

import pytest

from pathdex.catalog import Catalog
from pathdex.writing.flat import tables
from pathdex.writing.parquet import parquet
from pathdex.writing.tabular import Column, Flat


def read(table: Flat) -> Any:
    """The file as pyarrow reads it."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(io.BytesIO(parquet(table)))


def column(name: str, kind: Any) -> Column:
    return Column(name, kind, f"What {name} is.", lambda row: row)


KINDS = (column("words", "text"), column("whole", "integer"), column("part", "real"), column("is it", "yes-no"))


@pytest.mark.parametrize("number", [0, 1, 7, 8, 9, 63, 64, 1000])
def test_what_is_written_is_what_is_read(number: int) -> None:
    def row(place: int) -> tuple[Any, ...]:
        known = (f"é – {place}\n", (-1) ** place * place * 10**12, place / 3, place % 3 == 0)
        return tuple(value if (place + step) % 4 else None for step, value in enumerate(known))

    rows = tuple(map(row, range(number)))
    found = read(Flat("made", "A made table.", KINDS, rows))
    assert [tuple(one.values()) for one in found.to_pylist()] == list(rows)
    assert [str(one.type) for one in found.schema] == ["string", "int64", "double", "bool"]


@pytest.mark.parametrize("lacking", [True, False])
def test_a_column_may_be_all_known_or_all_unknown(lacking: bool) -> None:
    rows = tuple((None,) if lacking else ("a",) for _ in range(300))
    assert read(Flat("made", "A made table.", KINDS[:1], rows)).to_pylist() == [{"words": row[0]} for row in rows]


def test_every_table_of_the_catalog_is_read_back(toy: Catalog) -> None:
    for table in tables(toy):
        names = [one.name for one in table.columns]
        assert [tuple(one[name] for name in names) for one in read(table).to_pylist()] == [*table.rows], table.name


def test_the_file_says_what_it_is(toy: Catalog) -> None:
    models = tables(toy)[0]
    schema = read(models).schema
    assert schema.metadata[b"about"].decode() == models.about and schema.metadata[b"license"] == b"CC-BY-4.0"
    assert [one.metadata[b"about"].decode() for one in schema] == [one.about for one in models.columns]


def test_equal_tables_give_equal_bytes(toy: Catalog) -> None:
    assert [*map(parquet, tables(toy))] == [*map(parquet, tables(toy))]
