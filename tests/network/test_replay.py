"""The replay network: what was recorded, exactly, or an error that says why not."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, Outbox
from testbed.network.graph import GraphNetwork
from testbed.network.replay import ReplayNetwork
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
    writer = TraceWriter(tmp_path, Header(devices=DEVICES, seed=1, network=network.describe(), scenario="0"))
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
        ({"ready_ns": [10] * 5 + [11]}, "device 5 is ready at 11 ns, recorded was 10 ns"),
        ({"dst": [0] * 6}, "or by other devices"),
    ],
)
def test_other_messages_than_the_recorded_are_an_error(trace: Trace, change: dict[str, list[int]], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ReplayNetwork(trace, DEVICES, ROUNDS).exchange(0, 0, dataclasses.replace(outbox(0), **change))
