"""Several exchanges in a round, and messages to partners: over ns-3, a graph and the links of a trace."""

from contextlib import closing
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from testbed.exchange import A_PARTNER, ALL_NEIGHBOURS, NEVER, ONE_PAIR, Absences, Cause, Exchange, Outbox
from testbed.matching import ALONE, matching, round_seed
from testbed.network.engine import missing_engine
from testbed.network.graph import GraphNetwork
from testbed.network.links import LinksNetwork
from testbed.network.ns3 import Ns3Network
from testbed.network.replay import ReplayNetwork
from testbed.scenario import parse
from testbed.trace import Header, Trace
from tests.network.air import SECOND, TRANSPORTS, both_ways
from tests.network.links import WIFI, always, both, recorded_trace, scenario

SEED = 1
RING = [(i, (i + 1) % 6) for i in range(6)]
each_control = pytest.mark.parametrize("kind", ["graph", "links"])


def outbox(devices: int, exchanges: int = 1, dst: int = ALL_NEIGHBOURS, size: int = 3000, ready_ns: int = 0) -> Outbox:
    count = devices * exchanges
    return Outbox(np.tile(np.arange(devices), exchanges), [dst] * count, [size] * count, [ready_ns] * count)


def control(kind: str, deadline_s: float = 10.0) -> Any:
    """Six devices in a ring, at 8 Mbps over a graph."""
    if kind == "links":
        return LinksNetwork(recorded_trace(6, both(*RING), network=WIFI), scenario(6, deadline_s=deadline_s))
    settings = parse({"network": {"kind": "graph", "graph": "ring", "rate": "8Mbps", "latency_s": 0}}).network
    return GraphNetwork(6, SEED, settings, deadline_s)


def rows_of(exchange: Exchange, number: int) -> NDArray[np.bool_]:
    """Which deliveries belong to that exchange."""
    pairs = list(zip(exchange.deliveries.src.tolist(), exchange.deliveries.dst.tolist(), strict=True))
    return np.array([pairs[:row].count(pair) == number for row, pair in enumerate(pairs)], bool)


def partners(exchange: Exchange, pairs: int | None = None, round_: int = 0) -> list[tuple[int, int]]:
    found = matching(exchange.neighbours(), round_seed(SEED, round_), pairs)
    return [(i, j) for i, j in enumerate(found.tolist()) if j != ALONE]


def reached(exchange: Exchange) -> list[tuple[int, int]]:
    arrived = exchange.deliveries.arrived
    return list(zip(exchange.deliveries.src[arrived].tolist(), exchange.deliveries.dst[arrived].tolist(), strict=True))


def check_order(exchange: Exchange, exchanges: int) -> None:
    """Exchange by exchange, each in order of source and destination, and none begins before the one before is over."""
    rows, each = exchange.deliveries, len(exchange.deliveries) // exchanges
    for number in range(exchanges):
        part = rows.part(slice(number * each, (number + 1) * each))
        assert rows_of(exchange, number)[number * each : (number + 1) * each].all()
        assert list(zip(part.src, part.dst, strict=True)) == sorted(zip(part.src, part.dst, strict=True))
        if number:
            before = rows.part(slice((number - 1) * each, number * each))
            assert part.started_ns[part.started_ns != NEVER].min(initial=2**62) >= before.arrived_ns.max()


@pytest.fixture(scope="module", params=TRANSPORTS)
def carried(request: Any) -> dict[str, Exchange]:
    """Rounds of a transport over ns-3: of several exchanges, to partners, and one that the deadline cuts short."""
    if reason := missing_engine():
        pytest.skip(reason)
    network = {"side_m": 20.0, "loss": both_ways(7, *RING, (0, 3), (1, 4)), **TRANSPORTS[request.param]}
    sections = {"run": {"seed": SEED, "deadline_s": 10.0}, "devices": {"count": 7}, "network": network}
    asked = {
        "three": {"exchanges": 3},
        "partners": {"exchanges": 2, "dst": A_PARTNER},
        "one pair": {"exchanges": 2, "dst": ONE_PAIR},
        "late": {"exchanges": 20, "size": 20_000, "late_ns": round(9.9e9)},
    }
    with closing(Ns3Network(parse(sections))) as air:
        return {name: ask(air, round_, **keys) for round_, (name, keys) in enumerate(asked.items())}


def ask(air: Ns3Network, round_: int, late_ns: int = 0, **keys: Any) -> Exchange:
    opened_ns = round_ * 11 * SECOND
    return air.exchange(round_, opened_ns, outbox(7, ready_ns=opened_ns + late_ns, **keys))


def test_exchanges_follow_each_other_on_the_graph_of_the_round(carried: dict[str, Exchange]) -> None:
    three = carried["three"]
    assert len(three.deliveries) == 3 * 16
    check_order(three, 3)
    arrived = three.deliveries.arrived
    assert [int(three.delivered(number).sum()) for number in range(4)] == [*arrived.reshape(3, 16).sum(1), 0]
    assert arrived.sum() > 24
    assert arrived.all() or (three.deliveries.cause[~arrived] == Cause.FRAMES_LOST).all()


