"""The picture that other sites show beside a link to this one: mark and name, drawn from strokes and written as PNG."""

import functools
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

WIDTH, HEIGHT = 800, 420
TILE, STROKE, SLASH = (0xF8, 0xDF, 0xE9), (0x43, 0x35, 0x7F), (0xCF, 0x3F, 0x78)
SHADES = 64
"""Steps from the tile's colour to a stroke's; the palette holds one row of them for each of the two."""


class Stroke(NamedTuple):
    """A line with round ends: how far a point is from its middle, its box, half its width, and its row of the palette."""

    distance: Callable[[float, float], float]
    box: tuple[float, float, float, float]
    half: float
    row: int


@functools.cache
def card() -> bytes:
    """The picture as a PNG file of 800 x 420 pixels."""
    pixels = bytearray(WIDTH * HEIGHT)
    for stroke in _strokes():
        _draw(pixels, stroke)
    lines = b"".join(b"\0" + pixels[start : start + WIDTH] for start in range(0, len(pixels), WIDTH))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", _palette()), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _palette() -> bytes:
    shares = [step / (SHADES - 1) for step in range(SHADES)]
    mixed = [
        tuple(round(tile + share * (full - tile)) for tile, full in zip(TILE, colour, strict=True))
        for colour in (STROKE, SLASH)
        for share in shares
    ]
    return bytes(value for colour in mixed for value in colour)


def _draw(pixels: bytearray, stroke: Stroke) -> None:
    """Put a stroke on the picture; its edge is as soft as a pixel is wide, but hard above a stroke of the other colour."""
    left, top, right, bottom = (round(value) for value in stroke.box)
    base, margin = stroke.row * SHADES, math.ceil(stroke.half) + 1
    for y in range(top - margin, bottom + margin):
        for x in range(left - margin, right + margin):
            covered = stroke.half + 0.5 - stroke.distance(x + 0.5, y + 0.5)
            if covered > 0:
                shade = base + round(min(covered, 1.0) * (SHADES - 1))
                at = y * WIDTH + x
                soft = pixels[at] in range(base, base + SHADES) or not pixels[at]
                if shade > pixels[at] and (soft or covered > 0.5):
                    pixels[at] = shade


def _line(x1: float, y1: float, x2: float, y2: float, half: float, row: int = 0) -> Stroke:
    across, down = x2 - x1, y2 - y1
    length = across * across + down * down

    def distance(x: float, y: float) -> float:
        along = min(1.0, max(0.0, ((x - x1) * across + (y - y1) * down) / length))
        return math.hypot(x - x1 - along * across, y - y1 - along * down)

    return Stroke(distance, (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), half, row)


def _arc(x0: float, y0: float, radius: float, begin: float, end: float, half: float) -> Stroke:
    """Part of a circle, clockwise from `begin` to `end` in degrees from the right."""
    tips = [(x0 + radius * math.cos(math.radians(at)), y0 + radius * math.sin(math.radians(at))) for at in (begin, end)]

    def distance(x: float, y: float) -> float:
        angle = math.degrees(math.atan2(y - y0, x - x0))
        if (angle - begin) % 360 <= end - begin:
            return abs(math.hypot(x - x0, y - y0) - radius)
        return min(math.hypot(x - tip[0], y - tip[1]) for tip in tips)

    return Stroke(distance, (x0 - radius, y0 - radius, x0 + radius, y0 + radius), half, 0)


def _strokes() -> Iterator[Stroke]:
    """The mark as in assets/mark.svg, then the name."""
    unit, left, top = 5.6, 60.0, 120.0
    for place in (8, 13.3, 18.7, 24):
        yield _line(left + place * unit, top + 8.5 * unit, left + place * unit, top + 23.5 * unit, 1.3 * unit)
    yield _line(left + 4.8 * unit, top + 20.6 * unit, left + 27.2 * unit, top + 11.4 * unit, 1.3 * unit, 1)
    yield from _name(278.0, 216.0)


def _name(x: float, middle: float, radius: float = 27.0, half: float = 5.6) -> Iterator[Stroke]:
    """The word pathdex; `middle` is half the height of its small letters."""
    low, high, rise = middle + radius, middle - radius, middle - 2.6 * radius
    bowl, step = 2 * radius, 74.0
    yield _line(x, high, x, middle + 2.5 * radius, half)  # p
    yield _arc(x + radius, middle, radius, 0, 360, half)
    x += step
    yield _arc(x + radius, middle, radius, 0, 360, half)  # a
    yield _line(x + bowl, high, x + bowl, low, half)
    x += step + 6
    yield _line(x + 8, rise + 14, x + 8, low - 12, half)  # t
    yield _arc(x + 20, low - 12, 12, 90, 180, half)
    yield _line(x - 6, high, x + 26, high, half)
    x += 50
    yield _line(x, rise, x, low, half)  # h
    yield _arc(x + 23, high + 23, 23, 180, 360, half)
    yield _line(x + 46, high + 23, x + 46, low, half)
    x += step - 8
    yield _arc(x + radius, middle, radius, 0, 360, half)  # d
    yield _line(x + bowl, rise, x + bowl, low, half)
    x += step + 3
    yield _arc(x + radius, middle, radius, 50, 360, half)  # e
    yield _line(x, middle, x + bowl, middle, half)
    x += step - 4
    yield _line(x, high, x + 44, low, half)  # x
    yield _line(x + 44, high, x, low, half)
