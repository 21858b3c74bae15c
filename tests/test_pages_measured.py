"""A model's page tells what was compared with its authors' own output, which precisions are not usable, and what failed."""

import html
from typing import Any

import pytest
from test_pages_status import FILE, SEEN, VECTOR, model_page, rung, tiny_with

from pathdex.catalog import Catalog

PUBLISHED = {"variant": "cls", "input": "1" * 64, "output": "2" * 64}
NEAR = {"cosine": 0.999998, "difference": 0.0012, "greatest": 3.25}
OVERFLOWN = {"width": 192, "first": [], "finite": False, "deterministic": False}
AWAY = {**SEEN["header"], "revision": None, "url": "https://zenodo.org/records/7"}

CASES: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "an output that comes out again": (
        "embedding",
        {"expected": [{**PUBLISHED, **NEAR}], "tf32": False},
        (
            "cosine 0.999998 with the authors' cls, at most 0.0012 apart",
            "The authors’ image gives their cls with cosine 0.999998; the greatest difference is 0.0012, of values up to 3.25.",
            "Products in fp32 were not rounded to TF32.",
        ),
    ),
    "an output that could not be compared": (
        "embedding",
        {"expected": [{**PUBLISHED, "hindered": "unreachable: HTTP 503"}]},
        ("the authors' cls could not be compared (unreachable: HTTP 503)",),
    ),
    "an output that came out again before its host was away": (
        "embedding",
        {"expected": [{**PUBLISHED, **NEAR, "hindered": "unreachable: HTTP 503", "compared_at": "2026-11-02T02:00:00Z"}]},
        (
            "cosine 0.999998 with the authors' cls, at most 0.0012 apart, on 2026-11-02; "
            "this time the authors' cls could not be compared (unreachable: HTTP 503)",
            "On 2026-11-02 the authors’ image gave their cls with cosine 0.999998; the greatest difference was 0.0012, "
            "of values up to 3.25. This time the authors’ cls could not be compared: unreachable: HTTP 503.",
        ),
    ),
    "numbers that outgrow fp16": (
        "embedding",
        {"variants": {"cls": {"fp32": VECTOR, "fp16": OVERFLOWN}}},
        ("cls in fp16 not usable: not every number is finite", '<td class="number">–</td>'),
    ),
    "a network that could not be compiled": (
        "cost",
        {"fetch_seconds": 12.25, "failed": {"compiled in bf16": "RuntimeError: no graph"}},
        (
            "compiled in bf16 failed: RuntimeError: no graph",
            "having its files took 12.2 s, building and filling the module 1.5 s. Compiled in bf16 failed: RuntimeError: no graph.",
        ),
    ),
    "files that are elsewhere than on the Hub": ("header", {"revision": None, "url": AWAY["url"]}, (">File</th>", FILE["name"])),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_measured_stands_on_the_page(case: str, toy: Catalog) -> None:
    height, more, words = CASES[case]
    page = html.unescape(model_page(tiny_with(toy, **{height: rung(measured={**SEEN[height], **more})})))
    assert [line for line in words if line not in page] == []
