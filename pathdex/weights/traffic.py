"""Counts every byte that is received, so that what a measurement moved is measured too."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

TIMEOUT = 30.0
"""Seconds without a byte after which a server counts as silent."""


@dataclass
class Traffic:
    """Bytes of the bodies received so far."""

    moved: int = 0


COUNTING: list[Traffic] = []
"""What counts now."""


def received(length: int) -> None:
    """Count bytes that another client than the Hub's has received."""
    for one in COUNTING:
        one.moved += length


@contextmanager
def counted() -> Iterator[Traffic]:
    """Within it, what is received counts; the client of huggingface_hub waits for a silent server `TIMEOUT` at most."""
    from huggingface_hub import close_session, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    traffic = Traffic()

    def client() -> Any:
        made = default_client_factory()
        made.timeout = TIMEOUT
        made.event_hooks = {**made.event_hooks, "response": [*made.event_hooks["response"], _counter(traffic)]}
        return made

    set_client_factory(client)
    COUNTING.append(traffic)
    try:
        yield traffic
    finally:
        COUNTING.remove(traffic)
        close_session()
        set_client_factory(default_client_factory)


def _counter(traffic: Traffic) -> Any:
    """A hook that counts a response's bytes as they stream by."""
    from httpx2 import SyncByteStream

    class Counted(SyncByteStream):
        def __init__(self, within: Any) -> None:
            self.within = within

        def __iter__(self) -> Iterator[bytes]:
            for piece in self.within:
                traffic.moved += len(piece)
                yield piece

        def close(self) -> None:
            self.within.close()

    def hook(response: Any) -> None:
        response.stream = Counted(response.stream)

    return hook
