"""Waiting for a page to come to a state; from outside, since the site's policy forbids a page to evaluate text."""

from typing import Any


def until(page: Any, said: str, patience: int = 10_000, pause: int = 50) -> None:
    """Return once the expression holds on the page; fail after `patience` milliseconds."""
    for _ in range(patience // pause):
        if page.evaluate(said):
            return
        page.wait_for_timeout(pause)
    raise AssertionError(f"never held: {said}")
