"""The `links` replay in the event-driven modes: messages timed anew over the links of a trace, one by one."""

from typing import Any

import numpy as np

from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Absences, Cause, Devices, Exchange
from testbed.network.links.network import described
from testbed.network.links.parcels import Delivery, Parcel, rows
from testbed.network.links.snapshot import among
from testbed.network.links.traffic import Source, Traffic
from testbed.network.medium import Ended, nothing
from testbed.scenario import Scenario
from testbed.seeds import Purpose, generator
from testbed.trace import Trace


class LinksMedium:
    """Carries messages over the links of `trace`, from instant 0 on. Raises UserError as `LinksNetwork`."""

    def __init__(self, trace: Trace, scenario: Scenario) -> None:
        self.trace, self._source = trace, Source(trace, scenario)
        self.devices = scenario.devices.count
        everybody = np.ones(self.devices, bool)
        self._traffic = Traffic(self._source, 0, 0, everybody, generator(scenario.run.seed, Purpose.LINKS, 0))
        self._traffic.transport.ended = self._end
        self._parcels: dict[int, Parcel] = {}
        """Those with a delivery that is not over."""
        self._rows: list[tuple[Parcel, int, Delivery]] = []
        """What ended in this period."""
        self._ended: list[Ended] = []
        self._opened_ns, self._absences = 0, ALL_PRESENT

    @property
    def events(self) -> int:
        """Of the simulation so far."""
        return self._traffic.events

    @property
    def now_ns(self) -> int:
        """The present instant."""
        return self._traffic.now_ns

    def describe(self) -> dict[str, Any]:
        """As the network of the rounds."""
        return described(self._source)

    def neighbours(self, device: int) -> list[int]:
        """Whose messages it gets; nobody's before the first hellos are over."""
        return self._here(device, self._traffic.links().heard(device))

    def send(self, message: int, src: int, dst: int, size_bytes: int) -> list[int]:
        """Hand the message to its source's transport."""
        receivers = [dst] if dst != ALL_NEIGHBOURS else self._here(src, list(self._traffic.links().receivers(src)))
        if receivers:
            parcel = Parcel(message, src, size_bytes, {each: Delivery() for each in receivers})
            self._parcels[message] = parcel
            self._traffic.transport.carry(parcel)
        return receivers

    def cancel(self, message: int) -> None:
        """Nothing more of it is put on the air, but for a frame that waits there already."""
        if message in self._parcels:
            self._traffic.transport.cancel(self._parcels[message])

    def advance(self, until_ns: int) -> list[Ended]:
        """On to the next instant at which a delivery ends."""
        if until_ns < self.now_ns:
            raise ValueError(f"the medium is at {self.now_ns} ns: it cannot go back to {until_ns} ns")
        self._traffic.run(until_ns, lambda: bool(self._ended))
        ended, self._ended = sorted(self._ended), []
        return ended

    def turn(self, number: int, absences: Absences) -> Exchange:
        """Close a period; the next has the links of its number, where the trace was recorded in rounds."""
        exchange = self._exchange()
        self._opened_ns, self._absences, self._rows = self.now_ns, absences, []
        air = self._traffic.air
        air.airtime_ns[:] = air.frames[:] = 0
        self._traffic.absent(absences)
        self._traffic.turn(number)
        return exchange if number > 0 else nothing(self.devices)

    def close(self) -> None:
        """Nothing is held."""

    def _here(self, device: int, others: list[int]) -> list[int]:
        away = self._traffic.air.away
        if away[device] or self.now_ns < self._source.hello_ns:
            return []
        return [each for each in others if not away[each]]

    def _end(self, parcel: Parcel, dst: int, delivery: Delivery) -> None:
        self._rows.append((parcel, dst, delivery))
        if delivery.cause != Cause.SUPERSEDED:
            self._ended.append(Ended(parcel.number, parcel.src, dst, delivery.cause == Cause.ARRIVED))
        if not any(each.open for each in parcel.to.values()):
            del self._parcels[parcel.number]

    def _exchange(self) -> Exchange:
        air, opened_ns, now_ns = self._traffic.air, self._opened_ns, self.now_ns
        away_ns = self._absences.within(opened_ns, now_ns, self.devices)
        places = self._traffic.places()
        devices = Devices.of(
            airtime_ns=air.airtime_ns.copy(),
            frames=air.frames.copy(),
            retries=air.frames * 0,
            energy_j=np.full(self.devices, np.nan),
            away_ns=away_ns,
            x_m=places[0],
            y_m=places[1],
        )
        seen = away_ns < max(now_ns - opened_ns, 1)
        ended = sorted(self._rows, key=lambda row: (row[0].number, row[1]))
        return Exchange(opened_ns, now_ns, among(self._traffic.links().links, seen), rows(iter(ended)), devices)
