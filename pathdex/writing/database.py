"""Flat tables as one SQLite file: made in memory, without a moment or a path in it, so that equal tables give equal bytes."""

import sqlite3
from collections.abc import Iterable

from pathdex.writing.tabular import Column, Flat

TYPES = {"text": "TEXT", "integer": "INTEGER", "real": "REAL", "yes-no": "INTEGER"}
WRITER = slice(96, 100)
"""Bytes of the head that name the version of the library that wrote the file; nothing reads them."""
SINCE = (3_008_000).to_bytes(4, "big")
"""What stands there instead, so that two machines agree: a version that reads the file."""


def database(tables: Iterable[Flat]) -> bytes:
    """The file; each table's statement carries the meaning of its columns as comments, which `.schema` prints."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("PRAGMA page_size = 4096")
        for table in tables:
            connection.execute(statement(table))
            places = ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {_quoted(table.name)} VALUES ({places})", table.rows)  # noqa: S608
        connection.commit()
        connection.execute("VACUUM")
        content = bytearray(connection.serialize())
    connection.close()
    content[WRITER] = SINCE
    return bytes(content)


def statement(table: Flat) -> str:
    """What makes the table."""
    lines = [_line(column, column.name in table.key) for column in table.columns]
    key = f"PRIMARY KEY ({', '.join(map(_quoted, table.key))})" if table.key else ""
    *most, (last, about) = lines
    body = [f"{text}, -- {note}" for text, note in most]
    body.append(f"{last}{',' if key else ''} -- {about}")
    inside = "\n  ".join([*body, *([key] if key else [])])
    return f"CREATE TABLE {_quoted(table.name)} ( -- {_one_line(table.about)}\n  {inside}\n)"


def _line(column: Column, keyed: bool) -> tuple[str, str]:
    return f"{_quoted(column.name)} {TYPES[column.kind]}{' NOT NULL' if keyed else ''}", _one_line(column.about)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _one_line(text: str) -> str:
    return " ".join(text.split())
