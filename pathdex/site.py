"""Makes the website out of the built pages."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from pathdex.build import build

SITE = "build/site"
FRESH = "build/site.new"
UNSEARCHED = ".headerlink"
"""What the search index leaves out: the permalink of each heading."""


class SiteError(Exception):
    """The site can't be made or served; the message says why in the tool's own words, and how to mend it where that is known."""


def make(root: Path) -> Path:
    """Build the pages, the site and its search index; the folder of the site.

    The site is replaced whole at the end, so a failure leaves the former one. Raises `CatalogError` or `SiteError`.
    """
    refuse_lacking(root)
    build(root)
    return put_together(root)


def put_together(root: Path) -> Path:
    """The site and its search index from the pages as they are built; the folder of the site. Raises `SiteError`."""
    shutil.rmtree(root / FRESH, ignore_errors=True)
    # not --quiet: MkDocs would then count no warnings, and --strict would let them pass
    _run(root, "mkdocs", "build", "--strict", "--site-dir", FRESH)
    _run(root, *indexing(FRESH))
    shutil.rmtree(root / SITE, ignore_errors=True)
    (root / FRESH).replace(root / SITE)
    return root / SITE


def indexing(folder: str) -> tuple[str, ...]:
    """The module, and its arguments, that makes the search index of a site in its folder."""
    return ("pagefind", "--site", folder, "--exclude-selectors", UNSEARCHED, "--quiet")


def refuse_lacking(root: Path) -> None:
    """Raise `SiteError` for a folder without settings, or an environment without the tools."""
    if not (root / "mkdocs.yml").is_file():
        raise SiteError(f"{root} has no mkdocs.yml; run it in a checkout of pathdex")
    lacking = [name for name in ("mkdocs", "material", "pagefind", "pagefind_bin") if find_spec(name) is None]
    if lacking:
        raise SiteError(f"{', '.join(lacking)} can't be imported; install pathdex with its extra 'site'")


def _run(root: Path, module: str, *arguments: str) -> None:
    """Run a tool as a process of its own; `SiteError` with what it said when it fails."""
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=root, env=quiet, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SiteError(f"{module} failed:\n{(done.stdout + done.stderr).strip()}")
