"""The standard tiles: drawn, not photographed, in the colours of haematoxylin and eosin; the same bytes on every machine.

Everything is integer arithmetic on numbers from a seeded PCG64, so that neither a library's version nor a processor's rounding
shows.
"""

import hashlib
from collections.abc import Callable
from typing import Any

Array = Any  # numpy.ndarray of uint8 [H, W, 3], or of integers [H, W]; numpy is not imported before a tile is drawn

SHA256 = "e63b9ab232c3501fb7e8485f34fd7b53f621ae2dbb6477c538b3aeca15452cae"
"""Hash of all standard tiles, one after the other."""
HAEMATOXYLIN, EOSIN, PALE, GLASS = (88, 52, 122), (226, 140, 178), (244, 214, 228), (242, 240, 243)
RECIPES: tuple[tuple[str, int], ...] = (
    ("nuclei", 256),
    ("stroma", 256),
    ("fat", 256),
    ("background", 256),
    ("mixed", 224),
    ("mixed", 512),
)
"""Kind and side in pixels of each standard tile."""


def standard() -> list[Array]:
    """The standard tiles, each uint8 [side, side, 3]."""
    return [tile(kind, side, seed) for seed, (kind, side) in enumerate(RECIPES)]


def digest(tiles: list[Array]) -> str:
    """SHA-256 of tiles, one after the other."""
    whole = hashlib.sha256()
    for one in tiles:
        whole.update(one.tobytes())
    return whole.hexdigest()


def tile(kind: str, side: int, seed: int) -> Array:
    """One tile of a kind, uint8 [side, side, 3]."""
    import numpy

    made = numpy.random.Generator(numpy.random.PCG64(seed))
    canvas = KINDS[kind](made, side)
    grain = made.integers(-7, 8, (side, side, 1))
    return numpy.clip(canvas + grain, 0, 255).astype(numpy.uint8)


def _plain(side: int, colour: tuple[int, int, int]) -> Array:
    import numpy

    return numpy.tile(numpy.array(colour, dtype=numpy.int64), (side, side, 1))


def _discs(made: Any, side: int, number: int, least: int, most: int) -> Array:
    """How deep each pixel lies in some ellipses, [side, side]: 1000 in the centre of one, 0 outside all."""
    import numpy

    rows, columns = numpy.mgrid[0:side, 0:side]
    depth = numpy.zeros((side, side), dtype=numpy.int64)
    for _ in range(number):
        row, column = made.integers(0, side, 2)
        high, wide = made.integers(least, most + 1, 2)
        away = 1000 * (rows - row) ** 2 // high**2 + 1000 * (columns - column) ** 2 // wide**2
        depth = numpy.maximum(depth, 1000 - away)
    return numpy.maximum(depth, 0)


def _waves(made: Any, side: int) -> Array:
    """Bands that bend across the tile, 0 to 255, [side, side]."""
    import numpy

    rows, columns = numpy.mgrid[0:side, 0:side]
    period, bend, lean = int(made.integers(18, 30)), int(made.integers(40, 90)), int(made.integers(1, 4))
    sway = numpy.abs(columns % (2 * bend) - bend)
    place = (3 * rows + lean * columns + sway) % (2 * period)
    return numpy.abs(place - period) * 255 // period


def _blend(canvas: Array, colour: tuple[int, int, int], share: Array) -> Array:
    """The canvas with a colour over it; `share` is [side, side], 0 to 1000."""
    import numpy

    weight = numpy.minimum(share, 1000)[..., None]
    return (canvas * (1000 - weight) + numpy.array(colour, dtype=numpy.int64) * weight) // 1000


def _nuclei(made: Any, side: int) -> Array:
    canvas = _blend(_plain(side, EOSIN), PALE, _waves(made, side))
    return _blend(canvas, HAEMATOXYLIN, 2 * _discs(made, side, side * side // 450, 4, 9))


def _stroma(made: Any, side: int) -> Array:
    canvas = _blend(_plain(side, EOSIN), PALE, 3 * _waves(made, side))
    return _blend(canvas, HAEMATOXYLIN, 2 * _discs(made, side, side * side // 6000, 2, 7))


def _fat(made: Any, side: int) -> Array:
    return _blend(_plain(side, EOSIN), GLASS, 6 * _discs(made, side, side * side // 1500, 12, 30))


def _background(_: Any, side: int) -> Array:
    return _plain(side, GLASS)


def _mixed(made: Any, side: int) -> Array:
    """Dense cells, fibres and fat, each in a part of its own."""
    quarters = [_nuclei(made, side), _stroma(made, side), _fat(made, side), _background(made, side)]
    canvas, half = quarters[0].copy(), side // 2
    canvas[:half, half:], canvas[half:, :half] = quarters[1][:half, half:], quarters[2][half:, :half]
    canvas[half:, half:] = quarters[3][half:, half:]
    return canvas


KINDS: dict[str, Callable[[Any, int], Array]] = {
    "nuclei": _nuclei,
    "stroma": _stroma,
    "fat": _fat,
    "background": _background,
    "mixed": _mixed,
}
