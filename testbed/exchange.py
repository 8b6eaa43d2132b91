"""The values on which network, trace and session meet: what is sent, and what the air made of it.

All are frozen and hold numpy arrays alone, one row per message, link, delivery or device.
Units: `*_ns` integer nanoseconds of simulated time, `*_bytes` bytes, `*_db` decibel, `*_m` metres.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, fields
from enum import IntEnum
from functools import cache
from typing import Annotated, Any, Self, cast, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALL_NEIGHBOURS = -1
"""`Outbox.dst` of a message that is meant for whoever is a neighbour."""

A_PARTNER = -2
"""`Outbox.dst` of a message for the device that its source is matched with, in a random maximal matching of the round's
graph (`matching.py`). Nothing is sent by who is matched with nobody."""

ONE_PAIR = -3
"""The same, of a single pair: both ends of one link, drawn at random from those of the round."""

NOBODY = -1
"""`Sightings.neighbour` of a device that has none."""

NEVER = -1
"""`Deliveries.started_ns` and `arrived_ns` where that did not happen."""

HEADER_BYTES = 28
"""Of any message, before its values (`algorithms/common/message.py`). Here, as timing needs it without PyTorch."""

LONGEST_S = 1e6
"""Simulated time that a device may train for one message: no deadline is later."""

Index = Annotated[NDArray[np.int32], np.int32]
Count = Annotated[NDArray[np.int64], np.int64]
Real = Annotated[NDArray[np.float64], np.float64]
Flag = Annotated[NDArray[np.bool_], np.bool_]
Code = Annotated[NDArray[np.uint8], np.uint8]


class Cause(IntEnum):
    """How a delivery ended."""

    ARRIVED = 0
    DEADLINE = 1
    """Unfinished when the round closed."""
    FRAMES_LOST = 2
    """A frame was lost and the transport does not repair."""
    AWAY = 3
    """Its source or its destination was away."""
    SUPERSEDED = 4
    """A newer message of the same source took its place."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length; a subclass names them and their types."""

    def __post_init__(self) -> None:
        for name, dtype in self.columns().items():
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype))
        lengths = {name: getattr(self, name).shape for name in self.columns()}
        if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
            raise ValueError(f"{type(self).__name__} needs columns of one length, got {lengths}")

    @classmethod
    def of(cls, **columns: ArrayLike) -> Self:
        """The table from whatever numpy takes for its columns."""
        return cls(**columns)

    @classmethod
    def columns(cls) -> dict[str, Any]:
        """Column name to numpy type, in order."""
        return _columns(cast(Hashable, cls))

    def part(self, rows: slice) -> Self:
        """Some of the rows, without a copy; nor are they looked at again, as a trace has very many such parts."""
        found = object.__new__(type(self))
        for name in self.columns():
            object.__setattr__(found, name, getattr(self, name)[rows])
        return found

    def pick(self, chosen: NDArray[np.integer]) -> Self:
        """Those rows, in that order."""
        return type(self)(**{name: getattr(self, name)[chosen] for name in self.columns()})

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            np.array_equal(mine := getattr(self, name), getattr(other, name), equal_nan=mine.dtype.kind == "f")
            for name in self.columns()
        )


