"""pathdex: the catalog of pathology foundation models, with a receipt for every fact and a count where one can be had.

>>> catalog = load_catalog()
>>> catalog.models["uni2-h"].embeddings["cls"].width
1536
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathdex.catalog import Catalog
    from pathdex.encoding import Encoder

__version__ = "0.1.0"


def load_catalog(root: str | Path | None = None) -> "Catalog":
    """Read the catalog below `root`; by default the checkout's, else the copy that came with the package.

    Raises `pathdex.problems.CatalogError`, which lists every problem, when an entry can't be read.
    """
    from pathdex.catalog import Catalog, find_root

    return Catalog.load(find_root(Path(root) if root else None))


def load(
    name: str,
    *,
    variant: str | None = None,
    device: str = "cpu",
    precision: str = "fp32",
    weights: str | Path | None = None,
    root: str | Path | None = None,
) -> "Encoder":
    """The model `name` with its released weights, its preprocessing and its named embeddings; no remote code is run.

    Generative models have `.generate`, models of virtual staining `.stain`; the page on loading tells what each takes and gives.
    `precision` is fp32, bf16 or fp16. `weights` is a file that you have, or a folder with all that the recipe wants, in the place
    of what would be fetched; it is checked as that is. Raises `KeyError` for an unknown name, `ValueError` for an unknown
    variant, and `pathdex.hindrance.Hindered`, with a status and one line, where the weights can't be had or do not fit.
    """
    from pathdex.encoding import encoder
    from pathdex.text import near

    models = load_catalog(root).models
    if name not in models:
        raise KeyError(" ".join([f"no model {name!r};", near(name, models) or "load_catalog().models has all"]))
    path = Path(weights).expanduser() if weights is not None else None
    return encoder(models[name], variant=variant, device=device, precision=precision, weights=path)
