"""A browser, and the toy site with many models and papers to try it on."""

import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from synthetic import synthetic

from pathdex.catalog import Catalog
from pathdex.outputs import explorer
from pathdex.site import make

PROJECT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MODELS = 240


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="session")
def many(toy: Catalog) -> Catalog:
    """The toy catalog with made-up models and papers."""
    return synthetic(toy, MODELS)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, many: Catalog) -> Path:
    """The built toy site, with the data of many models and papers behind its tables."""
    pytest.importorskip("material")
    root = tmp_path_factory.mktemp("browser") / "toy"
    shutil.copytree(PROJECT / "tests" / "toy", root)
    shutil.copytree(PROJECT / "site", root / "site")
    shutil.copy(PROJECT / "mkdocs.yml", root)
    made = make(root)
    shutil.copytree(made / "data", made / "toydata")
    for path, text in explorer.render(many, {}):
        file = made / path.removeprefix("build/docs/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with serving(site) as address:
        yield address


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> Path:
    """The built site that PATHDEX_SITE names, as .ci/run does after it has built it; else the toy site."""
    named = os.environ.get("PATHDEX_SITE")
    assert not named or Path(named, "index.html").is_file(), f"PATHDEX_SITE is {named!r}, and no site is there"
    return Path(named) if named else request.getfixturevalue("site")


@pytest.fixture(scope="session")
def whole_address(whole: Path) -> Iterator[str]:
    """Where that site is served."""
    with serving(whole) as address:
        yield address


@contextmanager
def serving(site: Path) -> Iterator[str]:
    """The address of a folder while it is served."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window. Its absence skips the test, unless PATHDEX_BROWSER says that it is required, as .ci/run does."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not (found and find_spec("playwright")) and os.environ.get("PATHDEX_BROWSER") != "required":
        pytest.skip("no chromium or no playwright here; apt-get install chromium, pip install playwright")
    assert found, f"there is none of {', '.join(BROWSERS)}"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield made
        made.close()


Opening = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Opening]:
    """Opens a page of the site and waits for its script; whatever a page says went wrong fails the test."""
    contexts, wrong = [], []

    def open_page(path: str, width: int = 1280, script: bool = True, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script, **settings)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: wrong.append(request.url) if not request.url.startswith((address, "blob:", "data:")) else None,
        )
        page.goto(address + path)
        if script:
            page.wait_for_selector(".is-ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
