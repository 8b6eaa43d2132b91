"""What the event-driven modes (`local`, `async`) ask of a network, whoever answers.

Where `Network` carries the messages of a whole round, a `Medium` takes one message at a time, at its present
instant, and is moved forward step by step. The session moves it to no later than its own next event, so neither
ever learns of something after it should have acted on it.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from testbed.exchange import Absences, Deliveries, Devices, Exchange, Links


class Ended(NamedTuple):
    """One delivery is over, at the medium's present instant: it arrived, or is lost for good."""

    message: int
    src: int
    dst: int
    arrived: bool


class Medium(Protocol):
    """`ns3` (live), `replay` (a recorded trace) or `graph` (networkx), between periods and within them.

    Messages of one sender to one receiver end in the order in which they were sent. A device that is away
    neither sends nor hears, and is nobody's neighbour: what was on its way from or to it is lost.
    """

    devices: int

    @property
    def events(self) -> int:
        """Simulator events so far; 0 where nothing is simulated."""

    @property
    def now_ns(self) -> int:
        """The present instant; 0 at first."""

    def describe(self) -> dict[str, Any]:
        """What a trace's header keeps about this network, as `Network.describe`."""

    def neighbours(self, device: int) -> list[int]:
        """Whom the device hears right now, ascending; over a radio only where it is heard as well."""

    def send(self, message: int, src: int, dst: int, size_bytes: int) -> list[int]:
        """Hand over a message at the present instant, under a number above all before; whom it is meant for.

        `dst` is a device, which makes one delivery whether or not it can be reached, or ALL_NEIGHBOURS: those that
        hear `src` now, ascending, which may be nobody.
        """

    def cancel(self, message: int) -> None:
        """What of this message has not arrived never will; its deliveries end as SUPERSEDED, without an `Ended`."""

    def advance(self, until_ns: int) -> list[Ended]:
        """Move to the first instant up to `until_ns` at which deliveries end, and give all that end then, in order
        of message and receiver; or to `until_ns`, and give nothing."""

    def turn(self, number: int, absences: Absences) -> Exchange:
        """Close period `number` - 1 at the present instant, and begin period `number`, with these absences in it.

        The Exchange holds the period's links, the deliveries that ended in it (in order of message and receiver)
        and the devices' counters. Turning to 0 begins the first period, and gives an Exchange of nothing.
        """

    def close(self) -> None:
        """Let go of processes and files; calling it twice is harmless."""


def nothing(devices: int) -> Exchange:
    """What there is before the first period."""
    zeros = np.zeros(devices)
    return Exchange(
        opened_ns=0,
        closed_ns=0,
        links=Links.of(**{name: [] for name in Links.columns()}),
        deliveries=Deliveries.of(**{name: [] for name in Deliveries.columns()}),
        devices=Devices.of(**dict.fromkeys(Devices.columns(), zeros)),
    )
