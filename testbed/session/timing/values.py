"""What the event-driven modes are made of: what is due, what is kept of a device, what a period leaves."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Absences, Exchange, Outbox
from testbed.session.timing.acts import Act
from testbed.session.timing.meters import Meters

NOTHING = -1
"""Peer or message of an event that has none."""


class Due(IntEnum):
    """What the kernel holds, in the order of one instant. Absences are half-open: who returns at an instant acts
    at it, who leaves at it does not."""

    RETURN = 0
    LEAVE = 1
    ARRIVAL = 2
    DEADLINE = 3
    TRAINED = 4
    BEGIN = 5
    LOOK = 6


class What(NamedTuple):
    """The content of an event: a device, and a message where it is about one."""

    device: int
    message: int = NOTHING


class Row(NamedTuple):
    """A row of the table of events."""

    time_ns: int
    device: int
    event: str
    peer: int
    message: int


@dataclass(frozen=True)
class Setting:
    """What decides the timing, beside the medium."""

    period_ns: int
    compute_ns: Callable[[int, int], int]
    """Nanoseconds that a device takes for its local training of that number; above 0."""
    deadlines_ns: tuple[int, ...]
    """By device."""
    message_bytes: tuple[int, ...]
    """By device, of a message that holds a model; 0 for all where the algorithm sends none."""
    absences: Callable[[int], Absences]
    """Who is away in the period of that number, which is asked for when it begins."""
    close: Callable[[Exchange, NDArray[np.int64]], None] = lambda exchange, compute_ns: None
    """Told what happened in each period, and how long each device computed."""
    start_ns: int = 0
    """When the devices begin to train."""
    seed: int = 0


@dataclass
class Device:
    """What a device keeps in either mode."""

    number: int
    steps: int = 0
    """Trainings finished and mixed."""
    training: int | None = None
    """The event at the end of its training, if it is training."""
    began_ns: int = 0
    """When its last training began."""
    away: bool = False
    seen: list[int] | None = None
    """The neighbours that it had when it last looked."""


@dataclass(frozen=True)
class Period:
    """What happened in a period."""

    outbox: Outbox
    exchange: Exchange
    acts: list[Act]
    events: list[Row]
    meters: Meters
