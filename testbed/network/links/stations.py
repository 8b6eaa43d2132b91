"""What a device sends, frame by frame, and what it has received: the bytes are those of `docs/transports.md`."""

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from testbed.network.links.frame import Frame
from testbed.network.links.parcels import Incoming, Parcel, Receipt

FIXED_BYTES, RECEIPT_BYTES, NAME_BYTES = 21, 4, 2
RECEIPTS, NAMES = 4, 8
"""Of a data frame."""

LARGEST_BYTES = 2296
"""Of ours in any frame."""


class Kind(IntEnum):
    DATA = 0
    DONE = 1


class Packet(Frame):
    """A frame with what it says."""

    def __init__(self, kind: Kind, parcel: Parcel | None, receipts: list[Receipt], names: list[int], body: int,
                 src: int, rate_bps: int) -> None:  # fmt: skip
        size_bytes = FIXED_BYTES + RECEIPT_BYTES * len(receipts) + NAME_BYTES * len(names) + body
        super().__init__(src, size_bytes, rate_bps)
        self.kind, self.parcel, self.receipts, self.names = kind, parcel, receipts, names


@dataclass
class Station:
    """What a device sends and has received."""

    queue: deque[Parcel] = field(default_factory=deque)
    """The first is on its way."""
    waiting: list[int] = field(default_factory=list)
    """Receivers of it that have not said that they are done."""
    needed: int = 0
    """Frames."""
    sent: int = 0
    data: int | None = None
    """Event of the next data frame; None while it waits for links."""
    answer: int | None = None
    incoming: Incoming = field(default_factory=Incoming)

    def some_waiting(self) -> list[int]:
        """A few of them, others with every frame; none before anybody can be done."""
        if self.sent < self.needed:
            return []
        count = min(NAMES, len(self.waiting))
        return [self.waiting[(self.sent * NAMES + place) % len(self.waiting)] for place in range(count)]