def occurrences(keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """(rows,) how many rows before have the same key."""
    back = np.flatnonzero(keys[1:] <= keys[:-1]) + 1
    each = int(back[0]) if len(back) else max(len(keys), 1)
    if len(keys) % each == 0 and (keys.reshape(-1, each) == keys[:each]).all():
        return np.repeat(np.arange(len(keys) // each), each)  # ascending ones, again and again: no need to sort
    order, places = np.argsort(keys, kind="stable"), np.arange(len(keys))
    begins = np.diff(keys[order], prepend=keys[order[0]] - 1) != 0
    found = np.empty(len(keys), np.int64)
    found[order] = places - np.maximum.accumulate(np.where(begins, places, 0))
    return found


@cache
def _columns(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name].__metadata__[0] for field in fields(kind)}


@dataclass(frozen=True, eq=False)
class Outbox(Table):
    """The messages of one round, as the devices hand them to the network.

    In mode `barrier` several messages of one source belong to exchanges that follow each other: its k-th message to
    exchange k, which begins when all deliveries of the one before have ended.
    """

    src: Index
    dst: Index
    """Device, or ALL_NEIGHBOURS, A_PARTNER, ONE_PAIR."""
    size_bytes: Count
    ready_ns: Count
    """When local training ended; nothing of the message is on the air before."""

    def exchanges(self) -> list[Self]:
        """The messages of each exchange, in their order; none where nothing is sent."""
        turn = occurrences(self.src)
        if not turn.any():
            return [self] * bool(len(self))
        return [self.pick(np.flatnonzero(turn == exchange)) for exchange in range(turn.max() + 1)]


@dataclass(frozen=True, eq=False)
class Absences(Table):
    """Who is away when: such a device neither hears nor sends. Half-open intervals, those of a device apart."""

    device: Index
    from_ns: Count
    until_ns: Count

    @classmethod
    def none(cls) -> Self:
        """Everybody is here all the time."""
        return cls.of(device=[], from_ns=[], until_ns=[])

    def rows(self) -> list[tuple[int, int, int]]:
        """Device, from, until of each."""
        return list(zip(self.device.tolist(), self.from_ns.tolist(), self.until_ns.tolist(), strict=True))

    def within(self, opened_ns: int, closed_ns: int, devices: int) -> NDArray[np.int64]:
        """(devices,) nanoseconds that each is away between two instants."""
        parts = np.minimum(self.until_ns, closed_ns) - np.maximum(self.from_ns, opened_ns)
        return np.bincount(self.device, np.maximum(parts, 0), devices).astype(np.int64)


ALL_PRESENT = Absences.none()


@dataclass(frozen=True, eq=False)
class Links(Table):
    """Who heard whom, directed: `dst` heard `src`."""

    src: Index
    dst: Index
    snr_db: Real
    """Mean over the hellos heard; NaN where the network has no radio."""
    delivery: Real
    """Share of what `src` sends that `dst` gets, 0 to 1; over ns-3, of its hellos."""
    rate_bps: Count
    """0 where it is not known."""
    latency_ns: Count
    """From the end of the sending to the arrival."""
    neighbour: Flag
    """Whether this link belongs to the round's graph, which is what messages travel on."""


@dataclass(frozen=True, eq=False)
class Deliveries(Table):
    """One row for every message and every device it was meant for.

    In mode `barrier` the rows come exchange by exchange: the k-th row of a source and a destination is of exchange k.
    """

    src: Index
    dst: Index
    size_bytes: Count
    started_ns: Count
    """First frame on the air, or NEVER."""
    arrived_ns: Count
    """Message whole at `dst`, or NEVER."""
    cause: Code
    """A `Cause`."""
    frames: Count
    """Data frames put on the air for it: by `broadcast` those for all neighbours of the source, else those to `dst`."""
    retries: Count
    """Those of them that the MAC sent again."""

    @property
    def exchange(self) -> NDArray[np.int64]:
        """(rows,) of which exchange of its round each is, in mode `barrier`."""
        return occurrences(self.src * (np.int64(self.dst.max(initial=0)) + 1) + self.dst)

    @property
    def arrived(self) -> NDArray[np.bool_]:
        return np.equal(self.cause, Cause.ARRIVED)


@dataclass(frozen=True, eq=False)
class Devices(Table):
    """One row per device, in order."""

    airtime_ns: Count
    """Time its radio spent sending in this round."""
    frames: Count
    """Frames it sent, hellos and control frames among them."""
    retries: Count
    """Those of them that the MAC sent again."""
    energy_j: Real
    """What its radio drew in this round; NaN where the network has no radio."""
    away_ns: Count
    """Time of this round in which it was away."""
    x_m: Real
    y_m: Real


@dataclass(frozen=True, eq=False)
class Sightings(Table):
    """What devices knew of their neighbours in the event-driven modes: each change, when it was noticed."""

    time_ns: Count
    device: Index
    neighbour: Index
    """One of those that `device` has from then on, a row for each; NOBODY where it has none."""

    @classmethod
    def none(cls) -> Self:
        """Nobody looked."""
        return cls.of(time_ns=[], device=[], neighbour=[])


@dataclass(frozen=True)
class Exchange:
    """What the air made of one round's Outbox."""

    opened_ns: int
    closed_ns: int
    links: Links
    deliveries: Deliveries
    devices: Devices
    sightings: Sightings = field(default_factory=Sightings.none)
    """None in the rounds of the barrier, where `links` says it all."""

    def neighbours(self) -> NDArray[np.bool_]:
        """(devices, devices): [i, j] is true where j is heard by i in the round's graph."""
        graph = np.zeros((len(self.devices),) * 2, dtype=bool)
        graph[self.links.dst[self.links.neighbour], self.links.src[self.links.neighbour]] = True
        return graph

    def delivered(self, exchange: int = 0) -> NDArray[np.bool_]:
        """(devices, devices): [i, j] is true where the message of j arrived at i in that exchange of the round."""
        rows, count = self.deliveries, len(self.devices)
        arrived, matrix = rows.arrived & (rows.exchange == exchange), np.zeros((count, count), dtype=bool)
        matrix[rows.dst[arrived], rows.src[arrived]] = True
        return matrix

    def travel_s(self) -> NDArray[np.float64]:
        """(devices,) simulated seconds from the first frame of a device's message until it had arrived, the mean over
        those whom it reached; NaN where it reached none. Of several exchanges the first counts."""
        rows, count = self.deliveries, len(self.devices)
        first = rows.arrived & (rows.exchange == 0)
        src = rows.src[first]
        reached = np.bincount(src, minlength=count)
        sums = np.bincount(src, (rows.arrived_ns[first] - rows.started_ns[first]) / 1e9, minlength=count)
        means: NDArray[np.float64] = np.divide(sums, reached, out=np.full(count, np.nan), where=reached > 0)
        return means

    @property
    def density(self) -> float:
        """|E| / (m (m-1) / 2) of the round's graph; a one-way link counts half. 0 for one device."""
        pairs = len(self.devices) * (len(self.devices) - 1)
        return float(self.links.neighbour.sum() / pairs) if pairs else 0.0
