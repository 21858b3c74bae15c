"""What ends a measurement early, with the status that the report shows."""


class Hindered(Exception):
    """A measurement that can't be made; `status` is one of the statuses of evidence, `reason` one line."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason
