"""Language models of transformers within other networks, and how they go on after words and after what is seen."""

from typing import Any

import torch
from torch import Tensor, nn

SEEN = -1
"""The id that stands where what is seen has its place among the words."""
Words = Any  # transformers.PreTrainedModel, whose module is not imported before a network is built


def language_model(kind: str, **fields: Any) -> Words:
    """A language model without weights: a class of transformers, such as Qwen2ForCausalLM, with fields of its configuration."""
    import transformers

    model = getattr(transformers, kind)
    return model(model.config_class(**fields)).eval()


def placed(words: Tensor, ids: Tensor, seen: Tensor | None) -> Tensor:
    """Vectors of words [B, L, D] with those of what is seen [B, M, D] in the place of the id SEEN, or before all words.

    Every text has as many of that id: one, or none.
    """
    if seen is None:
        return words
    seen = seen.to(words.dtype)
    marks = ids == SEEN
    if not bool(marks.any()):
        return torch.cat([seen, words], dim=1)
    first = marks.int().argmax(1).tolist()
    rows = [torch.cat([text[:at], some, text[at + 1 :]]) for text, some, at in zip(words, seen, first, strict=True)]
    return torch.stack(rows)


def continued(model: Words, vectors: Tensor, length: int, end: int | None) -> Tensor:
    """Ids [B, L] that follow on vectors [B, N, D]: the likeliest each time, until all texts have ended or `length` are there."""
    ids: Tensor = model.generate(
        inputs_embeds=vectors,
        attention_mask=torch.ones(vectors.shape[:2], dtype=torch.long, device=vectors.device),
        max_new_tokens=length,
        do_sample=False,
        eos_token_id=end,
        pad_token_id=0 if end is None else end,
    )
    return ids


class Writer(nn.Module):
    """A network whose `llm` reads words and the vectors that `see` makes of other inputs."""

    llm: Words

    def see(self, *inputs: Tensor) -> Tensor:
        """What the language model gets instead of words, [B, M, D]."""
        raise NotImplementedError

    def write(self, ids: Tensor, *inputs: Tensor, length: int = 256, end: int | None = None) -> Tensor:
        """The ids [B, L] that follow on ids [B, N], among which SEEN marks the place of what is seen."""
        words = self.llm.get_input_embeddings()(ids.clamp(min=0))
        return continued(self.llm, placed(words, ids, self.see(*inputs) if inputs else None), length, end)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The language model as decoder, and the whole."""
        return {"decoder": list(self.llm.parameters()), "full-model": list(self.parameters())}


def below(tensors: dict[str, Tensor], prefixes: dict[str, str], tied: bool = False) -> dict[str, Tensor]:
    """Tensors with other beginnings of their names; where a head is the table of words once more, it gets the table."""
    found = {_begun(name, prefixes): tensor for name, tensor in tensors.items()}
    table, head = "llm.model.embed_tokens.weight", "llm.lm_head.weight"
    return {head: found[table], **found} if tied and table in found else found


def _begun(name: str, prefixes: dict[str, str]) -> str:
    old = next((one for one in prefixes if name.startswith(one)), "")
    return prefixes.get(old, "") + name.removeprefix(old)
