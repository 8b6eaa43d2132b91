"""The live network: timing against the standard, edge graphs, repairs, and what a round may depend on."""

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import NEVER, Cause, Exchange, Outbox
from testbed.network import engine
from testbed.network.engine import missing_engine
from testbed.network.ns3 import Ns3Network
from testbed.scenario import parse
from tests.network.air import (
    BITS_PER_SYMBOL,
    HEADER,
    HEARD_DB,
    SECOND,
    both_ways,
    everyone,
    frame_ns,
    only,
    pairs_that_hear,
)

LIGHT_M_PER_NS = 0.299792458


def distances(exchange: Exchange) -> NDArray[np.float64]:
    place = exchange.devices.x_m + 1j * exchange.devices.y_m
    return np.abs(place[:, None] - place[None, :])


@pytest.mark.parametrize("mbps", BITS_PER_SYMBOL)
def test_one_frame_lasts_as_the_standard_says(live: Any, mbps: int) -> None:
    exchange = live(2, rate=f"{mbps}Mbps", hellos=1, hello_s=0.1).exchange(0, 0, only(0, 1000))
    (started,), (arrived,) = exchange.deliveries.started_ns, exchange.deliveries.arrived_ns
    flight_ns = distances(exchange)[0, 1] / LIGHT_M_PER_NS
    assert arrived - started == pytest.approx(frame_ns(mbps, HEADER + 1000) + flight_ns, abs=1)
    assert set(exchange.links.rate_bps) == {mbps * 1_000_000}


def test_air_time_is_the_sum_of_the_frames(live: Any) -> None:
    exchange = live(2, repair="none", hellos=3, payload_bytes=1000).exchange(0, 0, only(0, 2300))
    hello, full, last = (frame_ns(24, HEADER + size) for size in (1000, 1000, 300))
    assert exchange.devices.frames.tolist() == [3 + 3, 3]
    assert exchange.devices.airtime_ns.tolist() == [3 * hello + 2 * full + last, 3 * hello]


def test_same_scenario_and_seed_give_the_same_bytes(live: Any) -> None:
    def three_rounds() -> bytes:
        network = live(8, mobility="random-waypoint", side_m=120.0)
        return pickle.dumps([network.exchange(i, i * 11 * SECOND, everyone(8)) for i in range(3)])

    assert three_rounds() == three_rounds()


def test_another_seed_gives_another_air(live: Any) -> None:
    first, second = (live(6, seed=seed).exchange(0, 0, everyone(6)) for seed in (1, 2))
    assert first.devices != second.devices


@pytest.mark.parametrize("mobility", ["static", "redraw", "random-waypoint"])
def test_a_fresh_network_goes_on_from_any_round(live: Any, mobility: str) -> None:
    whole = live(8, mobility=mobility, side_m=120.0)
    opened, exchanges = 0, []
    for round_ in range(4):
        exchanges.append(whole.exchange(round_, opened, everyone(8, 20_000, opened)))
        opened = exchanges[-1].closed_ns
    last = exchanges[-1]
    fresh = live(8, mobility=mobility, side_m=120.0).exchange(3, last.opened_ns, everyone(8, 20_000, last.opened_ns))
    assert fresh == last


@pytest.mark.parametrize("mobility", ["redraw", "random-waypoint"])
def test_two_algorithms_under_one_seed_meet_the_same_air(live: Any, mobility: str) -> None:
    silent, busy = (live(8, mobility=mobility, side_m=120.0) for _ in range(2))
    for round_ in range(2):
        opened = round_ * 11 * SECOND
        quiet, loud = silent.exchange(round_, opened, only(0, 0)), busy.exchange(round_, opened, everyone(8, 50_000))
        assert quiet.links == loud.links
        assert quiet.devices.x_m.tolist() == loud.devices.x_m.tolist()
        assert quiet.devices.airtime_ns.sum() < loud.devices.airtime_ns.sum()


