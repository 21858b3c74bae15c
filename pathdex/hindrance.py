"""What ends a measurement early, with the status that the report shows."""

STARVED = ("bad_alloc", "can't allocate memory", "out of memory", "STATUS_ALLOC_FAILED", "Cannot allocate memory")


class Hindered(Exception):
    """A measurement that can't be made; `status` is one of the statuses of evidence, `reason` one line."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


def starved(error: BaseException) -> bool:
    """Whether an error says that memory was wanting; torch says so in words alone."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in STARVED)
