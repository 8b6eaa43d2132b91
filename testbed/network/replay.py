"""The `replay` network: a recorded trace answers, and no simulator runs.

The semantics are exact: the messages that were recorded arrive when they arrived. So the messages that are
sent have to be those of the recording, in sender, size and time; it is an error if they are not. The recording begins
at 0, as the run does, and may be played again and again (`loop`).
"""

from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, Absences, Exchange, Outbox
from testbed.trace import Trace
from testbed.trace.transform import lap

OTHERWISE = 'set network.replay = "links", which times any message anew'
"""What helps whoever sends other messages than were recorded."""


class ReplayNetwork:
    """Plays `trace` to as many devices as it has nodes, in mode `barrier`; from the first round again where it ends, if
    it is to `loop`.

    Raises UserError where the trace is of another mode, or the scenario asks for more than it holds.
    """

    events = 0

    def __init__(self, trace: Trace, devices: int, rounds: int, loop: bool = False) -> None:
        if (mode := recorded_mode(trace)) in ("local", "async"):
            raise UserError(
                f'The trace was recorded in mode "{mode}", the scenario is of mode "barrier": set run.mode = "{mode}".'
            )
        check_fits(trace, devices, 1 if loop else rounds)
        self.devices, self._loop = devices, loop
        self.trace = trace

    def describe(self) -> dict[str, Any]:
        """What the recording said of its network; and which of its nodes are the devices, where they were chosen."""
        return self.trace.header.network

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences = ALL_PRESENT) -> Exchange:
        """The recorded exchange of this round, after a check that these are the messages it carried."""
        if not self._loop:
            check_length(self.trace, round_ + 1)
        recorded, exchange = lap(self.trace, round_)
        if complaint := _difference(outbox, recorded):
            raise UserError(f"Round {round_} does not fit the trace: {complaint}.")
        check_absences(exchange, absences, f"Round {round_}")
        if opened_ns != exchange.opened_ns:
            raise UserError(
                f"Round {round_} opens at {in_s(opened_ns)}, in the trace at {in_s(exchange.opened_ns)} (choose the "
                f"run.deadline_s, run.period_s and devices.churn_file or churn_s of the recording, or {OTHERWISE})."
            )
        return exchange

    def close(self) -> None:
        """Nothing is held."""


def recorded_mode(trace: Trace) -> str | None:
    """The `run.mode` of the recording, as far as its messages tell; None where it has none.

    In the event-driven modes a device looks for its neighbours whenever it sends, which `sightings` keeps. In `local`
    it sends to all of them, in `async` to one.
    """
    sent = next((outbox for outbox in trace.outboxes if len(outbox)), None)
    if sent is None:
        return None
    if not any(len(exchange.sightings) for exchange in trace.exchanges):
        return "barrier"
    return "local" if sent.dst[0] == ALL_NEIGHBOURS else "async"


def in_s(time_ns: int) -> str:
    """A time for people, to the nanosecond that makes the difference."""
    return f"{time_ns // 10**9}.{time_ns % 10**9:09d} s"


def check_fits(trace: Trace, devices: int, rounds: int) -> None:
    """Raises UserError where the scenario asks for more than the trace holds, or for some of its nodes only."""
    check_nodes(trace, devices)
    check_length(trace, rounds)


def check_nodes(trace: Trace, devices: int) -> None:
    """Raises UserError where there is not one node for each device."""
    nodes = trace.header.nodes
    if nodes > devices:
        raise UserError(
            f"The trace has {nodes} nodes, the scenario {devices} devices: set devices.count = {nodes}, or choose "
            'among the nodes with network.nodes = "first", "busiest", "random" or a list.'
        )
    if nodes < devices:
        raise UserError(f"The trace has {nodes} nodes, the scenario {devices} devices: set devices.count = {nodes}.")


def check_length(trace: Trace, rounds: int) -> None:
    """Raises UserError where the trace holds fewer rounds."""
    again = ' or network.at_end = "loop"' if recorded_mode(trace) not in ("local", "async") else ""
    window = " in its window" if any(step.get("step") == "window" for step in trace.header.provenance) else ""
    if len(trace) < rounds:
        raise UserError(
            f"The trace holds {len(trace)} rounds{window}, the scenario asks for {rounds}: set run.rounds = "
            f"{len(trace)}{again}, or record a longer one."
        )


def check_absences(exchange: Exchange, absences: Absences, name: str) -> None:
    """Raises UserError where others are away in this round or period than were in the recording."""
    away_ns = absences.within(exchange.opened_ns, exchange.closed_ns, len(exchange.devices))
    if (away_ns != exchange.devices.away_ns).any():
        raise UserError(
            f"{name} does not fit the trace: other devices are away (choose the devices.churn_file or churn_s of the "
            f"recording, or {OTHERWISE})."
        )


def _difference(sent: Outbox, recorded: Outbox) -> str | None:
    if len(sent) == 0 < len(recorded):
        return (
            "nothing is sent, as by all-reduce and local-only; run those over the live network or a graph, or "
            f"{OTHERWISE}"
        )
    if not (np.array_equal(sent.src, recorded.src) and np.array_equal(sent.dst, recorded.dst)):
        counts = f"{len(sent)} messages are sent, {len(recorded)} were recorded"
        return f"{counts}, or by other devices, or to others; {OTHERWISE}"
    for message in np.flatnonzero(sent.size_bytes != recorded.size_bytes)[:1]:
        return (
            f"device {sent.src[message]} sends {sent.size_bytes[message]} bytes, "
            f"recorded were {recorded.size_bytes[message]} (choose the model and algorithm of the recording, or "
            f"{OTHERWISE})"
        )
    for message in np.flatnonzero(sent.ready_ns != recorded.ready_ns)[:1]:
        return (
            f"device {sent.src[message]} is ready at {in_s(sent.ready_ns[message])}, "
            f"recorded was {in_s(recorded.ready_ns[message])} (choose the devices.profile, batch_size and local_steps "
            f"of the recording, or {OTHERWISE})"
        )
    return None
