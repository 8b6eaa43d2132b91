"""The network side of a round in `barrier` mode: who is here, who trains how long, what is sent, when it closes.

Nothing here needs a model: what a round does to the clock and the batteries is known without training anything. So
rounds can be carried ahead of the training (`ahead`), recorded without it, and taken from a cache (`cached`).

A device is here when a round opens, or it has no part in the round. It trains from the opening on. Its training
counts, and its message is sent, if it stays until the training has ended and that is before the deadline. A training
that is broken off, by leaving or by the deadline, is lost; it costs energy all the same. Whoever is here at the opening
and at the close mixes what has arrived. The barrier waits for the devices that train, not for those that left, and for
the end of `run.period_s` where one is stated; all radios are idle until then.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from testbed.devices import Battery, churn
from testbed.exchange import Absences, Exchange, Outbox
from testbed.network import Network
from testbed.scenario import Scenario
from testbed.session.learner import Workload

Sizes = NDArray[np.int64]

FOREVER_NS = 1 << 62
"""When an absence ends that never does."""


@dataclass(frozen=True)
class Moment:
    """What the next round depends on beside the scenario, as far as the network goes."""

    round_: int
    clock_ns: int
    used_j: NDArray[np.float64]
    """(devices,) energy that each has used so far."""


@dataclass(frozen=True)
class Carried:
    """What became of one round; arrays have one value per device."""

    moment: Moment
    """At its opening."""
    after: Moment
    outbox: Outbox
    exchange: Exchange
    trained: NDArray[np.bool_]
    """Whose training was finished and counts."""
    mixing: NDArray[np.bool_]
    """Who was here at the opening and at the close."""
    compute_ns: NDArray[np.int64]
    """Time spent on training, finished or not."""
    compute_j: NDArray[np.float64]
    battery_j: NDArray[np.float64]
    """What is left at the close; NaN without a battery."""
    events: int = 0
    seconds: float = 0.0
    """Of wall time that the network took for it."""


class Carrier(Protocol):
    """Whoever carries rounds: `Air` when it is asked, `Ahead` before."""

    def expect(self, moment: Moment) -> bool:
        """The round at `moment` will be asked for. Whether it is simulated now, and a core best left free."""

    def carry(self, moment: Moment, size_bytes: Sizes | None = None) -> Carried:
        """What becomes of that round; `size_bytes` (devices,) of its messages, where the workload does not say them."""


@dataclass(frozen=True)
class _Plan:
    """A round before the network has answered."""

    moment: Moment
    absences: Absences
    leaves_ns: NDArray[np.int64]
    """First instant from the opening on at which each is away."""
    stops_ns: NDArray[np.int64]
    """When each ends its training, or breaks it off; the opening where it does not begin."""
    trained: NDArray[np.bool_]
    outbox: Outbox
    until_ns: int
    """The round closes no earlier."""


class Air:
    """Carries rounds over `network`. A round depends on its moment and the scenario alone."""

    def __init__(self, scenario: Scenario, work: Workload, network: Network) -> None:
        self.network = network
        self._devices, self._work = scenario.devices.count, work
        self._deadline_ns = round(scenario.run.deadlines_s()[0] * 1e9)
        self._period_ns = round((scenario.run.period_s or 0) * 1e9)
        self._idle_w = scenario.devices.idle_a * scenario.devices.voltage_v
        self._churn = churn(scenario.devices, scenario.run.seed)
        self._battery = Battery(scenario.devices.battery_j)

    def start(self) -> Moment:
        """Before the first round."""
        return Moment(0, 0, np.zeros(self._devices))

    def expect(self, moment: Moment) -> bool:
        """Nothing is done before it is asked for."""
        return False

    def carry(self, moment: Moment, size_bytes: Sizes | None = None) -> Carried:
        """Let the network answer for one round."""
        plan, events, began = self._plan(moment, size_bytes), self.network.events, time.perf_counter()
        exchange = self.network.exchange(moment.round_, moment.clock_ns, plan.outbox, plan.absences)
        spent = time.perf_counter() - began
        return replace(self._closed(plan, exchange), events=self.network.events - events, seconds=spent)

    def follow(self, exchanges: Iterable[Exchange]) -> Moment:
        """The moment after rounds that were carried before, from the first on."""
        moment = self.start()
        for exchange in exchanges:
            moment = self._closed(self._plan(moment), exchange).after
        return moment

    def over(self, used_j: NDArray[np.float64]) -> bool:
        """Whether all batteries are empty: nothing would ever happen again."""
        return bool(self._battery.empty(used_j).all())

    def _plan(self, moment: Moment, size_bytes: Sizes | None = None) -> _Plan:
        opened_ns, empty = moment.clock_ns, self._battery.empty(moment.used_j)
        deadline_ns = opened_ns + self._deadline_ns
        horizon_ns = max(deadline_ns, opened_ns + self._period_ns) + 1
        absences = without_end(self._churn.between(opened_ns, horizon_ns), empty, opened_ns)
        leaves_ns = np.full(self._devices, FOREVER_NS)
        np.minimum.at(leaves_ns, absences.device, np.maximum(absences.from_ns, opened_ns))
        ready_ns = opened_ns + self._work.compute_ns(moment.round_)
        stops_ns = np.minimum(np.minimum(ready_ns, leaves_ns), deadline_ns)
        trained = (leaves_ns > ready_ns) & (ready_ns < deadline_ns)
        late = (leaves_ns > deadline_ns) & (ready_ns >= deadline_ns)
        until_ns = max(int(stops_ns.max()), opened_ns + self._period_ns)
        if (leaves_ns == opened_ns).all():
            until_ns = max(until_ns, int(self._churn.back_ns(opened_ns)[~empty].min()))
        sizes = self._work.size_bytes(moment.round_) if size_bytes is None else size_bytes
        outbox = self._outbox(sizes, ready_ns, trained | late)
        return _Plan(moment, absences, leaves_ns, stops_ns, trained, outbox, until_ns)

    def _outbox(self, size_bytes: Sizes, ready_ns: NDArray[np.int64], sending: NDArray[np.bool_]) -> Outbox:
        """One message from every device that sends, in each exchange."""
        senders = np.tile(np.flatnonzero(sending & (size_bytes > 0)), self._work.exchanges)
        return Outbox.of(
            src=senders,
            dst=np.full(len(senders), self._work.audience),
            size_bytes=size_bytes[senders],
            ready_ns=ready_ns[senders],
        )

    def _closed(self, plan: _Plan, exchange: Exchange) -> Carried:
        """The round as it stands in the trace, and what follows from it; the same for what stands there already."""
        moment, opened_ns = plan.moment, plan.moment.clock_ns
        closed_ns = max(exchange.closed_ns, plan.until_ns)
        away_ns = plan.absences.within(opened_ns, closed_ns, self._devices)
        waited_ns = closed_ns - exchange.closed_ns - plan.absences.within(exchange.closed_ns, closed_ns, self._devices)
        energy_j = exchange.devices.energy_j + self._idle_w * waited_ns / 1e9
        devices = replace(exchange.devices, away_ns=away_ns, energy_j=energy_j)
        exchange = replace(exchange, closed_ns=closed_ns, devices=devices)
        compute_ns = plan.stops_ns - opened_ns
        compute_j = self._work.watts * compute_ns / 1e9
        used_j = self._battery.used(moment.used_j, exchange.devices.energy_j, compute_j)
        here = plan.absences.within(closed_ns, closed_ns + 1, self._devices) == 0
        return Carried(
            moment=moment,
            after=Moment(moment.round_ + 1, closed_ns, used_j),
            outbox=plan.outbox,
            exchange=exchange,
            trained=plan.trained,
            mixing=here & (plan.leaves_ns > opened_ns),
            compute_ns=compute_ns,
            compute_j=compute_j,
            battery_j=self._battery.left_j(used_j),
        )


def without_end(absences: Absences, gone: NDArray[np.bool_], from_ns: int) -> Absences:
    """The absences, but of those that are gone one that never ends."""
    lost, kept = np.flatnonzero(gone), ~gone[absences.device]
    return Absences.of(
        device=np.concatenate([absences.device[kept], lost]),
        from_ns=np.concatenate([absences.from_ns[kept], np.full(len(lost), from_ns)]),
        until_ns=np.concatenate([absences.until_ns[kept], np.full(len(lost), FOREVER_NS)]),
    )
