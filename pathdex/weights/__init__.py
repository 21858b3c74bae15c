"""The released files: where they are, what their indexes say, and their bytes. Nothing in a file is ever executed."""
