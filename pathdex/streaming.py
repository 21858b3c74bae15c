"""Batches through a GPU without waiting: bytes go up from locked memory, and vectors are fetched when the next are under way."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Tensor = Any  # torch.Tensor
Arriving = tuple[Tensor, Any]
"""Vectors on the CPU, and the event after which they are whole; None where they are so already."""
AHEAD = 2
"""Batches that are under way while the one before them is handed out."""


def streamed(run: Callable[[Tensor], Tensor], batches: Iterable[Tensor], device: str) -> Iterator[Tensor]:
    """What `run` makes of each batch on the device, on the CPU and in order."""
    import torch

    under_way: deque[Arriving] = deque()
    for batch in batches:
        with torch.inference_mode():
            under_way.append(_fetched(run(_sent(batch, device)), device))
        if len(under_way) > AHEAD:
            yield _arrived(under_way.popleft())
    while under_way:
        yield _arrived(under_way.popleft())


def _sent(batch: Tensor, device: str) -> Tensor:
    return batch.pin_memory().to(device, non_blocking=True) if device.startswith("cuda") else batch.to(device)


def _fetched(found: Tensor, device: str) -> Arriving:
    import torch

    if not device.startswith("cuda"):
        return found.cpu(), None
    here = torch.empty(found.shape, dtype=found.dtype, pin_memory=True)
    here.copy_(found, non_blocking=True)
    event: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return here, event


def _arrived(arriving: Arriving) -> Tensor:
    found, event = arriving
    if event is not None:
        event.synchronize()
    # Locked memory is scarce and is used again at once, so what is handed out lies elsewhere, and as a plain tensor.
    return found.clone()


def filled_up(batches: Iterable[Tensor]) -> Iterator[tuple[Tensor, int]]:
    """Every batch as large as the first, with zeros at its end, and how much of it is not filling; raises `ValueError`.

    What is compiled for one size would be compiled anew for another.
    """
    import torch

    size = 0
    for batch in batches:
        size = size or len(batch)
        if len(batch) > size:
            raise ValueError(f"a batch of {len(batch)} after a first one of {size}, for which the network is compiled")
        more = batch.new_zeros((size - len(batch), *batch.shape[1:]))
        yield (torch.cat([batch, more]) if len(more) else batch), len(batch)
