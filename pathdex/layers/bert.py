"""A BERT of transformers as a text tower, built from the fields of its configuration."""

from typing import Any

from torch import Tensor


def bert(fields: dict[str, Any], pooled: bool = True) -> Any:
    """The network without weights; its own pooler stands behind it where the texts' vectors are `pooled`."""
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(**fields), add_pooling_layer=pooled)


def read(tower: Any, ids: Tensor) -> Any:
    """What the network makes of ids [B, L] filled up with its padding id."""
    words = ids.ne(tower.config.pad_token_id).long()
    return tower(input_ids=ids, attention_mask=words)
