"""Networks that no library carries, each in a module that `loader.factory` names; with the released tensors' names.

A module has `build(**kwargs)`, which gives a `torch.nn.Module` without weights. Of it, `parts()` gives the parameters by scope,
`represent(*inputs)` the fields of `pathdex.measuring.pooling.Features`, and `side` the native side of its images in pixels.
Where the input is no image, `example()` gives inputs of the right shape. Models of images and text have `encode_text(ids)`:
ids [B, L] to vectors [B, D].
Networks that draw have `segment(images)`, which gives their maps by name, with shapes as its docstring says.
Of virtual staining, `stain(images)` gives the maps as one tensor [B, channels, H, W], as the authors read them. Denoisers are
called with latents, steps and tokens; decoders have `decode(latents)`; what makes tokens of a condition is called with it, and
its `nothing(count)` gives the tokens that stand for no condition.
Language models have `write(ids, *inputs, length, end)`, which gives the ids that follow; among ids, SEEN of
`pathdex.layers.language` marks the place of what is seen.
Where the released names need more than a prefix taken off, `adapted(tensors)` converts them.
"""
