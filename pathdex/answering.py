"""Answers of language models: a tokenizer of the Hub makes ids of words, the network goes on with them, and ids become words."""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pathdex.filling import library, recipe
from pathdex.hindrance import Hindered
from pathdex.measuring.pooling import Unavailable
from pathdex.released import hub_cache
from pathdex.schema import Model
from pathdex.schema.model import Writing
from pathdex.schema.weights import Weights
from pathdex.text import listed
from pathdex.weights.cached import snapshot
from pathdex.weights.fetch import fetched

Tensor = Any  # torch.Tensor
Module = Any  # torch.nn.Module
FILES = ("tokenizer", "vocab", "merges", "special_tokens", "added_tokens", "spiece", "config.json")
"""Beginnings of the names of what makes a tokenizer."""
LONGEST = 2**27
"""Bytes of the largest file of a tokenizer."""
PLACE = "{image}"


@dataclass
class Speaker:
    """A language model with its tokenizer, which is fetched at the first words."""

    model: Model
    module: Module
    cache: Path | None = None
    device: str = "cpu"

    def answer(self, prompt: "str | Tensor", *inputs: Tensor, length: int) -> "str | Tensor":
        """As `Encoder.generate`, where it is asked in words."""
        network = library(recipe(self.model))
        if not hasattr(network, "write"):
            raise Unavailable(f"{self.model.name} writes nothing")
        if not isinstance(prompt, str):
            return network.write(self.module, prompt, *inputs, length=length, end=None)
        how = writing(self.model)
        ids = self.ids(prompt, bool(inputs)).to(self.device)
        [found] = network.write(self.module, ids, *inputs, length=length, end=self.end)
        return str(self.tokenizer.decode(found.tolist(), skip_special_tokens=True)).removesuffix(how.end).strip()

    def ids(self, words: str, sees: bool = True) -> Tensor:
        """The words in the entry's prompt as ids [1, L], with SEEN where the image has its place.

        Words that name that place themselves are taken as the whole prompt.
        """
        import torch

        from pathdex.layers.language import SEEN

        whole = words if PLACE in words else writing(self.model).prompt.replace("{question}", words)
        first, *rest = (whole if sees else whole.replace(PLACE, "")).split(PLACE)
        if len(rest) > 1:
            raise ValueError(f"{self.model.name} sees one thing at a time; write {PLACE} once")
        ids = list(self.tokenizer(first).input_ids)
        for piece in rest:
            ids += [SEEN, *self.tokenizer(piece, add_special_tokens=False).input_ids]
        return torch.tensor([ids])

    @property
    def end(self) -> int:
        """The id of the word that ends an answer."""
        word = writing(self.model).end
        found = self.tokenizer.convert_tokens_to_ids(word)
        if found is None or (found == self.tokenizer.unk_token_id and word != self.tokenizer.unk_token):
            raise Hindered("mismatch", f"the tokenizer does not know {word!r}, with which the entry says that an answer ends")
        return int(found)

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of transformers, made of files without code; raises `Hindered`."""
        from transformers import AutoTokenizer

        folder = _folder(self.model, self.cache or hub_cache())
        try:
            return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        except (ImportError, OSError, ValueError) as error:
            raise Hindered("unsupported-environment", _told(error, folder)) from error


def writing(model: Model) -> Writing:
    """How the entry says that the model is asked; raises `Unavailable` where it says nothing."""
    if model.writing is None:
        raise Unavailable(f"{model.name} answers no words; its entry has no writing")
    return model.writing


def _told(error: Exception, folder: Path) -> str:
    """Why a tokenizer can't be made: for lack of packages, of which transformers may name another, or what it says itself."""
    pieces = (folder / "tokenizer.model").is_file() and not (folder / "tokenizer.json").is_file()
    wanted = {"sentencepiece": pieces, "google.protobuf": pieces, "sacremoses": "sacremoses" in str(error)}
    if lacking := [name.replace("google.", "") for name, wants in wanted.items() if wants and not _is_there(name)]:
        return f"the tokenizer wants {listed(lacking)}; run pip install 'pathdex[verify]', or give ids instead"
    words = str(error).strip().splitlines() or [type(error).__name__]
    return f"the tokenizer can't be made here: {words[0]}; give ids instead"


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # what the package would lie in is not there
        return False


def _folder(model: Model, cache: Path) -> Path:
    """Where the tokenizer's files lie, fetched at the pinned commit; raises `Hindered`."""
    how = writing(model)
    at = Weights(access="open", repository=how.tokenizer, revision=how.revision) if how.tokenizer else model.weights
    found, below = snapshot(at, cache), f"{how.folder}/" if how.folder else ""
    wanted = [
        one
        for name, one in sorted(found.files.items())
        if name.startswith(below) and name.removeprefix(below).startswith(FILES) and one.bytes <= LONGEST
    ]
    paths = [fetched(found, one, cache) for one in wanted if "/" not in one.name.removeprefix(below)]
    if not paths:
        raise found.lacks("no tokenizer")
    return paths[0].parent
