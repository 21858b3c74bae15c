"""Images as language models of transformers want them: how many tokens an image takes, and in what form it comes."""

from typing import Any

Tensor = Any  # torch.Tensor
Module = Any  # transformers.PreTrainedModel
FRAMES = 2
"""Frames that Qwen's first layer takes at once; a still image is two of the same."""
KINDS = ("token_type_ids", "mm_token_type_ids")
"""Names under which networks want to know which tokens are an image's."""


def shown(module: Module, images: Tensor) -> tuple[dict[str, Tensor], int]:
    """What the network takes for images [B, 3, H, W], and the tokens that each of them becomes."""
    import torch

    merged = getattr(module.config.vision_config, "spatial_merge_size", None)
    if merged is None:
        tokens = getattr(module.config, "mm_tokens_per_image", None) or module.config.image_seq_length
        return {"pixel_values": images}, int(tokens)
    patch = module.config.vision_config.patch_size
    high, wide = images.shape[2] // patch, images.shape[3] // patch
    grid = torch.tensor([[1, high, wide]], device=images.device).expand(len(images), 3)
    return {"pixel_values": patched(images, patch, merged), "image_grid_thw": grid}, high * wide // merged**2


def patched(images: Tensor, patch: int, merged: int) -> Tensor:
    """Images [B, 3, H, W] as Qwen's patches [B * N, 3 * 2 * patch * patch]: those that will be merged follow each other.

    Raises `ValueError` where a side is no multiple of patch times merged.
    """
    _, channels, height, width = images.shape
    if height % (patch * merged) or width % (patch * merged):
        raise ValueError(f"images of {height} x {width}; their sides must be multiples of {patch * merged}")
    rows, columns = (height // patch // merged, merged, patch), (width // patch // merged, merged, patch)
    pieces = images.reshape(len(images), channels, *rows, *columns).permute(0, 2, 5, 3, 6, 1, 4, 7)
    frames = pieces.unsqueeze(6).expand(*pieces.shape[:6], FRAMES, patch, patch)
    flat: Tensor = frames.reshape(-1, channels * FRAMES * patch * patch)
    return flat


def spread(ids: Tensor, mark: int, token: int, count: int) -> Tensor:
    """Ids [B, L] with the token so many times in the place of the mark, of which every text has as many."""
    import torch

    rows = []
    for row in ids:
        pieces = [row.new_full((count,), token) if one == mark else row.new_tensor([one]) for one in row.tolist()]
        rows.append(torch.cat(pieces))
    return torch.stack(rows)


def kinds(module: Module, ids: Tensor, token: int) -> dict[str, Tensor]:
    """Which tokens are an image's, under the name by which the network asks for it, if it does."""
    import inspect

    asked = inspect.signature(module.forward).parameters
    return {name: (ids == token).int() for name in KINDS if name in asked}
