"""The replay of links without rounds: the contract of every medium, and what only a trace can do."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from testbed.exchange import ALL_NEIGHBOURS, ALL_PRESENT, NEVER, Absences, Cause
from testbed.network import Medium
from testbed.network.links import LinksMedium
from testbed.network.medium import Ended
from testbed.scenario import parse
from testbed.trace import Trace
from tests.network import test_medium as contract
from tests.network.links import SECOND, WIFI, always, both, clock_trace, complete, recorded_trace
from tests.network.test_medium import ACTS, rows, through

TRACES = {
    "rounds": lambda: recorded_trace(4, *[complete(4)] * 4, network=WIFI),
    "clock": lambda: always(*complete(4), devices=4),
}
"""Four devices that all hear each other, for as long as the contract asks."""


def open_links(trace: Trace, **network: Any) -> LinksMedium:
    run = {"mode": "local", "period_s": 1.0, "rounds": 1}
    network = {"kind": "replay", "replay": "links", "trace": "here"} | network
    medium = LinksMedium(trace, parse({"run": run, "devices": {"count": trace.header.nodes}, "network": network}))
    medium.turn(0, ALL_PRESENT)
    return medium


@pytest.fixture(params=TRACES)
def medium(request: pytest.FixtureRequest) -> Medium:
    """Begun, and after a second in which nobody sent anything."""
    medium = open_links(TRACES[request.param]())
    assert through(medium, 2 * SECOND) == []
    return medium


CONTRACT: dict[str, Callable[[Medium], None]] = {
    name: test
    for name, test in vars(contract).items()
    if name.startswith("test_") and list(inspect.signature(test).parameters) == ["medium"]
}


@pytest.mark.parametrize("test", CONTRACT.values(), ids=CONTRACT)
def test_it_is_a_medium_as_any_other(test: Callable[[Medium], None], medium: Medium) -> None:
    test(medium)


def test_the_contract_is_there() -> None:
    assert len(CONTRACT) >= 9


def test_before_the_hellos_of_a_recording_nobody_is_known() -> None:
    medium = open_links(TRACES["rounds"]())
    assert medium.neighbours(0) == []
    assert medium.send(0, 0, ALL_NEIGHBOURS, 500) == []
    through(medium, SECOND)
    assert medium.neighbours(0) == [1, 2, 3]


def test_a_period_has_the_links_of_its_round() -> None:
    medium = open_links(recorded_trace(3, both((0, 1)), both((1, 2))))
    assert [medium.neighbours(device) for device in range(3)] == [[1], [0], []]
    through(medium, SECOND)
    exchange = medium.turn(1, ALL_PRESENT)
    assert exchange.neighbours().tolist() == [[False, True, False], [True, False, False], [False] * 3]
    assert [medium.neighbours(device) for device in range(3)] == [[], [2], [1]]


def test_neighbours_are_those_of_the_instant() -> None:
    medium = open_links(clock_trace(2, [(0, 1, 5 * SECOND, 6 * SECOND), (1, 0, 0, 9 * SECOND)]), from_s=0.0)
    found = []
    for second in (4, 5, 6):
        through(medium, second * SECOND)
        found.append((medium.neighbours(0), medium.neighbours(1), medium.send(second, 0, ALL_NEIGHBOURS, 10)))
    assert found == [([1], [], []), ([1], [0], [1]), ([1], [], [])]


def test_what_cannot_be_reached_waits_for_a_link_without_a_frame_until_it_is_taken_back() -> None:
    rows_ = [(src, dst, 5 * SECOND, 9 * SECOND) for src, dst in both((0, 1))]
    medium = open_links(clock_trace(2, rows_), from_s=0.0)
    assert medium.send(0, 0, 1, 1000) == [1]
    assert through(medium, 5 * SECOND) == []
    assert medium.events < 10
    ((arrived_ns, ended),) = through(medium, 6 * SECOND)
    assert ended == Ended(0, 0, 1, True)
    assert arrived_ns > 5 * SECOND


def test_links_that_nobody_needs_cost_no_events() -> None:
    rows_ = [(0, 1, at, at + 1000) for at in range(0, 10_000_000, 2000)]
    medium = open_links(clock_trace(2, rows_))
    through(medium, 9_000_000)
    assert medium.events == 0
    assert medium.neighbours(1) == [0]


def test_the_same_is_sent_twice_and_ends_at_the_same_instants() -> None:
    def ends() -> list[tuple[int, Ended]]:
        medium = open_links(TRACES["clock"]())
        for message in range(4):
            medium.send(message, message, ALL_NEIGHBOURS, 20_000)
        return through(medium, 5 * SECOND)

    assert len(ends()) == 12
    assert ends() == ends()


def test_who_leaves_in_mid_frame_is_not_understood() -> None:
    """One frame that lasts 478 ms, and a sender that leaves meanwhile and comes back."""
    medium = open_links(always(*complete(2), devices=2, rate_bps=25_000), load=10.0)
    medium.send(0, 0, 1, 1472)
    assert through(medium, 300_000_000) == []
    assert medium.turn(1, Absences([0], [400_000_000], [410_000_000])).devices.frames.tolist() == [1, 0]
    ended = through(medium, 3 * SECOND)
    assert [each for _, each in ended] == [Ended(0, 0, 1, False)]
    assert rows(medium.turn(2, ALL_PRESENT)) == [(0, 1, NEVER, Cause.AWAY)]


@given(ACTS)
@settings(max_examples=40)
def test_whatever_is_done_every_delivery_ends_once_and_in_order(acts: list[tuple[str, int, int, int]]) -> None:
    medium = open_links(TRACES["clock"]())
    wanted, ended, exchanges, sent, number = set(), [], [], 0, 0
    for verb, one, two, three in acts:
        if verb == "send" and one != two:
            wanted |= {(sent, one, dst) for dst in medium.send(sent, one, two, three * 1000)}
            sent += 1
        elif verb == "cancel":
            medium.cancel(one)
        elif verb == "advance":
            ended += medium.advance(medium.now_ns + one * 1_000_000)
        elif verb == "turn":
            number += 1
            now_ns = medium.now_ns
            exchanges.append(medium.turn(number, Absences([one], [now_ns + two * 1_000_000], [now_ns + 10_000_000])))
    ended += [each for _, each in through(medium, medium.now_ns + 30 * SECOND)]
    exchanges.append(medium.turn(number + 1, ALL_PRESENT))
    assert len({each[:3] for each in ended}) == len(ended)
    assert {each[:3] for each in ended} <= wanted
    assert sum(len(each.deliveries) for each in exchanges) == len(wanted)
    assert sum(int(each.deliveries.arrived.sum()) for each in exchanges) == sum(each.arrived for each in ended)
    for pair in {each[1:3] for each in ended}:
        numbers = [each.message for each in ended if each[1:3] == pair and each.arrived]
        assert numbers == sorted(numbers)
