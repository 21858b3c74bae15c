"""Loaders: each module here builds the recipes of the library that it is named after.

`build(loader)` makes the module on the default device, `parts(module)` gives its parameters by scope, `side(module)` its native
side in pixels, `features(module, images)` what it makes of images [B, 3, H, W]. PRELOAD names what many builds share.
Of images and texts, `encode_text(module, ids)` gives the vectors [B, D] of token ids [B, L], not normalised.
Of networks that draw, `denoised(module, latents, steps, tokens)` gives the noise in latents, `decoded(module, latents)` their
pixels, and `stained(module, images)` virtual stains.
Of networks that write, `write(module, ids, *inputs, length, end)` gives the ids that follow on ids [B, N] and on what is seen.
Where stored names are not the module's, `adapted(loader, module, tensors)` gives the tensors by the module's names.
"""
