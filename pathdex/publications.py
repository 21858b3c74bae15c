"""What authors publish of a model's output, brought here: the image and the embedding, each the file that the entry states.

A comparison that was made once is not forgotten because their host is away later.
"""

from pathlib import Path
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.schema.evidence import Rung
from pathdex.schema.measured import Reproduced, Vectors
from pathdex.schema.published import Expected, Published
from pathdex.weights import direct, opening
from pathdex.weights.fetch import hashed

Image = Any  # PIL.Image.Image
Tensor = Any  # torch.Tensor
MOST = 64 * 2**20
"""Bytes of such a file at most."""
KINDS = ("PNG", "JPEG", "TIFF")


def brought(expected: Expected, folder: Path) -> tuple[Image, Tensor]:
    """The image and the embedding [width] in float32; the files stay below the cache's folder. Raises `Hindered`."""
    from PIL import Image as Images

    image, output = (_file(one, folder) for one in (expected.input, expected.output))
    try:
        with Images.open(image, formats=KINDS) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, Images.DecompressionBombError) as error:
        raise Hindered("mismatch", f"{image.name} is no image ({type(error).__name__})") from error
    tensors = list(opening.tensors(output, opening.index(output)).values())
    if len(tensors) != 1:
        raise Hindered("mismatch", f"{output.name} holds {len(tensors)} tensors, not one embedding")
    return picture, tensors[0].float().flatten()


def _file(published: Published, folder: Path) -> Path:
    """The file, with the hash that the entry states."""
    address = direct.located(published.url)
    name = published.url.rpartition("/")[2]
    remote = direct.remote(name, address, folder)
    if remote.bytes > MOST:
        raise Hindered("mismatch", f"{name} has {remote.bytes:,} bytes, more than an image or an embedding")
    try:
        path = direct.fetched(address, remote, folder)
    except OSError as error:
        raise Hindered("unsupported-environment", f"{name} could not be written ({error.strerror or error})") from error
    if (found := hashed(path)) != published.sha256:
        path.unlink()
        raise Hindered("mismatch", f"{name} has SHA-256 {found[:16]}..., the entry states {published.sha256[:16]}...")
    return path


def remembered(seen: Rung, before: Rung) -> Rung:
    """The rung with what came out at an earlier one of the same recipe, dated, beside the reason why nothing was compared now."""
    if not (isinstance(seen.measured, Vectors) and isinstance(before.measured, Vectors)):
        return seen
    earlier = {_pair(one): one for one in before.measured.expected if one.cosine is not None}
    expected = tuple(_dated(one, earlier.get(_pair(one)), before.measured_at) for one in seen.measured.expected)
    return seen.model_copy(update={"measured": seen.measured.model_copy(update={"expected": expected})})


def _pair(one: Reproduced) -> tuple[str, str, str]:
    """What was to be compared with what."""
    return one.variant, one.input, one.output


def _dated(now: Reproduced, earlier: Reproduced | None, day: str) -> Reproduced:
    if now.hindered is None or earlier is None:
        return now
    return earlier.model_copy(update={"hindered": now.hindered, "compared_at": earlier.compared_at or day})
