"""What Lighthouse says of the built site, on a phone and on a desk, and how much the pages of each kind weigh.

The site is served compressed, as hosts of plain files do; Lighthouse itself slows the phone down (slow 4G, a processor four times
slower). It comes by npm into a temporary folder, the browser from the system. Prints tables; asserts nothing. A machine that does
other work at the same time lowers the figures of performance: Lighthouse's own measure of the machine is printed beside them.
Run it after `make site`: .venv/bin/python benchmarks/page_speed.py

Seen on 21 November 2026, with 235 models and 376 papers, Lighthouse 12.8.2 and Chromium 156, on two cores that seven other
jobs shared (medians of three runs, Lighthouse at a higher priority than they):

    page      view   performance  accessibility  best practices  SEO   LCP s  TBT ms  CLS
    home      phone     100           100             100        100    1.4      0    0
    home      desk      100           100             100        100    0.4      0    0
    explorer  phone      99           100             100        100    1.5     62    0.001
    explorer  desk      100           100             100        100    0.4      0    0.002
    model     phone      99           100             100        100    1.7      0    0
    model     desk      100           100             100        100    0.4      0    0

The heaviest page, the benchmark stanford-pathbench, is 146 kB compressed with its styles and scripts; the table of papers
with its data 144 kB, of models 99 kB; the model uni2-h 79 kB; home 48 kB. Before Material's script was left
out and pages lost elements, the explorer had 76 on a phone and the model 81 (one run each).
"""

import argparse
import contextlib
import gzip
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIGHTHOUSE = "lighthouse@12.8.2"
PAGES = {"home": "", "explorer": "models/", "model": "models/uni2-h/"}
VIEWS = {"phone": (), "desk": ("--preset=desktop",)}
FIGURES = {
    "largest-contentful-paint": "LCP ms",
    "total-blocking-time": "TBT ms",
    "cumulative-layout-shift": "CLS",
    "dom-size": "elements",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
TEXT = ("text/", "application/json", "application/javascript", "image/svg", "application/xml")


class Compressed(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, text compressed, kept for ten minutes, over connections that stay open."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        """A file, or 404 with nothing."""
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        kind = self.guess_type(file)
        body = file.read_bytes() if file.is_file() else b""
        packed = bool(body) and kind.startswith(TEXT)
        body = gzip.compress(body, 6) if packed else body
        self.send_response(200 if file.is_file() else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "build" / "site", help="the built site (default: build/site)")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median is taken (default: 3)")
    parser.add_argument("--lighthouse", type=Path, help="an installed Lighthouse, instead of one from npm")
    options = parser.parse_args()
    print_weights(options.site)
    with tempfile.TemporaryDirectory() as folder, serving(options.site) as address:
        program = options.lighthouse or installed(Path(folder))
        print(
            "\n| page | view | performance | accessibility | best practices | SEO | "
            + " | ".join(FIGURES.values())
            + " | machine |"
        )
        print("|---" * (7 + len(FIGURES)) + "|")
        for name, path in PAGES.items():
            for view, settings in VIEWS.items():
                runs = [audited(program, address + path, settings, Path(folder)) for _ in range(options.runs)]
                print(
                    f"| {name} | {view} | {' | '.join(f'{statistics.median(column):g}' for column in zip(*runs, strict=True))} |",
                    flush=True,
                )


def print_weights(site: Path) -> None:
    """The heaviest page of each folder: compressed bytes with the style sheets and scripts that it names, and elements."""
    heaviest: dict[str, tuple[int, int, str]] = {}
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        path = file.relative_to(site).as_posix().removesuffix("index.html")
        named = re.findall(r"""<(?:link[^>]+rel="stylesheet"[^>]+href|script[^>]+src)="([^"]+)""", text)
        files = [file, *((file.parent / way).resolve() for way in named if not way.startswith("/"))]
        found = (sum(len(gzip.compress(one.read_bytes(), 6)) for one in files), len(re.findall(r"<[a-z]", text)), path)
        folder = path.rstrip("/").rpartition("/")[0] or path
        heaviest[folder] = max(found, heaviest.get(folder, found))
    print("| heaviest page of its kind | compressed bytes | elements |\n|---|--:|--:|")
    for weight, elements, path in sorted(heaviest.values(), reverse=True)[:12]:
        print(f"| {path} | {weight:,} | {elements:,} |")


@contextlib.contextmanager
def serving(site: Path) -> Iterator[str]:
    """The address of the site while it is served."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressed, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def installed(folder: Path) -> Path:
    """Lighthouse from npm."""
    subprocess.run(["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent", LIGHTHOUSE], check=True)
    return folder / "node_modules" / ".bin" / "lighthouse"


def audited(program: Path, address: str, settings: tuple[str, ...], folder: Path) -> list[float]:
    """Points of the four categories, the figures, and Lighthouse's measure of the machine."""
    browser = next(found for name in BROWSERS if (found := shutil.which(name)))
    report = folder / "report.json"
    flags = ["--quiet", "--no-enable-error-reporting", "--output=json", f"--output-path={report}", *settings]
    chrome = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
    subprocess.run(
        [str(program), address, *flags, chrome], env={**os.environ, "CHROME_PATH": browser}, check=True, capture_output=True
    )
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    points = [round(100 * found["score"]) for found in told["categories"].values()]
    figures = [round(float(told["audits"][name].get("numericValue") or 0), 3) for name in FIGURES]
    return [*points, *figures, told["environment"]["benchmarkIndex"]]


if __name__ == "__main__":
    main()