@pytest.mark.parametrize(("round_", "name", "pairs"), [(1, "partners", None), (2, "one pair", 1)])
def test_partners_are_those_of_the_matching(
    carried: dict[str, Exchange], round_: int, name: str, pairs: int | None
) -> None:
    exchange = carried[name]
    wanted = partners(exchange, pairs, round_)
    assert len(wanted) == 2 if pairs else len(wanted) >= 4
    assert list(zip(exchange.deliveries.src, exchange.deliveries.dst, strict=True)) == wanted * 2
    check_order(exchange, 2)
    idle = np.setdiff1d(np.arange(7), exchange.deliveries.src)
    assert exchange.devices.frames[idle].tolist() == [5] * len(idle)  # hellos alone


def test_what_the_deadline_leaves_ends_unsent(carried: dict[str, Exchange]) -> None:
    late, rows = carried["late"], carried["late"].deliveries
    assert len(rows) == 20 * 16
    assert late.closed_ns - late.opened_ns == 10 * SECOND
    last = rows.part(slice(-16, None))
    assert (last.cause == Cause.DEADLINE).all()
    assert (last.started_ns == NEVER).all()
    assert (last.frames == 0).all()


def test_the_first_of_several_is_as_the_only_one_and_the_round_replays_exactly(live: Any) -> None:
    sent = [outbox(6, 2, A_PARTNER), outbox(6, 2, ready_ns=11 * SECOND)]
    airs = live(6), live(6)
    rounds = [[air.exchange(i, i * 11 * SECOND, each) for i, each in enumerate(sent)] for air in airs]
    assert rounds[0] == rounds[1]
    alone = live(6).exchange(1, 11 * SECOND, outbox(6, ready_ns=11 * SECOND))
    assert alone.deliveries == rounds[0][1].deliveries.part(slice(30))
    trace = Trace.of_rounds(Header(nodes=6, seed=SEED, network=WIFI), sent, rounds[0])
    replay = ReplayNetwork(trace, 6, 2)
    assert [replay.exchange(i, i * 11 * SECOND, each) for i, each in enumerate(sent)] == rounds[0]


def test_who_leaves_does_not_hold_up_what_follows(live: Any) -> None:
    network = live(4)
    for dst in (-4, 1):
        with pytest.raises(ValueError, match="ALL_NEIGHBOURS, A_PARTNER or ONE_PAIR"):
            network.exchange(0, 0, outbox(4, dst=dst))
    exchange = network.exchange(0, 0, outbox(4, 2), Absences([2], [SECOND + 1_000_000], [9 * SECOND]))
    rows = exchange.deliveries
    gone = (rows.src == 2) | (rows.dst == 2)
    assert rows.arrived[~gone].all()
    assert (rows.cause[gone] == Cause.AWAY).all()
    assert exchange.closed_ns < 2 * SECOND


@each_control
def test_the_controls_carry_exchanges_and_partners_too(kind: str) -> None:
    one, three = (control(kind).exchange(0, 0, outbox(6, count)) for count in (1, 3))
    assert len(three.deliveries) == 3 * 12
    assert three.deliveries.part(slice(0, 12)) == one.deliveries
    check_order(three, 3)
    assert all(np.array_equal(three.delivered(number), three.neighbours()) for number in range(3))
    for dst, pairs in ((A_PARTNER, None), (ONE_PAIR, 1)):
        exchange = control(kind).exchange(0, 0, outbox(6, 2, dst))
        assert reached(exchange) == partners(exchange, pairs) * 2
        check_order(exchange, 2)


@each_control
def test_the_controls_end_at_the_deadline(kind: str) -> None:
    exchange = control(kind, 1.02).exchange(0, 0, outbox(6, 900, size=2000))
    assert exchange.closed_ns == round(1.02e9)
    last = exchange.deliveries.part(slice(-12, None))
    assert (last.cause == Cause.DEADLINE).all()
    assert (last.started_ns == NEVER).all()
    assert (last.frames == 0).all()


def test_over_a_graph_every_exchange_takes_its_time() -> None:
    exchange = control("graph").exchange(0, 0, outbox(6, 3, size=1000, ready_ns=500))
    assert exchange.closed_ns == 500 + 3 * 1_000_000
    assert exchange.devices.frames.tolist() == [3] * 6
    assert exchange.devices.airtime_ns.tolist() == [3_000_000] * 6
    matched = control("graph").exchange(0, 0, outbox(6, 1, ONE_PAIR, size=1000))
    assert sorted(matched.devices.frames.tolist()) == [0, 0, 0, 0, 1, 1]


def test_over_a_graph_the_next_exchange_begins_when_the_device_has_left() -> None:
    exchange = control("graph").exchange(0, 0, outbox(6, 2, size=1000), Absences([2], [600_000], [SECOND]))
    rows = exchange.deliveries
    gone = (rows.src == 2) | (rows.dst == 2)
    assert (rows.cause[gone] == Cause.AWAY).all()
    assert rows.arrived[~gone].all()
    assert exchange.closed_ns == 2_000_000


def test_links_that_go_one_way_match_nobody() -> None:
    network = LinksNetwork(always((0, 1), (1, 2), devices=3, rate_bps=8_000_000), scenario(3))
    assert len(network.exchange(0, 0, outbox(3, dst=A_PARTNER)).deliveries) == 0
