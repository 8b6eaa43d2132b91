"""Rounds over the links of a trace: which links there are when, and what becomes of messages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, NEVER, Absences, Cause, Outbox
from testbed.network.links import LinksNetwork
from testbed.network.links.index import LinkIndex
from testbed.network.ns3 import Ns3Network
from testbed.trace import OPEN_NS, Header, Trace
from tests.needs import ENGINE
from tests.network.air import everyone
from tests.network.links import (
    SECOND,
    WIFI,
    always,
    both,
    carry,
    clock_trace,
    complete,
    link_rows,
    messages,
    recorded_trace,
    scenario,
)

LINE = both((0, 1), (1, 2))
RING = both((0, 1), (1, 2), (2, 0))
SIZES = {0: 5000, 1: 5000, 2: 5000}


def test_a_round_has_the_links_of_its_round_and_delivers_along_them() -> None:
    trace = recorded_trace(3, LINE, RING)
    network = LinksNetwork(trace, scenario(3, rounds=2))
    for number, recorded in enumerate(trace.exchanges):
        exchange = network.exchange(number, 0, messages(SIZES))
        assert exchange.links == recorded.links
        assert np.array_equal(exchange.delivered(), exchange.neighbours())


def test_a_round_depends_on_what_is_asked_alone() -> None:
    trace = recorded_trace(5, *[complete(5)] * 3, network=WIFI)
    sizes = dict.fromkeys(range(5), 30_000)
    network, again = (LinksNetwork(trace, scenario(5, rounds=3)) for _ in range(2))
    rounds = [network.exchange(number, number * 9 * SECOND, messages(sizes, number)) for number in range(3)]
    assert again.exchange(2, 18 * SECOND, messages(sizes, 2)) == rounds[2]
    assert rounds[0].closed_ns != rounds[1].closed_ns - 9 * SECOND
    assert carry(trace, sizes) != carry(trace, sizes, seed=2)


def test_smaller_messages_make_shorter_rounds() -> None:
    trace = recorded_trace(8, complete(8), network=WIFI)
    closed = [carry(trace, dict.fromkeys(range(8), size)).closed_ns for size in (3_140, 31_400, 125_600)]
    assert closed == sorted(closed)
    assert 3 < (closed[2] - SECOND) / (closed[1] - SECOND) < 5


def test_a_recorded_round_begins_with_its_hellos() -> None:
    trace = recorded_trace(2, complete(2), network=WIFI)
    exchange = carry(trace, {0: 100})
    assert exchange.deliveries.started_ns[0] > SECOND
    assert exchange.devices.frames.tolist()[1] >= 5
    assert carry(trace, {}).closed_ns == SECOND
    away = carry(trace, {}, absences=Absences([1], [0], [SECOND // 2]))
    assert away.devices.frames[0] == 5
    assert 1 <= away.devices.frames[1] <= 3
    with pytest.raises(UserError, match="above the 1 s of hellos"):
        carry(trace, {}, deadline_s=1.0)


@pytest.mark.parametrize(("at_end", "fifth"), [("loop", LINE), ("hold", RING)])
def test_behind_the_last_round_comes_the_first_or_the_last(at_end: str, fifth: list[tuple[int, int]]) -> None:
    exchange = carry(recorded_trace(3, LINE, RING), {}, round_=4, rounds=9, at_end=at_end)
    assert sorted(zip(exchange.links.src, exchange.links.dst, strict=True)) == sorted(fifth)


def test_a_run_longer_than_the_recording_is_told_before_its_first_round() -> None:
    with pytest.raises(UserError, match=r"holds 2 rounds, the scenario asks for 3: set run.rounds = 2, or .*at_end"):
        LinksNetwork(recorded_trace(3, LINE, RING), scenario(3, rounds=3))


# By the trace's own clock.


def linked_at(trace: Trace, opened_ns: int, **keys: object) -> list[tuple[int, int]]:
    links = carry(trace, {}, opened_ns=opened_ns, **keys).links
    return list(zip(links.src.tolist(), links.dst.tolist(), strict=True))


CLOCK = clock_trace(3, [(0, 1, 100, 200), (1, 2, 150, 150), (1, 2, 180, 300)])


@pytest.mark.parametrize(
    ("at_ns", "linked"),
    [(0, [(0, 1)]), (50, [(0, 1)]), (80, [(0, 1), (1, 2)]), (99, [(0, 1), (1, 2)]), (100, [(1, 2)]), (199, [(1, 2)])],
)
def test_a_round_opens_at_the_instant_of_the_trace(at_ns: int, linked: list[tuple[int, int]]) -> None:
    assert linked_at(CLOCK, at_ns) == linked


def test_time_is_scaled_from_the_start_on() -> None:
    assert linked_at(CLOCK, 799, time_scale=10.0) == [(0, 1)]
    assert linked_at(CLOCK, 800, time_scale=10.0) == [(0, 1), (1, 2)]
    assert linked_at(CLOCK, 10, time_scale=0.1) == [(1, 2)]
    assert linked_at(CLOCK, 0, from_s=180e-9) == [(0, 1), (1, 2)]
    assert linked_at(CLOCK, 0, from_s=0.0) == []


def test_at_the_end_there_is_an_error_the_beginning_or_the_last_links() -> None:
    assert linked_at(CLOCK, 200, at_end="loop") == [(0, 1)]
    assert linked_at(CLOCK, 480, at_end="loop") == [(0, 1), (1, 2)]
    assert linked_at(CLOCK, 10**12, at_end="hold") == [(1, 2)]
    with pytest.raises(UserError, match=r"ends at 3e-07 s of its own time, .*set network.at_end = \"loop\""):
        linked_at(CLOCK, 200)


def test_what_is_under_way_at_the_end_of_the_trace_is_an_error_too() -> None:
    trace = clock_trace(2, [(0, 1, 0, SECOND), (1, 0, 0, SECOND)])
    with pytest.raises(UserError, match="The trace ends at 1 s"):
        carry(trace, {0: 10_000_000})


def test_links_without_a_known_end_never_end() -> None:
    assert linked_at(always((0, 1), devices=2), 10**18) == [(0, 1)]


def test_a_link_that_ends_in_mid_message_delivers_nothing_from_then_on() -> None:
    gone_ns, back_ns, end_ns = SECOND // 2, 3 * SECOND, 100 * SECOND
    away = clock_trace(2, [(0, 1, 0, gone_ns), (1, 0, 0, gone_ns), (0, 1, end_ns - 1, end_ns)])
    exchange = carry(away, {0: 1_000_000}, deadline_s=10.0)
    assert exchange.deliveries.cause.tolist() == [Cause.DEADLINE]
    assert exchange.closed_ns == 10 * SECOND
    frame_ns = 502_000
    assert exchange.devices.airtime_ns[0] < gone_ns
    assert exchange.deliveries.frames[0] * frame_ns < gone_ns
    rows = [(src, dst, *span) for src, dst in complete(2) for span in ((0, gone_ns), (back_ns, end_ns))]
    exchange = carry(clock_trace(2, rows), {0: 1_000_000}, deadline_s=10.0)
    assert exchange.deliveries.cause.tolist() == [Cause.ARRIVED]
    assert exchange.deliveries.arrived_ns[0] > back_ns


def test_one_way_links_deliver_and_their_source_stops() -> None:
    exchange = carry(always((0, 1), (0, 2), devices=3, delivery=0.5), {0: 100 * 1472, 1: 500})
    assert exchange.delivered().tolist() == [[False] * 3, [True, False, False], [True, False, False]]
    assert 180 < exchange.deliveries.frames[0] < 270
    assert exchange.devices.frames.tolist()[1:] == [0, 0]


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=60),
    st.booleans(),
    st.lists(st.integers(-1, 60), max_size=8),
)
@settings(max_examples=40)
def test_the_index_finds_what_holds_and_when_that_changes(
    spans: list[tuple[int, int]], ever: bool, times: list[int]
) -> None:
    spans = sorted(spans)
    ends = [start + span for start, span in spans]
    if ever and ends:
        ends[0] = OPEN_NS
    rows = link_rows(range(len(spans)), range(1, len(spans) + 1), [start for start, _ in spans], ends)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("testbed.network.links.index.STEP", 4)
        index = LinkIndex(rows)
    lasting = [(start, end) for (start, _), end in zip(spans, ends, strict=True) if end > start]
    for now in times:
        holding = [row for row, (start, _) in enumerate(spans) if start <= now < ends[row]]
        assert sorted(index.at(now).tolist()) == holding
        later = [each for span in lasting for each in span if each > now]
        assert index.next_change(now) == min(later, default=None)


# Whatever the graph and the messages.


def test_one_device_has_nobody_to_send_to() -> None:
    exchange = carry(recorded_trace(1, [], network=WIFI), {0: 5000})
    assert (len(exchange.links), len(exchange.deliveries), exchange.closed_ns) == (0, 0, SECOND)
    assert len(carry(always(devices=1), {0: 5000}).deliveries) == 0


def test_without_links_a_round_lasts_until_everybody_is_ready() -> None:
    network = LinksNetwork(always(devices=3), scenario(3))
    exchange = network.exchange(0, 10, messages(SIZES, ready_ns=500))
    assert (exchange.closed_ns, exchange.density, exchange.devices.frames.tolist()) == (500, 0, [0, 0, 0])


def test_a_message_of_no_bytes_is_a_frame_all_the_same() -> None:
    exchange = carry(always(*complete(2), devices=2), {0: 0}, repair="none")
    assert exchange.deliveries.cause.tolist() == [Cause.ARRIVED]
    assert exchange.devices.airtime_ns[0] == 21 * 8 * 1000 // 24 + 0


def test_a_message_to_one_neighbour_makes_one_delivery() -> None:
    network = LinksNetwork(always(*complete(3), devices=3), scenario(3))
    exchange = network.exchange(
        0, 0, Outbox.of(src=[0, 1], dst=[2, ALL_NEIGHBOURS], size_bytes=[9, 9], ready_ns=[0, 0])
    )
    assert list(zip(exchange.deliveries.src, exchange.deliveries.dst, strict=True)) == [(0, 2), (1, 0), (1, 2)]


def test_without_repair_a_lost_frame_loses_the_message() -> None:
    exchange = carry(always(*complete(2), devices=2, delivery=0.5), {0: 20 * 1472}, repair="none")
    assert exchange.deliveries.cause.tolist() == [Cause.FRAMES_LOST]
    assert exchange.deliveries.frames.tolist() == [20]
    assert exchange.closed_ns < 2 * SECOND


def test_what_is_not_through_at_the_deadline_is_lost() -> None:
    trace = always(*complete(3), devices=3)
    exchange = carry(trace, {0: 10**8, 1: 100}, deadline_s=1.0)
    assert exchange.closed_ns == SECOND
    assert exchange.deliveries.cause.tolist() == [Cause.DEADLINE] * 2 + [Cause.ARRIVED] * 2
    late = LinksNetwork(trace, scenario(3, deadline_s=1.0)).exchange(0, 0, messages({0: 10}, 2 * SECOND))
    assert late.closed_ns == SECOND
    assert late.deliveries.started_ns.tolist() == [NEVER, NEVER]


def test_who_is_away_at_the_opening_has_no_links_and_who_leaves_loses_what_is_under_way() -> None:
    trace = recorded_trace(3, complete(3), network=WIFI)
    absences = Absences([2], [0], [90 * SECOND])
    exchange = carry(trace, {0: 5000, 1: 5000}, absences=absences)
    assert sorted(zip(exchange.deliveries.src, exchange.deliveries.dst, strict=True)) == [(0, 1), (1, 0)]
    assert exchange.devices.away_ns[2] == exchange.closed_ns
    leaving = Absences([1], [SECOND + 50_000_000], [90 * SECOND])
    exchange = carry(trace, {0: 500_000, 1: 500_000}, absences=leaving)
    causes = dict(
        zip(zip(exchange.deliveries.src, exchange.deliveries.dst, strict=True), exchange.deliveries.cause, strict=True)
    )
    assert causes == {(0, 1): Cause.AWAY, (0, 2): Cause.ARRIVED, (1, 0): Cause.AWAY, (1, 2): Cause.AWAY}
    everybody = Absences(range(3), [0] * 3, [90 * SECOND] * 3)
    assert len(carry(trace, SIZES, absences=everybody).deliveries) == 0


@pytest.mark.parametrize(
    ("devices", "keys", "said"),
    [
        (4, {}, "has 3 nodes, the scenario 4 devices: set devices.count = 3"),
        (3, {"transport": "tcp"}, r'network\.transport = "tcp" is not timed by replay = "links"'),
        (3, {"repair": "nack"}, r'network\.repair = "nack" is not timed'),
        (3, {"rate": "ns3::MinstrelWifiManager"}, r'network\.rate = "ns3::MinstrelWifiManager" is no rate'),
    ],
)
def test_what_cannot_be_timed_is_a_sentence(devices: int, keys: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        LinksNetwork(always(*complete(3), devices=3), scenario(devices, **keys))


@ENGINE
@pytest.mark.parametrize("size", [3_140, 31_400])
def test_rounds_are_those_of_the_live_air(size: int) -> None:
    """Two rounds of 20 devices: recorded at one size, replayed at two, and both live."""
    devices = 20
    live = Ns3Network(scenario(devices, rounds=2, kind="ns3", side_m=100.0))
    try:
        recorded = [live.exchange(0, 0, everyone(devices, 31_400))]
        truth = live.exchange(1, recorded[0].closed_ns, everyone(devices, size, recorded[0].closed_ns))
    finally:
        live.close()
    header = Header(nodes=devices, seed=1, network=live.describe())
    outboxes = [everyone(devices, 31_400)] * 2
    network = LinksNetwork(Trace.of_rounds(header, outboxes, [recorded[0], truth]), scenario(devices, rounds=2))
    opened_ns = recorded[0].closed_ns
    replayed = network.exchange(1, opened_ns, everyone(devices, size, opened_ns))
    assert np.array_equal(replayed.delivered(), truth.delivered())
    assert replayed.closed_ns - opened_ns == pytest.approx(truth.closed_ns - opened_ns, rel=0.25)
    assert replayed.devices.frames.sum() == pytest.approx(truth.devices.frames.sum(), rel=0.2)
