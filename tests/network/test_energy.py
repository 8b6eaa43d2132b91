"""Joules of the radio: time in each state, times voltage and current, against frames counted by hand."""

from typing import Any

import numpy as np
import pytest

from testbed.exchange import ALL_NEIGHBOURS, Absences, Devices, Outbox
from testbed.network.ns3 import Ns3Network
from testbed.scenario import parse

SECOND = 1_000_000_000
CURRENTS = {"tx_a": 0.5, "rx_a": 0.4, "busy_a": 0.3, "idle_a": 0.2}
VOLTAGE = 3.3
DETECTION_NS, HEADER_NS = 4_000, 20_000
"""Of every frame heard, ns-3 takes the first 4 us to notice it (idle), counts the rest of preamble and SIGNAL field as
a busy air and only then receives."""


@pytest.fixture
def pair(engine: None) -> Any:
    sections = {"devices": {"count": 2, "voltage_v": VOLTAGE, **CURRENTS}, "run": {"deadline_s": 10.0}}
    network = Ns3Network(parse(sections | {"network": {"side_m": 20.0, "repair": "none", "hellos": 3}}))
    yield network
    network.close()


def one_message(opened: int = 0) -> Outbox:
    return Outbox([0], [ALL_NEIGHBOURS], [5000], [opened])


def by_hand(devices: Devices, round_ns: int, away_ns: Any = 0) -> Any:
    """Two devices in earshot that never send at once: what one sends the other hears."""
    sent, heard = devices.airtime_ns, devices.airtime_ns[::-1]
    rx, busy = heard - HEADER_NS * devices.frames[::-1], (HEADER_NS - DETECTION_NS) * devices.frames[::-1]
    idle = round_ns - sent - rx - busy - away_ns
    joules = sent * CURRENTS["tx_a"] + rx * CURRENTS["rx_a"] + busy * CURRENTS["busy_a"] + idle * CURRENTS["idle_a"]
    return VOLTAGE * joules * 1e-9


def test_joules_are_time_times_current_times_voltage(pair: Ns3Network) -> None:
    for round_, opened in enumerate((0, 20 * SECOND)):
        exchange = pair.exchange(round_, opened, one_message(opened))
        assert exchange.devices.frames.tolist() == [3 + 4, 3]
        expected = by_hand(exchange.devices, exchange.closed_ns - opened)
        assert exchange.devices.energy_j == pytest.approx(expected, rel=1e-9)


def test_a_radio_that_is_off_uses_nothing(pair: Ns3Network) -> None:
    nothing = Outbox([], [], [], [])
    present = pair.exchange(0, 0, nothing).devices.energy_j
    gone = pair.exchange(1, 2 * SECOND, nothing, Absences([1], [0], [9 * SECOND])).devices
    assert gone.energy_j[1] == 0
    assert gone.energy_j[0] < present[0]  # hears nobody


def test_a_device_pays_for_the_time_it_is_here(pair: Ns3Network) -> None:
    absences = Absences([1, 1], [0, 2 * SECOND], [SECOND // 1000, 9 * SECOND])  # within the quiet time; after the round
    exchange = pair.exchange(0, 0, Outbox([], [], [], []), absences)
    expected = by_hand(exchange.devices, exchange.closed_ns, np.array([0, SECOND // 1000]))
    assert exchange.devices.energy_j == pytest.approx(expected, rel=1e-9)


def test_a_device_comes_back(pair: Ns3Network) -> None:
    pair.exchange(0, 0, Outbox([], [], [], []), Absences([1], [0], [SECOND]))
    exchange = pair.exchange(1, 2 * SECOND, one_message(2 * SECOND))
    assert exchange.deliveries.arrived.all()
    assert exchange.devices.energy_j == pytest.approx(
        by_hand(exchange.devices, exchange.closed_ns - 2 * SECOND), rel=1e-9
    )
