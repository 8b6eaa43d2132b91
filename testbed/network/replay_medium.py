"""The `replay` medium: a recorded trace answers message by message, and no simulator runs.

As in `ReplayNetwork` the semantics are exact: the messages that were recorded arrive when they arrived, and a
device has the neighbours that it had when it looked. So the session has to send what was recorded, when it was
recorded. What was lost never ends here: a device does not learn of it on the air either.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, NEVER, NOBODY, Absences, Exchange, Outbox
from testbed.network.medium import Ended, nothing
from testbed.network.replay import OTHERWISE, check_absences, check_fits, in_s, recorded_mode
from testbed.trace import Trace

CHOOSE = f"choose the sections run, devices, model and algorithm of the recording, or {OTHERWISE}"


class Sent(NamedTuple):
    """A recorded message."""

    src: int
    dst: int
    size_bytes: int
    ready_ns: int


class ReplayMedium:
    """Plays `trace` to as many devices as it has nodes, in the event-driven modes.

    Raises UserError where the trace is of mode `barrier`, or the scenario asks for more than it holds.
    """

    events = 0

    def __init__(self, trace: Trace, devices: int, periods: int) -> None:
        if recorded_mode(trace) == "barrier":
            raise UserError(
                'The trace was recorded in mode "barrier", the scenario is of another: set run.mode = "barrier".'
            )
        check_fits(trace, devices, periods)
        self.devices, self.now_ns = devices, 0
        self.trace, self._period, self._absences, self._sent = trace, 0, ALL_PRESENT, 0
        self._messages = [sent for outbox in trace.outboxes for sent in _messages(outbox)]
        self._arrivals = arrivals(trace, self._messages)
        self._receivers: defaultdict[int, list[int]] = defaultdict(list)
        for _, ended in self._arrivals:
            self._receivers[ended.message].append(ended.dst)
        self._place = 0
        self._seen = _sightings(trace)

    def describe(self) -> dict[str, Any]:
        """What the recording said of its network."""
        return self.trace.header.network

    def neighbours(self, device: int) -> list[int]:
        """Whom the device had when it last looked before, or at, the present instant."""
        times, found = self._seen[device]
        at = bisect_right(times, self.now_ns) - 1
        if at < 0:
            raise UserError(
                f"{self._where()}: device {device} looks for neighbours at {in_s(self.now_ns)}, as it never did before "
                f"in the recording ({CHOOSE})."
            )
        return found[at]

    def send(self, message: int, src: int, dst: int, size_bytes: int) -> list[int]:
        """Check that this is the next recorded message; those at which it will arrive, in no time that is told."""
        sent = Sent(src, dst, size_bytes, self.now_ns)
        recorded = self._messages[message] if message < len(self._messages) else None
        if sent != recorded:
            raise UserError(f"{self._where()}: {_difference(sent, recorded)}.")
        self._sent = message + 1
        return sorted(self._receivers[message])

    def cancel(self, message: int) -> None:
        """What was cancelled when it was recorded does not arrive."""

    def advance(self, until_ns: int) -> list[Ended]:
        """On to the next recorded arrival."""
        due = self._arrivals[self._place][0] if self._place < len(self._arrivals) else until_ns + 1
        if due > until_ns:
            self.now_ns = until_ns
            return []
        self.now_ns, first = due, self._place
        while self._place < len(self._arrivals) and self._arrivals[self._place][0] == due:
            self._place += 1
        return [ended for _, ended in self._arrivals[first : self._place]]

    def turn(self, number: int, absences: Absences) -> Exchange:
        """The recorded period, after a check that all its messages were sent and the same devices were away."""
        before, self._period, self._absences = self._absences, number, absences
        if number == 0:
            return nothing(self.devices)
        exchange = self.trace.exchanges[number - 1]
        if self.now_ns != exchange.closed_ns:
            raise UserError(
                f"Period {number - 1} closes at {in_s(self.now_ns)}, in the trace at {in_s(exchange.closed_ns)}: "
                "choose the run.period_s of the recording."
            )
        check_absences(exchange, before, f"Period {number - 1}")
        if self._sent != sum(map(len, self.trace.outboxes[:number])):
            raise UserError(
                f"Period {number - 1} does not fit the trace: fewer messages are sent than were recorded ({CHOOSE})."
            )
        return exchange

    def close(self) -> None:
        """Nothing is held."""

    def _where(self) -> str:
        return f"Period {self._period} does not fit the trace"


def arrivals(trace: Trace, messages: list[Sent]) -> list[tuple[int, Ended]]:
    """When each recorded message arrived where, in order of time, message and receiver.

    A delivery does not name its message. But those of one sender to one receiver end in the order of sending, so
    that the n-th row of the two is their n-th message; and of one meant for all neighbours the next one takes the
    place, so that what arrives is the last that was sent before.
    """
    direct: defaultdict[tuple[int, int], deque[int]] = defaultdict(deque)
    to_all: defaultdict[int, list[int]] = defaultdict(list)
    for number, sent in enumerate(messages):
        if sent.dst == ALL_NEIGHBOURS:
            to_all[sent.src].append(number)
        else:
            direct[sent.src, sent.dst].append(number)
    found = []
    for src, dst, arrived_ns in _deliveries(trace):
        if src in to_all:
            before = bisect_left(to_all[src], arrived_ns, key=lambda number: messages[number].ready_ns)
            number = to_all[src][max(before - 1, 0)]
        elif direct[src, dst]:
            number = direct[src, dst].popleft()
        else:
            raise UserError("The trace is not one of an event-driven mode: more was delivered than sent.")
        if arrived_ns != NEVER:
            found.append((arrived_ns, Ended(number, src, dst, True)))
    return sorted(found)


def _difference(sent: Sent, recorded: Sent | None) -> str:
    """The first that differs, in the order in which one is the cause of the next."""
    if recorded is None:
        return f"device {sent.src} sends at {in_s(sent.ready_ns)}, after the last recorded message ({CHOOSE})"
    if (sent.dst == ALL_NEIGHBOURS) != (recorded.dst == ALL_NEIGHBOURS):
        mode = "async" if sent.dst == ALL_NEIGHBOURS else "local"
        return f'it was recorded in mode "{mode}", the scenario is of another (set run.mode = "{mode}")'
    if sent.src != recorded.src:
        return (
            f"device {sent.src} sends at {in_s(sent.ready_ns)}, recorded was device {recorded.src} at "
            f"{in_s(recorded.ready_ns)} ({CHOOSE})"
        )
    if sent.size_bytes != recorded.size_bytes:
        return (
            f"device {sent.src} sends {sent.size_bytes} bytes, recorded were {recorded.size_bytes} "
            f"(choose the model and algorithm of the recording, or {OTHERWISE})"
        )
    if sent.ready_ns != recorded.ready_ns:
        return f"device {sent.src} sends at {in_s(sent.ready_ns)}, recorded was {in_s(recorded.ready_ns)} ({CHOOSE})"
    return f"device {sent.src} sends to device {sent.dst}, recorded was device {recorded.dst} ({CHOOSE})"


def _deliveries(trace: Trace) -> Iterator[tuple[int, int, int]]:
    for exchange in trace.exchanges:
        rows = exchange.deliveries
        yield from zip(rows.src.tolist(), rows.dst.tolist(), rows.arrived_ns.tolist(), strict=True)


def _messages(outbox: Outbox) -> list[Sent]:
    columns = (outbox.src, outbox.dst, outbox.size_bytes, outbox.ready_ns)
    return [Sent(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _sightings(trace: Trace) -> dict[int, tuple[list[int], list[list[int]]]]:
    """By device: when its neighbours changed, ascending, and what they were from then on."""
    found: dict[int, tuple[list[int], list[list[int]]]] = {each: ([], []) for each in range(trace.header.nodes)}
    for exchange in trace.exchanges:
        rows = exchange.sightings
        for time_ns, device, neighbour in zip(
            rows.time_ns.tolist(), rows.device.tolist(), rows.neighbour.tolist(), strict=True
        ):
            times, neighbours = found[device]
            if not times or times[-1] != time_ns:
                times.append(time_ns)
                neighbours.append([])
            if neighbour != NOBODY:
                neighbours[-1].append(neighbour)
    return found
