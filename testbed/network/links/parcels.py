"""Messages on their way, and what a device knows of those of others."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from testbed.exchange import NEVER, Cause, Deliveries

Receipt = tuple[int, int]
"""Says that a message is whole: its source and its number."""


@dataclass(slots=True)
class Delivery:
    """One message to one device."""

    open: bool = True
    cause: Cause = Cause.DEADLINE
    started_ns: int = NEVER
    arrived_ns: int = NEVER
    frames: int = 0
    got: int = 0
    """Frames of it that the device has understood."""


@dataclass(eq=False, slots=True)
class Parcel:
    """A message; its numbers ascend by source."""

    number: int
    src: int
    size_bytes: int
    to: dict[int, Delivery]
    ready_ns: int = 0
    """Nothing of it is sent before."""

    def frames(self, payload_bytes: int) -> int:
        """How many it is cut into; at least one."""
        return max(1, -(-self.size_bytes // payload_bytes))

    def frame_bytes(self, sequence: int, payload_bytes: int) -> int:
        """Of the message in its frame `sequence`; a full one in those that a rateless code adds."""
        count = self.frames(payload_bytes)
        if sequence + 1 == count:
            return self.size_bytes - (count - 1) * payload_bytes
        return min(self.size_bytes, payload_bytes)


@dataclass(slots=True)
class Incoming:
    """The messages that are whole at a device, the latest of each source; those not yet told of at the end."""

    whole: list[Receipt] = field(default_factory=list)
    told: int = 0

    def tell(self, receipt: Receipt) -> None:
        """Its source is to be told (again); an older message of it no longer."""
        for place, each in enumerate(self.whole):
            if each[0] == receipt[0]:
                self.told -= place < self.told
                del self.whole[place]
                break
        self.whole.append(receipt)

    def latest(self, room: int) -> list[Receipt]:
        """Up to `room`: those not yet told of first, then others once more. They count as told."""
        count = min(room, len(self.whole))
        first = min(self.told, len(self.whole) - count)
        self.told = max(self.told, first + count)
        return self.whole[first : first + count]


def rows(ended: Iterator[tuple[Parcel, int, Delivery]]) -> Deliveries:
    """Table of deliveries, in the order given."""
    columns = [
        (parcel.src, dst, parcel.size_bytes, each.started_ns, each.arrived_ns, each.cause, each.frames, 0)
        for parcel, dst, each in ended
    ]
    table = np.array(columns, np.int64).reshape(-1, 8).T
    return Deliveries.of(**dict(zip(Deliveries.columns(), table, strict=True)))
