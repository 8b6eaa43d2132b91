"""The live medium: the air without rounds."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, NEVER, Absences, Cause, Exchange
from testbed.network.medium import Ended
from testbed.network.ns3_medium import Ns3Medium
from testbed.scenario import parse
from tests.network.air import SECOND, TRANSPORTS, both_ways, only, pairs_that_hear, star

Make = Callable[..., Ns3Medium]
each_transport = pytest.mark.parametrize("name", TRANSPORTS)
QUIET = {"beacon_s": 1000.0}
"""So long between hellos that none meets the messages of a test."""


@pytest.fixture
def medium(engine: None) -> Iterator[Make]:
    """`medium(devices, seed=1, **keys of [network])`, in a square of 20 m unless said otherwise; its first period."""
    with ExitStack() as stack:

        def make(devices: int, seed: int = 1, **keys: Any) -> Ns3Medium:
            run = {"seed": seed, "mode": "local", "period_s": 1.0}
            sections = {"run": run, "devices": {"count": devices}, "network": {"side_m": 20.0} | keys}
            made = stack.enter_context(closing(Ns3Medium(parse(sections))))
            made.turn(0, ALL_PRESENT)
            return made

        yield make


def until(medium: Ns3Medium, end_ns: int) -> list[tuple[int, Ended]]:
    """All that ends until then, with its instant."""
    ended = []
    while medium.now_ns < end_ns:
        ended += [(medium.now_ns, each) for each in medium.advance(end_ns)]
    return ended


def rows(exchange: Exchange) -> list[tuple[int, int, Cause]]:
    table = exchange.deliveries
    return list(zip(table.src.tolist(), table.dst.tolist(), map(Cause, table.cause), strict=True))


@each_transport
def test_one_message_arrives_as_in_a_round(live: Any, medium: Make, name: str) -> None:
    keys = QUIET | TRANSPORTS[name]
    air = medium(4, **keys)
    until(air, SECOND)
    assert air.send(7, 1, ALL_NEIGHBOURS, 30_000) == [0, 2, 3]
    ended = until(air, 3 * SECOND)
    there = live(4, **keys).exchange(0, 0, only(1, 30_000)).deliveries
    assert {(each.dst, at) for at, each in ended} == set(zip(there.dst, there.arrived_ns, strict=True))
    assert {(each.message, each.src, each.arrived) for _, each in ended} == {(7, 1, True)}
    here = air.turn(1, ALL_PRESENT).deliveries
    assert here.started_ns.tolist() == there.started_ns.tolist()
    assert here.arrived_ns.tolist() == there.arrived_ns.tolist()


@each_transport
def test_messages_of_a_source_go_one_after_the_other(medium: Make, name: str) -> None:
    air = medium(3, **QUIET, **TRANSPORTS[name])
    until(air, SECOND)
    for message in range(3):
        assert air.send(message, 0, 1, 8_000) == [1]
    air.send(3, 0, 2, 8_000)
    ended = [each for _, each in until(air, 5 * SECOND)]
    assert [each.message for each in ended if each.dst == 1] == [0, 1, 2]
    assert Ended(3, 0, 2, True) in ended
    assert rows(air.turn(1, ALL_PRESENT)) == [(0, 1, Cause.ARRIVED)] * 3 + [(0, 2, Cause.ARRIVED)]


@each_transport
def test_what_is_cancelled_ends_without_a_word(medium: Make, name: str) -> None:
    air = medium(3, **QUIET, **TRANSPORTS[name])
    until(air, SECOND)
    air.send(0, 0, ALL_NEIGHBOURS, 10_000_000)
    air.send(1, 0, ALL_NEIGHBOURS, 5_000)
    assert until(air, 1_300_000_000) == []
    air.cancel(0)
    ended = [each for _, each in until(air, 4 * SECOND)]
    assert sorted(ended) == [Ended(1, 0, 1, True), Ended(1, 0, 2, True)]
    exchange = air.turn(1, ALL_PRESENT)
    assert rows(exchange)[:2] == [(0, 1, Cause.SUPERSEDED), (0, 2, Cause.SUPERSEDED)]
    assert set(exchange.deliveries.arrived_ns[:2]) == {NEVER}
    frames = exchange.devices.frames[0]
    until(air, 6 * SECOND)
    assert frames > air.turn(2, ALL_PRESENT).devices.frames[0]  # the cancelled message is not on the air any more


@each_transport
def test_who_leaves_ends_deliveries_at_that_instant(medium: Make, name: str) -> None:
    air = medium(3, beacon_s=0.2, **TRANSPORTS[name])
    leaves, returns = 1_400_000_000, 2_000_000_000
    air.turn(1, Absences.of(device=[1], from_ns=[leaves], until_ns=[returns]))
    until(air, SECOND)
    air.send(0, 0, ALL_NEIGHBOURS, 10_000_000)
    air.send(1, 1, 2, 10_000_000)
    assert until(air, leaves) == [(leaves, Ended(0, 0, 1, False)), (leaves, Ended(1, 1, 2, False))]
    assert air.neighbours(1) == []
    assert air.neighbours(0) == [2]
    air.send(2, 2, 1, 10)
    assert air.advance(returns) == [Ended(2, 2, 1, False)]
    assert air.now_ns == leaves
    air.cancel(0)
    until(air, returns + SECOND)
    assert air.neighbours(1) == [0, 2]
    air.send(3, 2, 1, 10)
    assert name == "none" or [each for _, each in until(air, 5 * SECOND)] == [Ended(3, 2, 1, True)]
    exchange = air.turn(2, ALL_PRESENT)
    assert exchange.devices.away_ns.tolist() == [0, returns - leaves, 0]
    assert rows(exchange)[0] == (0, 1, Cause.AWAY)


@each_transport
def test_twice_the_same_bytes(medium: Make, name: str) -> None:
    def story() -> bytes:
        air, told = medium(6, side_m=100.0, beacon_s=0.3, mobility="redraw", **TRANSPORTS[name]), []
        until(air, SECOND)
        for message in range(12):
            told.append(air.send(message, message % 6, ALL_NEIGHBOURS, 4_000 * (1 + message % 3)))
            told.append(until(air, SECOND + (message + 1) * SECOND // 10))
            told.append([air.neighbours(device) for device in range(6)])
            told.append(air.turn(message + 1, ALL_PRESENT) if message % 4 == 3 else None)
        return pickle.dumps(told)

    assert story() == story()


def test_repair_makes_up_for_hidden_terminals(medium: Make) -> None:
    for name in ("fountain", "nack", "unicast", "tcp"):
        air = medium(5, loss=star(5), load=1.0, beacon_s=0.5, **TRANSPORTS[name])
        until(air, SECOND)
        meant = sum(len(air.send(message, message % 5, ALL_NEIGHBOURS, 10_000)) for message in range(15))
        ended = [each for _, each in until(air, 30 * SECOND)]
        assert len(ended) == meant == 3 * 8
        assert all(each.arrived for each in ended)


def test_links_follow_the_last_hellos(medium: Make) -> None:
    """Nobody is a neighbour at first; who moves out of reach is none any more after some hellos unheard."""
    air = medium(2, side_m=40.0, beacon_s=0.1, mobility="redraw", hello_share=0.6)
    assert air.neighbours(0) == []
    until(air, SECOND)
    assert air.neighbours(0) == [1]
    links = air.turn(1, ALL_PRESENT).links
    assert links.neighbour.all()
    assert links.delivery.tolist() == [1, 1]
    away = Absences.of(device=[1], from_ns=[air.now_ns], until_ns=[100 * SECOND])
    assert air.turn(2, away).closed_ns == SECOND
    until(air, 2 * SECOND)
    assert len(air.turn(3, away).links) == 0


def test_unicast_goes_on_trying_until_it_is_told_to_stop(medium: Make) -> None:
    air = medium(2, loss=pairs_that_hear(2), transport="unicast", **QUIET)
    until(air, SECOND)
    assert air.send(0, 0, ALL_NEIGHBOURS, 10) == []
    assert air.send(1, 0, 1, 10) == [1]
    assert until(air, 3 * SECOND) == []
    air.cancel(1)
    table = air.turn(1, ALL_PRESENT).deliveries
    (frames,), (retries,) = table.frames.tolist(), table.retries.tolist()
    tries = 7  # of the MAC for one frame: dot11LongRetryLimit and dot11ShortRetryLimit of ns-3
    assert frames > 10 * tries
    assert frames - retries == -(-frames // tries)


def test_periods_share_what_happens(medium: Make) -> None:
    air = medium(3, **QUIET, loss=both_ways(3, (0, 1)))
    until(air, SECOND)
    air.send(0, 0, ALL_NEIGHBOURS, 1000)
    until(air, 2 * SECOND)
    first = air.turn(1, ALL_PRESENT)
    assert rows(first) == [(0, 1, Cause.ARRIVED)]
    assert (first.opened_ns, first.closed_ns) == (0, 2 * SECOND)
    assert first.devices.frames.min() >= 5
    until(air, 3 * SECOND)
    second = air.turn(2, ALL_PRESENT)
    assert (second.opened_ns, second.closed_ns) == (2 * SECOND, 3 * SECOND)
    assert len(second.deliveries) == 0
    assert second.devices.frames.tolist() == [0, 0, 0]
    assert second.links == first.links


def test_time_and_messages_that_cannot_be(medium: Make) -> None:
    air = medium(2, **QUIET)
    until(air, SECOND)
    with pytest.raises(ValueError, match="cannot go back"):
        air.advance(SECOND - 1)
    for src, dst, size in [(2, 0, 1), (0, 2, 1), (0, 0, 1), (-1, 0, 1), (0, 1, -1)]:
        with pytest.raises(ValueError, match="it needs two devices"):
            air.send(0, src, dst, size)
