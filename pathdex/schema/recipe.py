"""The recipe's fingerprint: what of an entry decides what the job measures."""

import hashlib
import json

from pathdex.schema.model import Model


def fingerprint(model: Model) -> str:
    """SHA-256 over the loader, the pooling of each embedding, and the input's side; claims such as widths do not count.

    Fields at their default are left out, so that a new field of the schema leaves old evidence valid.
    """
    recipe = {
        "loader": model.loader.model_dump(mode="json", exclude_defaults=True) if model.loader else None,
        "embeddings": {name: embedding.pooling for name, embedding in model.embeddings.items()},
        "input": model.architecture.input if model.architecture else None,
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