def test_positions_stay_in_the_square_and_follow_mobility(live: Any) -> None:
    def places(mobility: str) -> list[list[float]]:
        network = live(5, mobility=mobility, side_m=30.0)
        exchanges = [network.exchange(i, i * 11 * SECOND, everyone(5)) for i in range(2)]
        assert all(0 <= x <= 30 for e in exchanges for x in (*e.devices.x_m, *e.devices.y_m))
        return [e.devices.x_m.tolist() for e in exchanges]

    assert len(set(map(tuple, places("static")))) == 1
    assert len(set(map(tuple, places("redraw")))) == 2
    assert len(set(map(tuple, places("random-waypoint")))) == 2


def test_one_device_waits_for_itself_alone(live: Any) -> None:
    exchange = live(1).exchange(0, 0, only(0, 1000, ready_ns=3 * SECOND))
    assert exchange.closed_ns == 3 * SECOND
    assert len(exchange.links) == len(exchange.deliveries) == 0
    assert exchange.density == 0


def test_nothing_to_send_closes_after_the_hellos(live: Any) -> None:
    exchange = live(3).exchange(0, 5 * SECOND, Outbox([], [], [], []))
    assert (exchange.opened_ns, exchange.closed_ns) == (5 * SECOND, 6 * SECOND)
    assert exchange.density == 1


def test_an_empty_graph(live: Any) -> None:
    exchange = live(4, loss=pairs_that_hear(4)).exchange(0, 0, everyone(4, ready_ns=2 * SECOND))
    assert len(exchange.links) == len(exchange.deliveries) == 0
    assert exchange.closed_ns == 2 * SECOND
    assert exchange.devices.frames.tolist() == [5] * 4


def test_a_disconnected_graph(live: Any) -> None:
    exchange = live(5, loss=both_ways(5, (0, 1), (2, 3))).exchange(0, 0, everyone(5))
    reached = zip(exchange.deliveries.src.tolist(), exchange.deliveries.dst.tolist(), strict=True)
    assert list(reached) == [(0, 1), (1, 0), (2, 3), (3, 2)]
    assert exchange.deliveries.arrived.all()


@pytest.mark.parametrize("shape", ["line", "ring", "star"])
def test_named_graphs(live: Any, shape: str) -> None:
    pairs = {"line": [(0, 1), (1, 2), (2, 3)], "ring": [(0, 1), (1, 2), (2, 3), (3, 0)]}
    edges = pairs.get(shape, [(0, 1), (0, 2), (0, 3)])
    exchange = live(4, loss=both_ways(4, *edges)).exchange(0, 0, everyone(4))
    assert len(exchange.deliveries) == 2 * len(edges)
    assert exchange.deliveries.arrived.all()


def test_a_link_of_one_direction_is_heard_but_no_neighbour(live: Any) -> None:
    exchange = live(3, loss=pairs_that_hear(3, (0, 1), (0, 2), (2, 0))).exchange(0, 0, everyone(3))
    links = exchange.links
    assert list(zip(links.src.tolist(), links.dst.tolist(), strict=True)) == [(0, 1), (0, 2), (2, 0)]
    assert links.neighbour.tolist() == [False, True, True]
    assert exchange.deliveries.dst.tolist() == [2, 0]


def test_links_know_their_strength(live: Any) -> None:
    links = live(2, loss=both_ways(2, (0, 1))).exchange(0, 0, everyone(2)).links
    noise_dbm = 10 * np.log10(1.380649e-23 * 290 * 20e6) + 30 + 7  # thermal, and ns-3's noise figure
    assert links.snr_db == pytest.approx([16.0206 - HEARD_DB - noise_dbm] * 2, abs=0.1)
    assert links.delivery.tolist() == [1, 1]


def test_nothing_is_sent_before_it_is_ready(live: Any) -> None:
    exchange = live(3).exchange(0, 0, everyone(3, ready_ns=4 * SECOND))
    assert (exchange.deliveries.started_ns >= 4 * SECOND).all()
    assert exchange.closed_ns == exchange.deliveries.arrived_ns.max()


@pytest.mark.parametrize(("size", "frames"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2000, 2)])
def test_a_message_is_cut_into_frames(live: Any, size: int, frames: int) -> None:
    exchange = live(2, repair="none", payload_bytes=1000).exchange(0, 0, only(0, size))
    assert exchange.devices.frames.tolist() == [5 + frames, 5]
    assert exchange.deliveries.arrived.all()


