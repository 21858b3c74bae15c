"""Outputs that authors publish for inputs of theirs: what a model that is loaded right gives again."""

from typing import Annotated

from pydantic import Field

from pathdex.schema.receipt import Sources
from pathdex.schema.record import Record
from pathdex.schema.values import Length, Openable, Sha256, Variant


class Published(Record):
    """One file of the authors', at one commit."""

    url: Openable
    """Where it is: github:owner/name@commit:path, or the web address of the file itself."""
    sha256: Sha256
    """Hash of the whole file."""


class Expected(Record):
    """An image of the authors', and the embedding that they publish for it."""

    input: Published
    """The image, which is prepared as the entry states."""
    output: Published
    """The embedding, as the only tensor of a torch or safetensors file."""
    variant: Variant
    """Which of the entry's embeddings it is."""
    atol: Length | None = None
    """Greatest absolute difference that the authors allow; left out where they state none."""
    rtol: Annotated[float, Field(ge=0)] | None = None
    """Difference that they allow beside it, relative to the published value."""
    source: Sources
    """Where the authors say that these two belong together."""
