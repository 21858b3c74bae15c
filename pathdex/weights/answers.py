"""What a plain web server answers, and what its refusals mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pathdex.hindrance import Hindered
from pathdex.weights import traffic

REFUSALS = {
    401: ("gated", "the host refuses the file without a login"),
    403: ("gated", "the host refuses the file"),
    404: ("missing", "the host has no such file"),
    410: ("missing", "the host has the file no more"),
}


@contextmanager
def asked(address: str, span: str = "") -> Iterator[Any]:
    """A host's answer as it arrives, without a token; raises `Hindered` where it refuses. Redirections are followed."""
    from huggingface_hub import get_session

    headers = {"Accept-Encoding": "identity", **({"Range": span} if span else {})}
    with get_session().stream("GET", address, headers=headers, timeout=traffic.TIMEOUT) as response:
        refused(response.status_code)
        yield response


def refused(status: int) -> None:
    """Raise `Hindered` where a status tells that a host refuses."""
    if status >= 400:
        ending, words = REFUSALS.get(status, ("unreachable", "the host does not answer as it should"))
        raise Hindered(ending, f"{words} (HTTP {status})")
