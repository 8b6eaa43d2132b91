"""Each transport: who gets the message and when, what is on the air for it, and what a round may depend on."""

from typing import Any

import numpy as np
import pytest

from testbed.exchange import NEVER, Absences, Cause, Exchange, Outbox
from tests.network.air import (
    HEADER,
    SECOND,
    TRANSPORTS,
    both_ways,
    everyone,
    frame_ns,
    only,
    pairs_that_hear,
    ppdu_ns,
    star,
)

REPAIRING = [name for name in TRANSPORTS if name != "none"]
each_transport = pytest.mark.parametrize("name", TRANSPORTS)


@each_transport
def test_edge_graphs(live: Any, name: str) -> None:
    """Nobody hears anybody; one hears without being heard; one hears nobody at all."""
    keys = TRANSPORTS[name]
    empty = live(3, loss=pairs_that_hear(3), **keys).exchange(0, 0, everyone(3, ready_ns=2 * SECOND))
    assert len(empty.deliveries) == 0
    assert empty.closed_ns == 2 * SECOND
    one_way = live(4, loss=pairs_that_hear(4, (0, 1), (0, 2), (2, 0)), **keys).exchange(0, 0, everyone(4, 100))
    assert reached(one_way) == [(0, 2), (2, 0)]
    assert one_way.deliveries.arrived.all()


