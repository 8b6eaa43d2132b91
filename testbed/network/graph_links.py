"""The links of the graph medium: what is on each, in what order, and when it is there.

Messages of one link go one after the other: the next one begins when the one before it is sent, `size / rate`
after it began; each is there `latency` after it was sent.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from testbed.exchange import NEVER
from testbed.kernel import Kernel


class Due(IntEnum):
    """What the medium's kernel holds, in the order of one instant. Absences are half-open: who returns at an
    instant hears what arrives at it, who leaves at it does not."""

    RETURN = 0
    LEAVE = 1
    SENT = 2
    ARRIVAL = 3


@dataclass(eq=False)
class Transfer:
    """One message on its way to one receiver."""

    message: int
    src: int
    dst: int
    size_bytes: int
    started_ns: int = NEVER
    waiting: tuple[int, ...] = ()
    """Its events in the kernel."""


class GraphLinks:
    """All links; `air_ns` says how long so many bytes take to send."""

    def __init__(self, kernel: Kernel[Transfer | int], air_ns: Callable[[int], int], latency_ns: int) -> None:
        self._kernel, self._air_ns, self._latency_ns = kernel, air_ns, latency_ns
        self._queues: defaultdict[tuple[int, int], deque[Transfer]] = defaultdict(deque)

    def put(self, transfer: Transfer, now_ns: int) -> None:
        """Queue it on its link."""
        queue = self._queues[transfer.src, transfer.dst]
        queue.append(transfer)
        if len(queue) == 1:
            self._start(transfer, now_ns)

    def free(self, transfer: Transfer, now_ns: int) -> None:
        """It is sent, or is not to be: the link is the next one's."""
        queue = self._queues[transfer.src, transfer.dst]
        if transfer in queue:
            first = queue[0] is transfer
            queue.remove(transfer)
            if first and queue:
                self._start(queue[0], now_ns)

    def take(self, transfer: Transfer, now_ns: int) -> None:
        """It is over: nothing more of it is due."""
        for event in transfer.waiting:
            self._kernel.cancel(event)
        self.free(transfer, now_ns)

    def _start(self, transfer: Transfer, now_ns: int) -> None:
        sent_ns = now_ns + self._air_ns(transfer.size_bytes)
        transfer.started_ns = now_ns
        transfer.waiting = (
            self._kernel.schedule(sent_ns, Due.SENT, transfer),
            self._kernel.schedule(sent_ns + self._latency_ns, Due.ARRIVAL, transfer),
        )
