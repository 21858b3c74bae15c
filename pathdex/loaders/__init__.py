"""Loaders: each module here builds a recipe of the library it is named after.

`build(loader) -> Module` on the default device; `parts(module)`: its parameters by scope; `side(module)`: its native input side in pixels;
`features(module, images)`: what it gives for images [B, 3, H, W]; PRELOAD: what is worth importing before many builds.
"""
