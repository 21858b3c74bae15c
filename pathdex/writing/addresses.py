"""Where the site is served, as far as its settings say so, and the way to what lies there."""

import posixpath
import re
from collections.abc import Mapping

SETTINGS = "mkdocs.yml"
SITE_URL = re.compile(r"^site_url:[ \t]*[\"']?(https?://[^\s\"'#]+)", re.MULTILINE)


def home(prose: Mapping[str, str]) -> str:
    """The site's address with its last slash, or "" while the settings state none."""
    found = SITE_URL.search(prose.get(SETTINGS, ""))
    return f"{found[1].rstrip('/')}/" if found else ""


def way(home: str, target: str, here: str = "") -> str:
    """The address of what lies at `target`; without a home, the way there from the folder `here`. A last slash stays."""
    if home:
        return f"{home}{target}"
    relative = posixpath.relpath(target or ".", here or ".")
    return f"{relative}/" if target.endswith("/") or not target else relative
