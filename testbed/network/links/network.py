"""The `links` replay in mode `barrier`: the links of a trace, and messages timed anew over them, round by round."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Absences, Devices, Exchange, Outbox
from testbed.matching import addressed, round_seed
from testbed.network.links.parcels import Delivery, Parcel, rows
from testbed.network.links.traffic import Source, Traffic
from testbed.scenario import Scenario
from testbed.seeds import Purpose, generator
from testbed.trace import Trace


class LinksNetwork:
    """Carries rounds over the links of `trace`.

    A round depends on its number, its opening, the messages, the absences and the scenario alone.
    Raises UserError where messages of this scenario cannot be timed over these links.
    """

    def __init__(self, trace: Trace, scenario: Scenario) -> None:
        self._source, self._seed = Source(trace, scenario), scenario.run.seed
        self.trace = trace
        self.devices, self.events = scenario.devices.count, 0
        self._deadline_ns = round(scenario.run.deadlines_s()[0] * 1e9)
        if self._deadline_ns <= self._source.hello_ns:
            raise UserError(
                f"run.deadline_s = {self._deadline_ns / 1e9:g} is before the first message can be sent: it should be "
                f"above the {self._source.hello_ns / 1e9:g} s of hellos in the rounds of the trace."
            )

    def describe(self) -> dict[str, Any]:
        """What the trace says of its network, and how messages went over its links."""
        return described(self._source)

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences = ALL_PRESENT) -> Exchange:
        """Carry one round's messages over its links, which are those between devices that are here when it opens."""
        source, deadline_ns = self._source, opened_ns + self._deadline_ns
        here = absences.within(opened_ns, opened_ns + 1, self.devices) == 0
        draws = generator(self._seed, Purpose.LINKS, round_)
        hellos = _hellos(source, opened_ns, absences, draws)
        traffic = Traffic(source, round_, opened_ns, here, draws)
        opening = traffic.links()
        traffic.absent(absences)
        traffic.run(opened_ns + source.hello_ns)
        exchanges = _parcels(traffic, outbox, round_seed(self._seed, round_))
        _carry(traffic, exchanges, max(outbox.ready_ns.tolist(), default=0), deadline_ns)
        self.events += traffic.events
        parcels = (parcel for exchange in exchanges for parcel in exchange)
        ended = ((parcel, dst, each) for parcel in parcels for dst, each in parcel.to.items())
        now, air = source.timeline.at(round_, opened_ns), traffic.air
        devices = Devices.of(
            airtime_ns=air.airtime_ns + hellos * source.hello_frame_ns,
            frames=air.frames + hellos,
            retries=hellos * 0,
            energy_j=np.full(self.devices, np.nan),
            away_ns=absences.within(opened_ns, traffic.now_ns, self.devices),
            x_m=now.x_m,
            y_m=now.y_m,
        )
        return Exchange(opened_ns, traffic.now_ns, opening.links, rows(ended), devices)

    def close(self) -> None:
        """Nothing is held."""


def described(source: Source) -> dict[str, Any]:
    """For the header of a trace of what was replayed."""
    settings = source.settings.model_dump(mode="json", include={"transport", "repair", "load", "payload_bytes"})
    return {"kind": "replay", "replay": "links", **settings, "of": source.header.network}


def _hellos(source: Source, opened_ns: int, absences: Absences, draws: np.random.Generator) -> NDArray[np.int64]:
    """(devices,) hellos sent in a round: one at a random moment of each equal part of the time they have."""
    devices, moments = source.devices, np.arange(source.hellos) + draws.random((source.devices, source.hellos))
    times_ns = opened_ns + (moments * source.hello_ns / max(source.hellos, 1)).astype(np.int64)
    sent = np.ones((devices, source.hellos), bool)
    for device, from_ns, until_ns in absences.rows():
        sent[device] &= (times_ns[device] < from_ns) | (times_ns[device] >= until_ns)
    return sent.sum(1)  # type: ignore[no-any-return]


def _parcels(traffic: Traffic, outbox: Outbox, seed: int) -> list[list[Parcel]]:
    """Of each exchange the messages in order of their sources, each with the neighbours that it is meant for."""
    links, exchanges, number = traffic.links(), list[list[Parcel]](), 0
    for messages in outbox.exchanges():
        sent = addressed(messages, links.graph(), seed)
        sent, parcels = sent.pick(np.argsort(sent.src, kind="stable")), list[Parcel]()
        columns = (sent.src, sent.dst, sent.size_bytes, sent.ready_ns)
        for src, dst, size_bytes, ready_ns in zip(*(column.tolist() for column in columns), strict=True):
            receivers = [each for each in links.receivers(src) if dst in (each, ALL_NEIGHBOURS)]
            parcels.append(Parcel(number, src, size_bytes, {each: Delivery() for each in receivers}, ready_ns))
            number += 1
        exchanges.append(parcels)
    return exchanges


def _carry(traffic: Traffic, exchanges: list[list[Parcel]], last_ns: int, deadline_ns: int) -> None:
    """One exchange after the other, each until all of it is over, and until everybody was ready; or to the deadline."""
    under_way = 0

    def over() -> bool:
        return not under_way

    def ended(parcel: Parcel, dst: int, delivery: Delivery) -> None:
        nonlocal under_way
        under_way -= 1

    traffic.transport.ended = ended
    for parcels in exchanges:
        if traffic.now_ns >= deadline_ns:
            break
        traffic.transport.rest()
        under_way = sum(len(parcel.to) for parcel in parcels)
        for parcel in parcels:
            traffic.at(max(parcel.ready_ns, traffic.now_ns), partial(traffic.transport.carry, parcel))
        if under_way:
            traffic.run(deadline_ns, over)
    traffic.run(max(traffic.now_ns, min(last_ns, deadline_ns)))
