"""pathdex: the catalog of pathology foundation models, with a receipt for every fact and a count where one can be had.

>>> catalog = load_catalog()
>>> catalog.models["uni2-h"].embeddings["cls"].width
1536
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathdex.catalog import Catalog

__version__ = "0.1.0"


def load_catalog(root: str | Path | None = None) -> "Catalog":
    """Read the catalog below `root`; by default the checkout's, else the copy that came with the package.

    Raises `pathdex.problems.CatalogError`, which lists every problem, when an entry can't be read.
    """
    from pathdex.catalog import Catalog, find_root

    return Catalog.load(find_root(Path(root) if root else None))
