"""Tokens of a network, drawn: class token, registers and patches, which of them are taken, and the vector that comes of it."""

import re
from dataclasses import dataclass

from pathdex import text
from pathdex.schema import Model
from pathdex.schema.model import Embedding

SIDE = 96
"""Side in pixels of the square that all patches fill."""
MOST = 40
"""Patches a side beyond which lines between them would run into one."""
PLAIN = re.compile(r"vit|vision transformer", re.IGNORECASE)
HIERARCHICAL = re.compile(r"swin|conv|hier|pvt|max", re.IGNORECASE)
"""Names of backbones whose tokens are the patches of the image, and of those that merge them on the way."""
POOLED = {
    "cls": "the class token is taken as it is",
    "mean": "the mean of the patch tokens is taken",
    "cls+mean": "the class token and the mean of the patch tokens are put one after the other",
    "register": "the mean of the register tokens is taken",
    "pooler": "the network’s own pooler makes one vector of them",
    "projection": "what the network pools of them is projected into the space that it shares with texts or other data",
    "attention": "attention weighs them into one vector",
    "none": "all tokens are kept, and nothing is pooled",
}
TAKEN = {
    "cls": {"class"},
    "mean": {"patches"},
    "cls+mean": {"class", "patches"},
    "register": {"registers"},
}
"""What of the tokens goes straight into the vector; the rest of the poolings read them all."""


@dataclass(frozen=True)
class Tokens:
    """Tokens as far as an entry states them; `side` is patches a side, None where the entry does not tell."""

    has_class: bool
    registers: int
    side: int | None
    of_slide: bool

    @property
    def lines(self) -> str:
        """The lines between patches, as a path within the square."""
        side = self.side or 7
        ticks = [round(SIDE * number / side, 2) for number in range(1, side)] if side <= MOST else []
        return "".join(f"M{tick:g} 0V{SIDE}M0 {tick:g}H{SIDE}" for tick in ticks)

    @property
    def told(self) -> str:
        """In words."""
        if self.of_slide:
            return f"{'a class token and ' if self.has_class else ''}the embeddings of a slide’s tiles"
        patches = f"{self.side**2} patch tokens ({self.side} × {self.side})" if self.side else "tokens of the image’s parts"
        before = ["one class token"] if self.has_class else []
        before += [f"{self.registers} register{'s' if self.registers > 1 else ''}"] if self.registers else []
        return text.listed([*before, patches])

    @property
    def dots(self) -> list[tuple[int, int]]:
        """Places of the registers, four in a column, sixteen at most."""
        return [(11 * (number // 4), 11 * (number % 4)) for number in range(min(self.registers, 16))]


@dataclass(frozen=True)
class Variant:
    """One way to a vector."""

    name: str
    pooling: str
    width: int
    default: bool
    told: str

    @property
    def taken(self) -> set[str]:
        """Which tokens go into the vector as they are, or as their mean."""
        return TAKEN.get(self.pooling, set())

    @property
    def box(self) -> str:
        """What stands between the tokens and the vector."""
        return {"cls": "", "none": "", "cls+mean": "mean", "register": "mean"}.get(self.pooling, self.pooling)


def tokens(model: Model) -> Tokens:
    """What the entry states: a plain vision transformer's patches are counted, other networks' are not."""
    shape, seen = model.architecture, model.preprocess
    poolings = {found.pooling for found in model.embeddings.values()}
    side = (seen.crop if seen else None) or (shape.input if shape else None)
    plain = shape is not None and PLAIN.search(shape.backbone) and not HIERARCHICAL.search(shape.backbone)
    patch = shape.patch if shape and plain else None
    exact = side // patch if side and patch and side % patch == 0 else None
    of_slide = model.kind == "slide-encoder"
    has_class = bool(poolings & {"cls", "cls+mean"}) or bool(shape and shape.registers)
    return Tokens(has_class, (shape.registers or 0) if shape else 0, None if of_slide else exact, of_slide)


def variant(name: str, found: Embedding, among: Tokens) -> Variant:
    """One embedding with what happens in words."""
    words = f"Of {among.told}, {POOLED[found.pooling]}"
    end = f", each {found.width} wide." if found.pooling == "none" else f": a vector of {found.width} numbers."
    return Variant(name, found.pooling, found.width, found.default, words + end)
