"""What each transport makes of the same messages: 50 devices, 31.4 kB each, 24 Mb/s, at three densities."""

from contextlib import closing
from math import ceil
from typing import Any

import numpy as np

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, Exchange, Outbox
from testbed.network.engine import missing_engine
from testbed.network.ns3 import Ns3Network
from testbed.scenario import Scenario, parse

TRANSPORTS: dict[str, dict[str, str]] = {
    "fountain": {"repair": "fountain"},
    "nack": {"repair": "nack"},
    "none": {"repair": "none"},
    "unicast": {"transport": "unicast"},
    "tcp": {"transport": "tcp"},
}
DENSITIES = (0.2, 0.5, 0.9)
DEVICES, SIZE_BYTES, DEADLINE_S = 50, 31_400, 10.0
ROUNDS = {"fountain": 5, "nack": 5, "none": 5, "unicast": 1, "tcp": 1}
"""One of the last two takes minutes: the air is full until the deadline."""


def broadcast() -> dict[str, Any]:
    """For each transport and density, means over redrawn rounds: the share of the round's links whose message arrived
    before the deadline of 10 s (`served`), the data frames on the air over the fewest that could carry every message
    once (`frames_ratio`), and the simulated seconds of a round, one of hellos among them (`round_s`).
    """
    if complaint := missing_engine():
        raise UserError(complaint)
    sides = {density: _side_m(density) for density in DENSITIES}
    return {name: _at(sides, ROUNDS[name], keys) for name, keys in TRANSPORTS.items()}


def _at(sides: dict[float, float], rounds: int, keys: dict[str, str]) -> dict[str, Any]:
    return {f"{density}": measure(bench_scenario(side_m=side, **keys), rounds) for density, side in sides.items()}


def measure(scenario: Scenario, rounds: int) -> dict[str, float]:
    """Means over the first rounds in which everybody sends at the opening."""
    devices, opened_ns = scenario.devices.count, 0
    exchanges = []
    with closing(Ns3Network(scenario)) as network:
        for round_ in range(rounds):
            exchanges.append(network.exchange(round_, opened_ns, _everyone(devices, opened_ns)))
            opened_ns = exchanges[-1].closed_ns
    needed = devices * ceil(SIZE_BYTES / scenario.network.payload_bytes)
    return {
        "density": float(np.mean([each.density for each in exchanges])),
        "served": float(np.mean(np.concatenate([each.deliveries.arrived for each in exchanges]))),
        "frames_ratio": float(np.mean([data_frames(each, scenario) for each in exchanges]) / needed),
        "round_s": float(np.mean([each.closed_ns - each.opened_ns for each in exchanges]) / 1e9),
        "longest_s": max(each.closed_ns - each.opened_ns for each in exchanges) / 1e9,
    }


def _everyone(devices: int, ready_ns: int) -> Outbox:
    dst, size, ready = np.full((3, devices), [[ALL_NEIGHBOURS], [SIZE_BYTES], [ready_ns]])
    return Outbox.of(src=np.arange(devices), dst=dst, size_bytes=size, ready_ns=ready)


def data_frames(exchange: Exchange, scenario: Scenario) -> int:
    """All that were on the air; a broadcast frame, which stands in the row of every neighbour, once."""
    rows = exchange.deliveries
    if scenario.network.transport != "broadcast":
        return int(rows.frames.sum())
    return int(rows.frames[np.unique(rows.src, return_index=True)[1]].sum())


def bench_scenario(**keys: Any) -> Scenario:
    """The devices of this benchmark under these keys of `[network]`."""
    run = {"deadline_s": DEADLINE_S}
    return parse({"run": run, "devices": {"count": DEVICES}, "network": {"rate": "24Mbps", **keys}})


def _side_m(density: float) -> float:
    with closing(Ns3Network(bench_scenario(density=density))) as network:
        return network.side_m
