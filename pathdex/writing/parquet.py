"""Flat tables as Parquet files: one row group, one page a column, by the standard library alone, so that any build writes them.

What is written is the plainest form that the format allows: values as they are, a level that says which are known, pages in gzip.
"""

import gzip
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pathdex.writing.tabular import Flat, Kind

MAGIC = b"PAR1"
TYPES: dict[Kind, int] = {"yes-no": 0, "integer": 2, "real": 5, "text": 6}
"""The format's numbers for BOOLEAN, INT64, DOUBLE and BYTE_ARRAY."""
UTF8, PLAIN, RLE, GZIP, OPTIONAL = 0, 0, 3, 2, 1
"""The format's numbers for what is used of it."""
LICENSE = "CC-BY-4.0"


class Long(int):
    """A number that the format keeps in 64 bits."""


def parquet(table: Flat) -> bytes:
    """The file; the meaning of the table and of its columns stands in its metadata."""
    content, chunks = bytearray(MAGIC), []
    for place, column in enumerate(table.columns):
        start = len(content)
        page, size = _page(column.kind, [row[place] for row in table.rows])
        content += page
        chunks.append(_chunk(column.name, column.kind, len(table.rows), start, len(page), size))
    whole = sum(chunk[3][6] for chunk in chunks)
    group = {1: chunks, 2: Long(whole), 3: Long(len(table.rows))}
    footer = compact({1: 2, 2: _schema(table), 3: Long(len(table.rows)), 4: [group], 5: [*_told(table)], 6: "pathdex"})
    return bytes(content + footer + struct.pack("<I", len(footer)) + MAGIC)


def _schema(table: Flat) -> list[dict[int, Any]]:
    texts = {True: {6: UTF8}, False: {}}
    columns = [{1: TYPES[column.kind], 3: OPTIONAL, 4: column.name, **texts[column.kind == "text"]} for column in table.columns]
    return [{4: "schema", 5: len(columns)}, *columns]


def _told(table: Flat) -> Iterator[dict[int, str]]:
    yield {1: "about", 2: table.about}
    yield {1: "license", 2: LICENSE}
    yield from ({1: f"about {column.name}", 2: column.about} for column in table.columns)


def _chunk(name: str, kind: Kind, rows: int, start: int, packed: int, size: int) -> dict[int, Any]:
    about = {1: TYPES[kind], 2: [PLAIN, RLE], 3: [name], 4: GZIP, 5: Long(rows)}
    return {2: Long(start), 3: {**about, 6: Long(size), 7: Long(packed), 9: Long(start)}}


def _page(kind: Kind, values: Sequence[Any]) -> tuple[bytes, int]:
    """Head and body of a column's page, and how long both are before compression."""
    known = _levels([value is not None for value in values])
    body = struct.pack("<I", len(known)) + known + PACKED[kind]([value for value in values if value is not None])
    packed = gzip.compress(body, 9, mtime=0)
    head = compact({1: 0, 2: len(body), 3: len(packed), 5: {1: len(values), 2: PLAIN, 3: RLE, 4: RLE}})
    return head + packed, len(head) + len(body)


def _levels(known: Sequence[bool]) -> bytes:
    """Which values are known, in runs of the same."""
    return b"".join(varint(len([*run]) << 1) + bytes([is_known]) for is_known, run in groupby(known))


def _texts(values: Sequence[Any]) -> bytes:
    encoded = [str(value).encode() for value in values]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def _flags(values: Sequence[Any]) -> bytes:
    """Eight to a byte, the first in the lowest bit."""
    bits = sum(1 << place for place, value in enumerate(values) if value)
    return bits.to_bytes((len(values) + 7) // 8, "little")


PACKED: Mapping[Kind, Callable[[Sequence[Any]], bytes]] = {
    "text": _texts,
    "integer": lambda values: struct.pack(f"<{len(values)}q", *values),
    "real": lambda values: struct.pack(f"<{len(values)}d", *values),
    "yes-no": _flags,
}


def compact(fields: Mapping[int, Any]) -> bytes:
    """A record in Thrift's compact protocol: field number to value, in rising order."""
    content, last = bytearray(), 0
    for number, value in fields.items():
        kind, written = _written(value)
        content += bytes([(number - last) << 4 | kind]) + written
        last = number
    return bytes(content) + b"\x00"


def _written(value: Any) -> tuple[int, bytes]:
    """The protocol's number of a value's type, and the value."""
    if isinstance(value, Mapping):
        return 12, compact(value)
    if isinstance(value, str):
        return 8, varint(len(value.encode())) + value.encode()
    if isinstance(value, list):
        parts = [_written(part) for part in value]
        kind = parts[0][0] if parts else 12
        head = bytes([len(parts) << 4 | kind]) if len(parts) < 15 else bytes([0xF0 | kind]) + varint(len(parts))
        return 9, head + b"".join(written for _, written in parts)
    return (6 if isinstance(value, Long) else 5), varint(value << 1 if value >= 0 else ~(value << 1))


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    content = bytearray()
    while number > 0x7F:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*content, number])