def test_the_deadline_ends_a_round_and_the_next_starts_clean(live: Any) -> None:
    network = live(3, deadline_s=2.0)
    late = network.exchange(0, 0, everyone(3, 10_000_000))
    assert late.closed_ns == 2 * SECOND
    assert set(late.deliveries.cause) == {Cause.DEADLINE}
    assert set(late.deliveries.arrived_ns) == {NEVER}
    clean = network.exchange(1, late.closed_ns, everyone(3, ready_ns=late.closed_ns))
    assert clean == live(3, deadline_s=2.0).exchange(1, late.closed_ns, everyone(3, ready_ns=late.closed_ns))
    assert clean.deliveries.arrived.all()


def test_who_is_ready_after_the_deadline_never_starts(live: Any) -> None:
    exchange = live(2, deadline_s=2.0).exchange(0, 0, everyone(2, ready_ns=3 * SECOND))
    assert exchange.closed_ns == 2 * SECOND
    assert set(exchange.deliveries.started_ns) == {NEVER}
    assert set(exchange.deliveries.cause) == {Cause.DEADLINE}


def test_fountain_repairs_what_plain_broadcast_loses(live: Any) -> None:
    hidden = both_ways(5, (0, 1), (0, 2), (0, 3), (0, 4))  # the leaves cannot hear each other
    plain, repaired = (
        live(5, loss=hidden, load=1.0, repair=repair).exchange(0, 0, everyone(5, 20_000))
        for repair in ("none", "fountain")
    )
    assert Cause.FRAMES_LOST in plain.deliveries.cause
    assert plain.devices.frames.tolist() == [5 + 14] * 5
    assert repaired.deliveries.arrived.all()
    assert repaired.devices.frames.sum() > plain.devices.frames.sum()


def test_a_rate_manager_of_ns3(live: Any) -> None:
    exchange = live(2, rate="ns3::MinstrelWifiManager").exchange(0, 0, everyone(2))
    assert set(exchange.links.rate_bps) == {6_000_000}  # what it uses for broadcast frames
    assert exchange.deliveries.arrived.all()


def test_losses_can_be_chained(live: Any) -> None:
    chain = [
        {"model": "ns3::LogDistancePropagationLossModel"},
        {"model": "ns3::RangePropagationLossModel", "MaxRange": 1},
    ]
    assert live(3, loss=chain, side_m=1000.0).exchange(0, 0, everyone(3)).density == 0


def test_events_add_up(live: Any) -> None:
    network = live(2)
    assert network.events == 0
    network.exchange(0, 0, everyone(2))
    first = network.events
    network.exchange(1, 20 * SECOND, everyone(2))
    assert 0 < first < network.events


def test_describe_can_be_written_down(live: Any) -> None:
    described = live(2).describe()
    assert described["kind"] == "ns3"
    assert described["side_m"] == 20
    assert described["ns3_version"].startswith("3.")
    assert isinstance(described["ns3_optimised"], bool)


@pytest.mark.parametrize("outbox", [Outbox([0], [1], [1], [0]), Outbox([0], [-4], [1], [0]), only(2, 1)])
def test_a_round_refuses_what_it_does_not_carry(live: Any, outbox: Outbox) -> None:
    with pytest.raises(ValueError, match=r"a round carries messages to|a message needs a device"):
        live(2).exchange(0, 0, outbox)


def test_the_deadline_must_leave_time_for_hellos(live: Any) -> None:
    with pytest.raises(UserError, match=r"run\.deadline_s = 1 .* network\.hello_s = 1"):
        live(2, deadline_s=1.0)
    with pytest.raises(UserError, match=r"network\.hello_s = 0\.001"):
        live(2, hello_s=0.001)


def test_without_an_engine_the_other_networks_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(engine.importlib, "import_module", missing)
    assert "no ns-3 was found" in str(missing_engine())
    with pytest.raises(UserError, match=r'no ns-3 engine .* use network\.kind = "graph" or "replay"'):
        Ns3Network(parse({}))
