"""The replay network: what was recorded, exactly, or an error that says why not."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, Outbox, Sightings
from testbed.network.graph import GraphNetwork
from testbed.network.replay import ReplayNetwork
from testbed.network.replay_medium import ReplayMedium
from testbed.scenario import parse
from testbed.trace import Header, Trace, TraceWriter, read

DEVICES, ROUNDS = 6, 3


def outbox(opened_ns: int) -> Outbox:
    count = DEVICES
    return Outbox(np.arange(count), [ALL_NEIGHBOURS] * count, [500] * count, [opened_ns + 10] * count)


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    settings = parse({"network": {"kind": "graph", "density": 0.5}}).network
    network = GraphNetwork(DEVICES, 1, settings, 1.0)
    writer = TraceWriter(tmp_path, Header(nodes=DEVICES, seed=1, network=network.describe(), scenario="0"))
    clock = 0
    for round_ in range(ROUNDS):
        exchange = network.exchange(round_, clock, outbox(clock))
        writer.append(round_, outbox(clock), exchange)
        clock = exchange.closed_ns
    writer.finish()
    writer.discard()
    return read(tmp_path)


def test_the_recorded_exchanges_come_back(trace: Trace) -> None:
    network, clock = ReplayNetwork(trace, DEVICES, ROUNDS), 0
    for round_ in range(ROUNDS):
        exchange = network.exchange(round_, clock, outbox(clock))
        assert exchange == trace.exchanges[round_]
        clock = exchange.closed_ns


@pytest.mark.parametrize(("devices", "rounds", "said"), [(7, 3, "set devices.count = 6"), (6, 4, "set run.rounds = 3")])
def test_asking_for_more_than_was_recorded_is_an_error(trace: Trace, devices: int, rounds: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        ReplayNetwork(trace, devices, rounds)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size_bytes": [500] * 5 + [501]}, "device 5 sends 501 bytes, recorded were 500"),
        ({"ready_ns": [10] * 5 + [11]}, r"device 5 is ready at 0\.000000011 s, recorded was 0\.000000010 s"),
        ({"dst": [0] * 6}, "or by other devices"),
    ],
)
def test_other_messages_than_the_recorded_are_an_error(trace: Trace, change: dict[str, list[int]], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ReplayNetwork(trace, DEVICES, ROUNDS).exchange(0, 0, dataclasses.replace(outbox(0), **change))


def of_mode(mode: str, trace: Trace) -> Trace:
    """As if it had been recorded in an event-driven mode: devices have looked, and send to all or to one."""
    looks = Sightings.of(time_ns=[10] * DEVICES, device=range(DEVICES), neighbour=[1, 0, 3, 2, 5, 4])
    exchanges = (dataclasses.replace(trace.exchanges[0], sightings=looks), *trace.exchanges[1:])
    if mode == "local":
        return dataclasses.replace(trace, exchanges=exchanges)
    nothing = exchanges[0].deliveries
    nothing = dataclasses.replace(nothing, **{name: [] for name in nothing.columns()})
    return dataclasses.replace(
        trace,
        outboxes=tuple(dataclasses.replace(each, dst=[1, 0, 3, 2, 5, 4]) for each in trace.outboxes),
        exchanges=tuple(dataclasses.replace(exchange, deliveries=nothing) for exchange in exchanges),
    )


@pytest.mark.parametrize("mode", ["local", "async"])
def test_a_trace_of_an_event_driven_mode_is_not_for_the_barrier(trace: Trace, mode: str) -> None:
    with pytest.raises(UserError, match=rf'recorded in mode "{mode}", .* of mode "barrier": set run\.mode = "{mode}"'):
        ReplayNetwork(of_mode(mode, trace), DEVICES, ROUNDS)


def test_a_trace_of_the_barrier_is_not_for_the_event_driven_modes(trace: Trace) -> None:
    with pytest.raises(UserError, match=r'recorded in mode "barrier", .* set run\.mode = "barrier"'):
        ReplayMedium(trace, DEVICES, ROUNDS)


@pytest.mark.parametrize(
    ("mode", "message", "said"),
    [
        ("local", (1, 0, 10, ALL_NEIGHBOURS, 500), "device 0 sends at .*, recorded was device 1 at 0.000000010 s"),
        ("local", (0, 0, 10, ALL_NEIGHBOURS, 501), "device 0 sends 501 bytes, recorded were 500"),
        ("local", (0, 0, 11, ALL_NEIGHBOURS, 500), "device 0 sends at 0.000000011 s, recorded was 0.000000010 s"),
        ("local", (0, 0, 10, 1, 28), 'was recorded in mode "local"'),
        ("async", (0, 0, 10, ALL_NEIGHBOURS, 500), 'was recorded in mode "async"'),
        ("async", (0, 0, 10, 2, 500), "device 0 sends to device 2, recorded was device 1"),
        ("async", (18, 3, 10, 2, 500), "device 3 sends at 0.000000010 s, after the last recorded message"),
    ],
)
def test_a_medium_says_what_differs(trace: Trace, mode: str, message: tuple[int, ...], said: str) -> None:
    number, src, time_ns, dst, size_bytes = message
    medium = ReplayMedium(of_mode(mode, trace), DEVICES, ROUNDS)
    assert medium.advance(time_ns) == []
    with pytest.raises(UserError, match=f"Period 0 does not fit the trace: .*{said}"):
        medium.send(number, src, dst, size_bytes)


def test_a_medium_plays_the_messages_that_were_recorded(trace: Trace) -> None:
    medium = ReplayMedium(of_mode("async", trace), DEVICES, ROUNDS)
    assert medium.advance(9) == []
    with pytest.raises(UserError, match=r"device 2 looks for neighbours at 0\.000000009 s, as it never did"):
        medium.neighbours(2)
    assert medium.advance(10) == []
    assert medium.neighbours(2) == [3]
    assert medium.send(0, 0, 1, 500) == []
