"""One at a time, and whoever is waited for comes first."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock of two kinds of turns."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asking: set[object] = set()

    @contextmanager
    def first(self) -> Iterator[None]:
        """A turn for what somebody waits for: the next after the one that is under way."""
        me = object()
        self.asking.add(me)
        try:
            with self.lock:
                yield
        finally:
            self.asking.discard(me)

    @contextmanager
    def last(self) -> Iterator[None]:
        """A turn for what nobody waits for: once nobody waits for anything else."""
        while self.asking:
            time.sleep(0.001)
        with self.lock:
            yield
