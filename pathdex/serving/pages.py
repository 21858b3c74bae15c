"""Single pages through MkDocs' own parts, so that a change costs its own pages and not the whole site."""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pathdex.build import DOCS
from pathdex.files import write_whole
from pathdex.site import SITE, SiteError


class Pages:
    """The settings, templates and navigation of a site that was made whole before."""

    def __init__(self, root: Path) -> None:
        from mkdocs.config import load_config
        from mkdocs.structure.files import get_files
        from mkdocs.structure.nav import get_navigation

        os.environ["NO_MKDOCS_2_WARNING"] = "1"
        self.root = root
        self.config: Any = load_config(str(root / "mkdocs.yml"), site_dir=str(root / SITE))
        self.files: Any = get_files(self.config)
        self.environment: Any = self.config.theme.get_env()
        with _warnings():
            self.files.add_files_from_theme(self.environment, self.config)
            self._include(self.files)
            self.navigation = get_navigation(self.files, self.config)

    def update(self, paths: Iterable[str]) -> int:
        """Bring the site to what stands at these paths below the root now; how many pages were written.

        Raises `SiteError` with the warnings, as the strict build does, and leaves the site as it was then.
        """
        ours = sorted(path.removeprefix(f"{DOCS}/") for path in paths if path.startswith(f"{DOCS}/"))
        there = [path for path in ours if (self.root / DOCS / path).is_file()]
        self.know(f"{DOCS}/{path}" for path in there)
        pages = [self.files.src_uris[path] for path in there if path.endswith(".md")]
        with _warnings() as warned:
            made = [(file, self._page(file)) for file in pages]
        if warned:
            raise SiteError("mkdocs failed:\n" + "\n".join(warned))
        for file, content in made:
            write_whole(Path(file.abs_dest_path), content)
        for path in there:
            if not path.endswith(".md"):
                write_whole(self.root / SITE / path, (self.root / DOCS / path).read_bytes())
        self._remove(set(ours) - set(there))
        return len(made)

    def _page(self, file: Any) -> bytes:
        """The whole page, as MkDocs makes it."""
        from mkdocs.commands.build import get_context
        from mkdocs.structure.pages import Page

        page = file.page or Page(None, file, self.config)
        page.read_source(self.config)
        page.render(self.config, self.files)
        page.active = True
        context = get_context(self.navigation, self.files, self.config, page)
        text: str = self.environment.get_template(page.meta.get("template", "main.html")).render(context)
        page.active = False
        return text.encode(errors="xmlcharrefreplace")

    def know(self, paths: Iterable[str]) -> None:
        """That there are, or will be, files at these paths below the root, to which a page may lead."""
        for path in paths:
            if path.startswith(f"{DOCS}/") and (below := path.removeprefix(f"{DOCS}/")) not in self.files.src_uris:
                self._add(below)

    def _add(self, path: str) -> None:
        from mkdocs.structure.files import File

        file = File(path, self.config.docs_dir, self.config.site_dir, self.config.use_directory_urls)
        self._include([file])
        self.files.append(file)

    def _include(self, files: Any) -> None:
        from mkdocs.structure.files import set_exclusions

        set_exclusions(files, self.config)

    def _remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            if file := self.files.src_uris.get(path):
                gone = Path(file.abs_dest_path)
                shutil.rmtree(gone.parent) if gone.name == "index.html" else gone.unlink(missing_ok=True)
                self.files.remove(file)


def sources(address: str) -> tuple[str, ...]:
    """Paths below the root of what an address of the site may be made from: a file as it stands, or a page."""
    path = f"{DOCS}/{address.strip('/')}".removesuffix("/").removesuffix("/index.html")
    return path, f"{path}.md", f"{path}/index.md"


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What MkDocs warns of while this is open."""
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(f"WARNING -  {record.getMessage()}")  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    was = logger.propagate
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = was
