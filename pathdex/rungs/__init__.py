"""The rungs of the ladder, each a module named after it.

`measure(model, way)` measures one model in this process and returns what was seen; it raises `Hindered` where it can't.
"""
