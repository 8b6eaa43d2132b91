"""The links, the air and the transport of one round, or of a run without rounds, moved forward in time."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import Absences
from testbed.kernel import Kernel
from testbed.network.links.air import Air, Due
from testbed.network.links.broadcast import Broadcast
from testbed.network.links.radio import Radio
from testbed.network.links.signals import PathLoss, signals
from testbed.network.links.snapshot import Snapshot, among
from testbed.network.links.timeline import Now, Timeline, timeline_of
from testbed.scenario import Scenario
from testbed.trace import Trace

NEVER_NS = 1 << 63
Array = NDArray[np.float64]


class Source:
    """What a trace and a scenario decide once for all rounds.

    Raises UserError where the scenario's transport cannot be had, no rate is stated, the trace has another number of
    nodes, or it is too short.
    """

    def __init__(self, trace: Trace, scenario: Scenario) -> None:
        settings, network = scenario.network, trace.header.network
        check(trace, scenario)
        self.devices, self.settings, self.header = scenario.devices.count, settings, trace.header
        self.timeline: Timeline = timeline_of(trace, settings, 1 if scenario.devices.battery_j else scenario.run.rounds)
        self.radio, self._loss = Radio.of(network), PathLoss.of(network)
        self.fading_m = float(network["nakagami_m"]) if network.get("fading") == "nakagami" else None
        self._rate_bps = settings.rate_bps() or 0
        recorded = len(trace) > 0 and self.radio.ofdm
        self.hello_ns = round(float(network.get("hello_s", 0)) * 1e9) if recorded else 0
        self.hellos = int(network.get("hellos", 0)) if self.hello_ns else 0
        self.hello_frame_ns = self.radio.frame_ns(21 + int(network.get("payload_bytes", 1472)), self._rate(trace))

    def snapshot(self, now: Now, here: NDArray[np.bool_]) -> Snapshot:
        """The links among those that are `here`."""
        links = among(now.links, here)
        return Snapshot(self.devices, links, signals(now, self.radio, self._loss, here), self._rate_bps)

    def _rate(self, trace: Trace) -> int:
        rates = trace.links.rate_bps[:1]
        return int(rates[0]) if len(rates) and rates[0] > 0 else self._rate_bps or 6_000_000


def check(trace: Trace, scenario: Scenario) -> None:
    """Raises UserError where messages of this scenario cannot be timed over the links of this trace."""
    settings, nodes = scenario.network, trace.header.nodes
    if nodes != scenario.devices.count:
        raise UserError(
            f"The trace has {nodes} nodes, the scenario {scenario.devices.count} devices: set devices.count = {nodes}, "
            "or choose among them with network.nodes."
        )
    if settings.transport != "broadcast" or settings.repair == "nack":
        key = (
            f'repair = "{settings.repair}"'
            if settings.transport == "broadcast"
            else f'transport = "{settings.transport}"'
        )
        raise UserError(
            f'network.{key} is not timed by replay = "links": use transport = "broadcast" with repair = "fountain" or '
            '"none", or kind = "ns3".'
        )
    if settings.rate_bps() is None and not (trace.links.rate_bps > 0).all():
        raise UserError(
            f'network.rate = "{settings.rate}" is no rate, and the trace has links without one: set network.rate, '
            'as "24Mbps".'
        )


class Traffic:
    """Messages over the links of `source`, from `opened_ns` on."""

    def __init__(
        self, source: Source, number: int, opened_ns: int, here: NDArray[np.bool_], draws: np.random.Generator
    ) -> None:
        """`number` is that of the round or period; only devices that are `here` have links."""
        self.now_ns, self.events = opened_ns, 0
        self._source, self._number, self._here = source, number, here
        self._kernel: Kernel[Callable[[], None]] = Kernel()
        self._sync()
        self._snapshot, self._until_ns = self._look()
        self.air = Air(source.devices, self.links, source.radio, self._kernel, draws, source.fading_m)
        self.transport = Broadcast(self.air, self.links, source.radio, source.settings, self._kernel, draws)
        self.transport.stuck = self._watch
        self._watching = False
        self._comings: list[int] = []

    def links(self) -> Snapshot:
        """Those of the present."""
        if self._kernel.now_ns >= self._until_ns:
            self._snapshot, self._until_ns = self._look()
        return self._snapshot

    def places(self) -> tuple[Array, Array]:
        """x, y of every device, metres; NaN where the trace does not say."""
        now = self._source.timeline.at(self._number, self.now_ns)
        return now.x_m, now.y_m

    def turn(self, number: int) -> None:
        """Another period begins, with its own links."""
        self._number, self._until_ns = number, self.now_ns
        self.transport.relink()

    def absent(self, absences: Absences) -> set[int]:
        """Let devices leave and return, from now on; those that are away now."""
        for event in self._comings:
            self._kernel.cancel(event)
        self._comings, away = [], set()
        for device, from_ns, until_ns in absences.rows():
            if from_ns <= self.now_ns < until_ns:
                away.add(device)
            elif from_ns > self.now_ns:
                self._comings.append(self._kernel.schedule(from_ns, Due.LEAVE, partial(self._leave, device)))
            if until_ns > self.now_ns:
                self._comings.append(self._kernel.schedule(until_ns, Due.RETURN, partial(self.air.come, device)))
        for device in range(self._source.devices):
            if self.air.away[device] != (device in away):
                self._leave(device) if device in away else self.air.come(device)
        return away

    def at(self, time_ns: int, act: Callable[[], None]) -> None:
        """Do something later than now."""
        self._kernel.schedule(time_ns, Due.TIMER, act)

    def run(self, until_ns: int, over: Callable[[], bool] = lambda: False) -> None:
        """On to `until_ns`, or to the end of the first instant at which it is `over`."""
        kernel = self._kernel
        while not over() or kernel.peek() == kernel.now_ns:
            due_ns = kernel.peek()
            if due_ns is None or due_ns > until_ns:
                self.now_ns = until_ns
                self._sync()
                return
            self.now_ns = due_ns
            kernel.step().what()
            self.events += 1

    def _sync(self) -> None:
        """The kernel's present is ours, also when nothing happened."""
        if self._kernel.now_ns < self.now_ns:
            self._kernel.schedule(self.now_ns, Due.LINKS, lambda: None)
            self._kernel.step()

    def _leave(self, device: int) -> None:
        self.air.leave(device)
        self.transport.leave(device)

    def _look(self) -> tuple[Snapshot, int]:
        """The links of the present, and until when they hold."""
        now_ns, timeline = self._kernel.now_ns, self._source.timeline
        change_ns = timeline.next_change(now_ns)
        snapshot = self._source.snapshot(timeline.at(self._number, now_ns), self._here)
        return snapshot, NEVER_NS if change_ns is None else change_ns

    def _watch(self) -> None:
        """Somebody waits for another link."""
        self.links()
        if not self._watching and self._until_ns != NEVER_NS:
            self._watching = True
            self._kernel.schedule(self._until_ns, Due.TIMER, self._changed)

    def _changed(self) -> None:
        self._watching = False
        self.links()
        self.transport.relink()
