"""The contract of a medium, whoever answers; a new kind joins by a line in MEDIA."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, NEVER, Absences, Cause, Exchange
from testbed.network import Medium, connect_medium
from testbed.network.engine import missing_engine
from testbed.network.medium import Ended
from testbed.scenario import parse

Make = Callable[..., Medium]
SECOND = 1_000_000_000

MEDIA: dict[str, dict[str, Any]] = {
    "graph": {"kind": "graph", "graph": "complete", "rate": "8Mbps", "latency_s": 0.001},
    "unicast": {"kind": "ns3", "side_m": 20.0, "mobility": "static", "transport": "unicast"},
    "broadcast": {"kind": "ns3", "side_m": 20.0, "mobility": "static", "transport": "broadcast"},
    "tcp": {"kind": "ns3", "side_m": 20.0, "mobility": "static", "transport": "tcp"},
}
"""Four devices that all hear each other, from the end of the first second on."""


@pytest.fixture(params=MEDIA)
def medium(request: pytest.FixtureRequest) -> Iterator[Medium]:
    """Begun, and after a second in which nobody sent anything."""
    if MEDIA[request.param]["kind"] == "ns3" and (reason := missing_engine()):
        pytest.skip(reason)
    with ExitStack() as stack:
        medium = stack.enter_context(closing(open_medium(**MEDIA[request.param])))
        medium.turn(0, ALL_PRESENT)
        assert through(medium, 2 * SECOND) == []
        yield medium


def open_medium(devices: int = 4, **network: Any) -> Medium:
    run = {"mode": "local", "period_s": 1.0}
    return connect_medium(parse({"run": run, "devices": {"count": devices}, "network": network}))


def through(medium: Medium, until_ns: int) -> list[tuple[int, Ended]]:
    """All that ends up to an instant, and when."""
    found = []
    while medium.now_ns < until_ns:
        found += [(medium.now_ns, each) for each in medium.advance(until_ns)]
    return found


def rows(exchange: Exchange) -> list[tuple[int, int, int, Cause]]:
    table = exchange.deliveries
    columns = (table.src, table.dst, table.arrived_ns, table.cause)
    return [(src, dst, ns, Cause(cause)) for src, dst, ns, cause in zip(*map(list, columns), strict=True)]


def test_everybody_is_a_neighbour_of_everybody(medium: Medium) -> None:
    assert [medium.neighbours(device) for device in range(4)] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_a_message_to_all_arrives_at_each_neighbour_and_stands_in_the_period(medium: Medium) -> None:
    assert medium.send(0, 1, ALL_NEIGHBOURS, 5_000) == [0, 2, 3]
    ended = through(medium, 4 * SECOND)
    assert sorted(each for _, each in ended) == [Ended(0, 1, dst, True) for dst in (0, 2, 3)]
    assert all(2 * SECOND < ns < 4 * SECOND for ns, _ in ended)
    exchange = medium.turn(1, ALL_PRESENT)
    arrived = {each.dst: ns for ns, each in ended}
    assert rows(exchange) == [(1, dst, arrived[dst], Cause.ARRIVED) for dst in (0, 2, 3)]
    assert (exchange.opened_ns, exchange.closed_ns) == (0, 4 * SECOND)
    assert exchange.devices.airtime_ns[1] > 0
    assert exchange.density == 1


def test_a_message_to_one_goes_to_it_alone(medium: Medium) -> None:
    assert medium.send(0, 2, 3, 500) == [3]
    assert [each for _, each in through(medium, 4 * SECOND)] == [Ended(0, 2, 3, True)]


def test_messages_of_one_sender_arrive_in_the_order_of_sending(medium: Medium) -> None:
    for message, size in enumerate((20_000, 28, 5_000, 28)):
        medium.send(message, 0, 1, size)
    ended = [each for _, each in through(medium, 6 * SECOND)]
    assert ended == [Ended(message, 0, 1, True) for message in range(4)]


def test_what_is_cancelled_does_not_arrive_and_is_superseded(medium: Medium) -> None:
    medium.send(0, 0, ALL_NEIGHBOURS, 400_000)
    medium.send(1, 0, ALL_NEIGHBOURS, 2_000)
    assert through(medium, 2 * SECOND + 1_000_000) == []
    medium.cancel(0)
    ended = [each for _, each in through(medium, 6 * SECOND)]
    assert sorted(ended) == [Ended(1, 0, dst, True) for dst in (1, 2, 3)]
    exchange = medium.turn(1, ALL_PRESENT)
    assert [row[3] for row in rows(exchange)] == [Cause.SUPERSEDED] * 3 + [Cause.ARRIVED] * 3
    assert [row[2] for row in rows(exchange)][:3] == [NEVER] * 3


def test_to_cancel_what_has_arrived_changes_nothing(medium: Medium) -> None:
    medium.send(0, 0, 1, 500)
    through(medium, 4 * SECOND)
    medium.cancel(0)
    assert [row[3] for row in rows(medium.turn(1, ALL_PRESENT))] == [Cause.ARRIVED]


def test_a_message_may_be_on_its_way_across_the_end_of_a_period(medium: Medium) -> None:
    medium.send(0, 0, 1, 200_000)
    through(medium, 2 * SECOND + 30_000_000)
    assert rows(medium.turn(1, ALL_PRESENT)) == []
    (ended,) = through(medium, 6 * SECOND)
    assert ended[1] == Ended(0, 0, 1, True)
    exchange = medium.turn(2, ALL_PRESENT)
    assert rows(exchange) == [(0, 1, ended[0], Cause.ARRIVED)]
    assert exchange.deliveries.started_ns[0] < exchange.opened_ns


def test_it_stops_at_the_first_end_and_nowhere_else(medium: Medium) -> None:
    medium.send(0, 0, 1, 500)
    medium.send(1, 2, 3, 300_000)
    ended = medium.advance(6 * SECOND)
    assert ended == [Ended(0, 0, 1, True)]
    assert medium.now_ns < 6 * SECOND
    assert medium.advance(6 * SECOND) == [Ended(1, 2, 3, True)]
    assert medium.advance(6 * SECOND) == []
    assert medium.now_ns == 6 * SECOND


def test_time_does_not_run_back(medium: Medium) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        medium.advance(SECOND)


def test_who_is_away_neither_hears_nor_sends_and_loses_what_is_under_way(medium: Medium) -> None:
    from_ns, until_ns = 3 * SECOND, 5 * SECOND
    medium.turn(1, Absences([1], [from_ns], [until_ns]))
    through(medium, from_ns - 2_000_000)
    medium.send(0, 1, ALL_NEIGHBOURS, 400_000)
    medium.send(1, 0, 1, 400_000)
    ended = through(medium, from_ns + SECOND)
    assert sorted(each for _, each in ended) == [Ended(0, 1, dst, False) for dst in (0, 2, 3)] + [Ended(1, 0, 1, False)]
    assert medium.neighbours(1) == []
    assert medium.neighbours(0) == [2, 3]
    assert medium.send(2, 1, ALL_NEIGHBOURS, 500) == []
    assert medium.send(3, 0, ALL_NEIGHBOURS, 500) == [2, 3]
    through(medium, until_ns + 2 * SECOND)
    exchange = medium.turn(2, ALL_PRESENT)
    assert [row[3] for row in rows(exchange)] == [Cause.AWAY] * 4 + [Cause.ARRIVED] * 2
    assert exchange.devices.away_ns.tolist() == [0, 2 * SECOND, 0, 0]
    assert medium.neighbours(1) == [0, 2, 3]
    assert medium.send(4, 1, 0, 500) == [0]
    assert [each for _, each in through(medium, 9 * SECOND)] == [Ended(4, 1, 0, True)]


def test_who_stays_away_over_the_end_of_a_period_is_away_in_the_next(medium: Medium) -> None:
    absence = Absences([2], [3 * SECOND], [7 * SECOND])
    medium.turn(1, absence)
    through(medium, 4 * SECOND)
    medium.turn(2, absence)
    assert medium.neighbours(2) == []
    through(medium, 6 * SECOND)
    assert medium.turn(3, ALL_PRESENT).devices.away_ns.tolist() == [0, 0, 2 * SECOND, 0]
    through(medium, 9 * SECOND)
    assert medium.neighbours(2) == [0, 1, 3]


# What only the graph promises.


def test_on_a_graph_a_message_takes_its_size_over_the_rate_and_the_latency() -> None:
    medium = open_medium(2, **MEDIA["graph"])
    medium.turn(0, ALL_PRESENT)
    medium.send(0, 0, 1, 1000)
    medium.send(1, 0, 1, 2000)
    assert through(medium, SECOND) == [(2_000_000, Ended(0, 0, 1, True)), (4_000_000, Ended(1, 0, 1, True))]


def test_on_a_graph_what_cannot_be_reached_is_lost_at_once() -> None:
    medium = open_medium(3, kind="graph", graph="line")
    medium.turn(0, ALL_PRESENT)
    assert medium.send(0, 0, 2, 100) == [2]
    assert medium.advance(SECOND) == [Ended(0, 0, 2, False)]
    assert medium.now_ns == 0
    assert rows(medium.turn(1, ALL_PRESENT)) == [(0, 2, NEVER, Cause.FRAMES_LOST)]


def test_random_graphs_are_those_of_the_rounds() -> None:
    medium = open_medium(12, kind="graph", density=0.4)
    first = [medium.turn(0, ALL_PRESENT), *(turned(medium, number) for number in range(1, 4))][1:]
    assert [each.neighbours().tolist() for each in first] == [
        medium._network.adjacency(number).tolist()
        for number in range(3)  # type: ignore[attr-defined]
    ]


def turned(medium: Medium, number: int) -> Exchange:
    medium.advance(number * SECOND)
    return medium.turn(number, ALL_PRESENT)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 3), st.integers(-1, 3), st.integers(1, 9)),
        st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0), st.just(0)),
        st.tuples(st.just("advance"), st.integers(0, 5), st.just(0), st.just(0)),
        st.tuples(st.just("turn"), st.integers(0, 3), st.integers(0, 6), st.integers(1, 9)),
    ),
    max_size=30,
)


@given(ACTS)
def test_whatever_is_done_every_delivery_ends_once_and_in_order(acts: list[tuple[str, int, int, int]]) -> None:
    medium = open_medium(4, kind="graph", graph="ring", rate="8kbps", latency_s=0.001)
    medium.turn(0, ALL_PRESENT)
    wanted, ended, exchanges, sent, number = set(), [], [], 0, 0
    for verb, one, two, three in acts:
        if verb == "send" and one != two:
            wanted |= {(sent, one, dst) for dst in medium.send(sent, one, two, three)}
            sent += 1
        elif verb == "cancel":
            medium.cancel(one)
        elif verb == "advance":
            ended += medium.advance(medium.now_ns + one * 1_000_000)
        elif verb == "turn":
            number += 1
            now_ns = medium.now_ns
            exchanges.append(medium.turn(number, Absences([one], [now_ns + two * 1_000_000], [now_ns + 10_000_000])))
    while batch := medium.advance(medium.now_ns + 60 * SECOND):
        ended += batch
    exchanges.append(medium.turn(number + 1, ALL_PRESENT))
    assert len({each[:3] for each in ended}) == len(ended)
    assert {each[:3] for each in ended} <= wanted
    assert sum(len(each.deliveries) for each in exchanges) == len(wanted)
    assert sum(int(each.deliveries.arrived.sum()) for each in exchanges) == sum(each.arrived for each in ended)
    for pair in {each[1:3] for each in ended}:
        messages = [each.message for each in ended if each[1:3] == pair and each.arrived]
        assert messages == sorted(messages)
