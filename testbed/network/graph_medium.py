"""The `graph` medium: abstract graphs with a stated rate and latency, message by message.

As in `GraphNetwork`, every link carries every message whole, whatever is on the other links. The graph is that of
the period: `erdos-renyi` is drawn anew at every turn.
"""

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, NEVER, Absences, Cause, Deliveries, Devices, Exchange
from testbed.kernel import Kernel
from testbed.network.graph import GraphNetwork
from testbed.network.graph_links import Due, GraphLinks, Transfer
from testbed.network.medium import Ended


class Row(NamedTuple):
    """A transfer that is over."""

    message: int
    dst: int
    transfer: Transfer
    arrived_ns: int
    cause: Cause


class GraphMedium:
    """Messages over the graphs of `network`, period by period."""

    events = 0

    def __init__(self, network: GraphNetwork) -> None:
        self.devices, self.now_ns = network.devices, 0
        self._network = network
        self._kernel: Kernel[Transfer | int] = Kernel()
        self._links = GraphLinks(self._kernel, network.air_ns, network.latency_ns)
        self._flying: dict[int, dict[int, Transfer]] = {}
        """By message and receiver."""
        self._ended: list[Ended] = []
        self._comings: list[int] = []
        """Events of devices that leave or return."""
        self._heard = np.zeros((self.devices,) * 2, bool)
        self._begin(ALL_PRESENT)

    def describe(self) -> dict[str, Any]:
        """As the network of the rounds."""
        return self._network.describe()

    def adjacency(self, number: int) -> NDArray[np.bool_]:
        """The graph of a period, as that of a round."""
        return self._network.adjacency(number)

    def neighbours(self, device: int) -> list[int]:
        """Whom the device hears."""
        return self._here(self._heard[device]) if device not in self._away else []

    def send(self, message: int, src: int, dst: int, size_bytes: int) -> list[int]:
        """Queue the message on its links. What cannot be reached is lost at once."""
        hearers = self._here(self._heard[:, src]) if src not in self._away else []
        receivers = hearers if dst == ALL_NEIGHBOURS else [dst]
        self._count(src, size_bytes)
        for each in receivers:
            transfer = Transfer(message, src, each, size_bytes)
            self._flying.setdefault(message, {})[each] = transfer
            if each in hearers:
                self._links.put(transfer, self.now_ns)
            else:
                self._end(transfer, Cause.FRAMES_LOST if self._away.isdisjoint((src, each)) else Cause.AWAY)
        return receivers

    def cancel(self, message: int) -> None:
        """Take the message off all links on which it has not arrived."""
        for transfer in list(self._flying.get(message, {}).values()):
            self._take(transfer, NEVER, Cause.SUPERSEDED)

    def advance(self, until_ns: int) -> list[Ended]:
        """On to the next instant at which a delivery ends."""
        if until_ns < self.now_ns:
            raise ValueError(f"the medium is at {self.now_ns} ns: it cannot go back to {until_ns} ns")
        while not self._ended and (due := self._kernel.peek()) is not None and due <= until_ns:
            self.now_ns = due
            while self._kernel.peek() == due:
                self._step()
        ended, self._ended = sorted(self._ended), []
        self.now_ns = self.now_ns if ended else until_ns
        return ended

    def turn(self, number: int, absences: Absences) -> Exchange:
        """Close a period and begin another, with its own graph."""
        heard = self._heard & self._seen & self._seen[:, None]
        exchange = Exchange(
            self._opened_ns, self.now_ns, self._network.links(heard), self._deliveries(), self._counters()
        )
        self._heard = self._network.adjacency(number)
        self._begin(absences)
        return exchange

    def close(self) -> None:
        """Nothing is held."""

    def _begin(self, absences: Absences) -> None:
        """Counters at 0, and the comings and goings of the period."""
        self._opened_ns, self._absences, self._rows = self.now_ns, absences, list[Row]()
        self._frames, self._airtime_ns = np.zeros((2, self.devices), np.int64)
        self._away: set[int] = set()
        for event in self._comings:
            self._kernel.cancel(event)
        self._comings = []
        for device, from_ns, until_ns in absences.rows():
            if from_ns <= self.now_ns < until_ns:
                self._leave(device)
            for time_ns, due in ((from_ns, Due.LEAVE), (until_ns, Due.RETURN)):
                if time_ns > self.now_ns:
                    self._comings.append(self._kernel.schedule(time_ns, due, device))
        self._seen = np.array([device not in self._away for device in range(self.devices)])
        """Who was here at some time of the period: those have links."""

    def _step(self) -> None:
        event = self._kernel.step()
        match event.priority:
            case Due.RETURN:
                self._away.discard(cast(int, event.what))
                self._seen[cast(int, event.what)] = True
            case Due.LEAVE:
                self._leave(cast(int, event.what))
            case Due.SENT:
                self._links.free(cast(Transfer, event.what), self.now_ns)
            case _:
                self._end(cast(Transfer, event.what), Cause.ARRIVED)

    def _here(self, mask: NDArray[np.bool_]) -> list[int]:
        return [device for device in np.flatnonzero(mask).tolist() if device not in self._away]

    def _count(self, src: int, size_bytes: int) -> None:
        if src not in self._away:
            self._frames[src] += 1
            self._airtime_ns[src] += self._network.air_ns(size_bytes)

    def _leave(self, device: int) -> None:
        """Lose what is under way from and to the device."""
        self._away.add(device)
        under_way = [transfer for receivers in self._flying.values() for transfer in receivers.values()]
        for transfer in reversed(under_way):  # what waits first, lest it start on a link that the one before has freed
            if device in (transfer.src, transfer.dst):
                self._end(transfer, Cause.AWAY)

    def _end(self, transfer: Transfer, cause: Cause) -> None:
        """Over, and the session is to know."""
        arrived = cause == Cause.ARRIVED
        self._ended.append(Ended(transfer.message, transfer.src, transfer.dst, arrived))
        self._take(transfer, self.now_ns if arrived else NEVER, cause)

    def _take(self, transfer: Transfer, arrived_ns: int, cause: Cause) -> None:
        self._links.take(transfer, self.now_ns)
        self._flying[transfer.message].pop(transfer.dst)
        if not self._flying[transfer.message]:
            del self._flying[transfer.message]
        self._rows.append(Row(transfer.message, transfer.dst, transfer, arrived_ns, cause))

    def _deliveries(self) -> Deliveries:
        """What ended in the period."""
        rows = sorted(self._rows, key=lambda row: (row.message, row.dst))
        return Deliveries.of(
            src=[row.transfer.src for row in rows],
            dst=[row.dst for row in rows],
            size_bytes=[row.transfer.size_bytes for row in rows],
            started_ns=[row.transfer.started_ns for row in rows],
            arrived_ns=[row.arrived_ns for row in rows],
            cause=[row.cause for row in rows],
            frames=[int(row.transfer.started_ns != NEVER) for row in rows],
            retries=[0] * len(rows),
        )

    def _counters(self) -> Devices:
        away_ns = self._absences.within(self._opened_ns, self.now_ns, self.devices)
        nowhere = np.full(self.devices, np.nan)
        return Devices.of(
            airtime_ns=self._airtime_ns,
            frames=self._frames,
            retries=self._frames * 0,
            energy_j=nowhere,
            away_ns=away_ns,
            x_m=nowhere,
            y_m=nowhere,
        )