@each_transport
def test_messages_of_any_size_are_cut_into_frames(live: Any, name: str) -> None:
    network = live(2, payload_bytes=1000, **TRANSPORTS[name])
    header = HEADER if name == "tcp" else 0  # travels once per connection instead of once per frame
    for round_, size in enumerate([0, 1, 1000 - header, 1001 - header, 9000 - header]):
        opened = round_ * 11 * SECOND
        exchange = network.exchange(round_, opened, only(0, size, opened))
        assert exchange.deliveries.arrived.all()
        assert exchange.deliveries.frames.tolist() == [max(1, -(-(size + header) // 1000))]
        assert exchange.deliveries.retries.tolist() == [0]
        assert exchange.closed_ns == exchange.deliveries.arrived_ns[0]


def test_tcp_carries_more_than_its_windows_hold(live: Any) -> None:
    exchange = live(2, transport="tcp").exchange(0, 0, only(0, 400_000))  # ns-3's buffers have 131,072 bytes
    assert exchange.deliveries.arrived.all()
    assert exchange.deliveries.frames[0] >= -(-(400_000 + HEADER) // 1472)


@each_transport
def test_the_largest_frames_fit(live: Any, name: str) -> None:
    exchange = live(10, payload_bytes=2240, **TRANSPORTS[name]).exchange(0, 0, everyone(10, 3 * 2240))
    assert len(exchange.deliveries) == 90
    assert name == "none" or exchange.deliveries.arrived.all()


@pytest.mark.parametrize("name", REPAIRING)
def test_hidden_terminals_are_overcome(live: Any, name: str) -> None:
    exchange = live(5, loss=star(5), load=1.0, **TRANSPORTS[name]).exchange(0, 0, everyone(5, 20_000))
    assert len(exchange.deliveries) == 8
    assert exchange.deliveries.arrived.all()
    needed = 14
    assert exchange.deliveries.frames.min() >= needed
    assert exchange.deliveries.frames.max() > needed  # some was sent again


def test_without_repair_lost_frames_lose_the_message(live: Any) -> None:
    exchange = live(5, loss=star(5), load=1.0, repair="none").exchange(0, 0, everyone(5, 20_000))
    assert Cause.FRAMES_LOST in exchange.deliveries.cause
    assert exchange.deliveries.frames.tolist() == [14] * 8


@pytest.mark.parametrize(
    ("name", "rate"), [*((name, "24Mbps") for name in TRANSPORTS), ("unicast", "ns3::MinstrelWifiManager")]
)
def test_a_round_depends_on_nothing_but_its_own(live: Any, name: str, rate: str) -> None:
    """Neither on rounds before nor on the process: two runs are the same, and so is a round alone."""
    keys = {"side_m": 120.0, "deadline_s": 3.0, "rate": rate} | TRANSPORTS[name]
    first, second, alone = (live(8, **keys) for _ in range(3))
    opened = 0
    for round_ in range(4):
        outbox = everyone(8, 20_000, opened)
        exchange = first.exchange(round_, opened, outbox)
        assert exchange == second.exchange(round_, opened, outbox)
        last, opened = exchange, exchange.closed_ns
    assert alone.exchange(3, last.opened_ns, everyone(8, 20_000, last.opened_ns)) == last


@each_transport
def test_the_deadline_ends_everything(live: Any, name: str) -> None:
    """Of what was under way, full queues and open connections, nothing is left in the next round."""
    network, fresh = (live(4, deadline_s=1.5, **TRANSPORTS[name]) for _ in range(2))
    late = network.exchange(0, 0, everyone(4, 10_000_000))
    assert late.closed_ns == 1.5 * SECOND
    assert set(late.deliveries.cause) == {Cause.DEADLINE}
    assert set(late.deliveries.arrived_ns) == {NEVER}
    assert (late.devices.frames > 50).all()
    clean = network.exchange(1, late.closed_ns, everyone(4, 2000, late.closed_ns))
    assert name == "none" or clean.deliveries.arrived.all()
    assert clean == fresh.exchange(1, late.closed_ns, everyone(4, 2000, late.closed_ns))


@each_transport
def test_who_leaves_takes_deliveries_along(live: Any, name: str) -> None:
    leaves = 1_010_000_000
    network, big = live(3, deadline_s=3.0, **TRANSPORTS[name]), everyone(3, 200_000)
    exchange = network.exchange(0, 0, big, Absences.of(device=[1], from_ns=[leaves], until_ns=[9 * SECOND]))
    rows = zip(reached(exchange), exchange.deliveries.cause.tolist(), strict=True)
    assert all((cause == Cause.AWAY) == (1 in pair) for pair, cause in rows)
    assert exchange.devices.away_ns[1] == exchange.closed_ns - leaves
    back = network.exchange(1, 9 * SECOND, everyone(3, 1000, 9 * SECOND))
    assert len(back.deliveries) == 6


def test_unicast_in_clean_air_lasts_as_the_formula_says(live: Any) -> None:
    frames = 400
    exchange = live(2, transport="unicast").exchange(0, 0, only(0, frames * 1472))
    data, ack = frame_ns(24, HEADER + 1472), ppdu_ns(24, 14)
    mean_ns = 34_000 + 7.5 * 9_000 + data + 16_000 + ack
    took_ns = exchange.deliveries.arrived_ns[0] - exchange.deliveries.started_ns[0]
    assert took_ns == pytest.approx(data + (frames - 1) * mean_ns, rel=0.01)
    assert exchange.devices.frames.tolist() == [5 + frames, 5 + frames - 1]  # the last ACK comes after the round
    assert exchange.devices.airtime_ns[1] == 5 * data + (frames - 1) * ack


def test_unicast_counts_what_the_mac_sends_again(live: Any) -> None:
    exchange = live(5, loss=star(5), transport="unicast").exchange(0, 0, everyone(5, 20_000))
    rows, devices = exchange.deliveries, exchange.devices
    assert rows.retries.sum() > 0
    assert devices.retries.tolist() == [rows.retries[rows.src == device].sum() for device in range(5)]
    assert (rows.frames - rows.retries >= 14).all()


def test_unicast_is_one_transmission_for_each_neighbour(live: Any) -> None:
    once, each = (live(6, **TRANSPORTS[name]).exchange(0, 0, only(0, 14_720)) for name in ("none", "unicast"))
    assert once.devices.frames[0] == 5 + 10
    assert each.devices.frames[0] == 5 + 5 * 10


def test_unicast_serves_others_where_one_cannot_be_reached(live: Any) -> None:
    """Device 1 turns deaf after the hellos; the message for device 2 does not wait for it."""
    network = live(3, deadline_s=3.0, transport="unicast")
    away = Absences.of(device=[1], from_ns=[1_005_000_000], until_ns=[1_006_000_000])
    exchange = network.exchange(0, 0, only(0, 400_000), away)
    assert exchange.deliveries.cause.tolist() == [Cause.AWAY, Cause.ARRIVED]


def test_nack_sends_again_only_what_is_missed(live: Any) -> None:
    clean = live(6, repair="nack", load=0.1).exchange(0, 0, only(0, 30 * 1472))
    assert clean.deliveries.arrived.all()
    assert clean.deliveries.frames.tolist() == [30] * 5


def test_a_disconnected_graph_keeps_its_parts_apart(live: Any) -> None:
    for name in TRANSPORTS:
        exchange = live(5, loss=both_ways(5, (0, 1), (2, 3)), load=0.1, **TRANSPORTS[name]).exchange(0, 0, everyone(5))
        assert reached(exchange) == [(0, 1), (1, 0), (2, 3), (3, 2)]


def test_broadcast_frames_are_counted_once_for_all(live: Any) -> None:
    rows = live(4, repair="fountain").exchange(0, 0, everyone(4, 20_000)).deliveries
    assert all(len(set(rows.frames[rows.src == device])) == 1 for device in range(4))
    assert not rows.retries.any()


@each_transport
def test_who_is_ready_late_starts_late(live: Any, name: str) -> None:
    outbox = Outbox([0, 1], [-1, -1], [100, 100], [0, 2 * SECOND])
    rows = live(2, **TRANSPORTS[name]).exchange(0, 0, outbox).deliveries
    assert rows.started_ns[0] < 1.5 * SECOND < 2 * SECOND <= rows.started_ns[1]
    assert np.all(rows.arrived_ns > rows.started_ns)


def reached(exchange: Exchange) -> list[tuple[int, int]]:
    return list(zip(exchange.deliveries.src.tolist(), exchange.deliveries.dst.tolist(), strict=True))
