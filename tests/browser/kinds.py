"""The kinds of pages of a built site, found by looking: a new kind is tested without being named anywhere."""

import re
from pathlib import Path

START = re.compile(r"<[a-z]")
SCRIPTED = {"compare": "compare/?models={}", "models": "models/?access=open"}
"""Pages that are something else once their address asks for it."""


def kinds(site: Path, most: int = 10**6) -> dict[str, str]:
    """Kind to address of its page with most elements, at most `most`; pages in one folder are of one kind."""
    found: dict[str, tuple[int, str]] = {}
    for file in sorted(site.rglob("*.html")):
        path = file.relative_to(site).as_posix().removesuffix("index.html")
        size = len(START.findall(file.read_text(encoding="utf-8")))
        folder = path.rstrip("/").rpartition("/")[0]
        kind = f"{folder}/*" if folder else path
        if size <= most and size > found.get(kind, (0, ""))[0]:
            found[kind] = (size, path)
    return {kind: path for kind, (_, path) in found.items()} | _asked(site)


def _asked(site: Path) -> dict[str, str]:
    """Pages that a script fills, asked for something."""
    models = sorted(folder.name for folder in (site / "models").iterdir() if folder.is_dir())[:3]
    return {f"{name}/?": address.format(",".join(models)) for name, address in SCRIPTED.items()}
