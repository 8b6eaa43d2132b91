"""The replay network: what was recorded, exactly, or an error that says why not."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import testbed
from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, Exchange, Outbox, Sightings
from testbed.network import connect, connect_medium, links
from testbed.network.excerpt import linked_ns
from testbed.network.graph import GraphNetwork
from testbed.network.replay import ReplayNetwork
from testbed.network.replay_medium import ReplayMedium
from testbed.scenario import Scenario, parse
from testbed.trace import OPEN_NS, Header, Trace, TraceWriter, read, write
from testbed.trace.transform import select, shifted, window
from tests.session.scenarios import small, tables
from tests.trace.made import imported

DEVICES, ROUNDS = 6, 3


def outbox(opened_ns: int) -> Outbox:
    count = DEVICES
    return Outbox(np.arange(count), [ALL_NEIGHBOURS] * count, [500] * count, [opened_ns + 10] * count)


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    settings = parse({"network": {"kind": "graph", "density": 0.5}}).network
    network = GraphNetwork(DEVICES, 1, settings, 1.0)
    writer = TraceWriter(tmp_path, Header(nodes=DEVICES, seed=1, network=network.describe(), scenario="0"))
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
        ({"ready_ns": [10] * 5 + [11]}, r"device 5 is ready at 0\.000000011 s, recorded was 0\.000000010 s"),
        ({"dst": [0] * 6}, "or by other devices"),
    ],
)
def test_other_messages_than_the_recorded_are_an_error(trace: Trace, change: dict[str, list[int]], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ReplayNetwork(trace, DEVICES, ROUNDS).exchange(0, 0, dataclasses.replace(outbox(0), **change))


def of_mode(mode: str, trace: Trace) -> Trace:
    """As if it had been recorded in an event-driven mode: devices have looked, and send to all or to one."""
    looks = Sightings.of(time_ns=[10] * DEVICES, device=range(DEVICES), neighbour=[1, 0, 3, 2, 5, 4])
    exchanges = (dataclasses.replace(trace.exchanges[0], sightings=looks), *trace.exchanges[1:])
    if mode == "local":
        return dataclasses.replace(trace, exchanges=exchanges)
    nothing = exchanges[0].deliveries
    nothing = dataclasses.replace(nothing, **{name: [] for name in nothing.columns()})
    return dataclasses.replace(
        trace,
        outboxes=tuple(dataclasses.replace(each, dst=[1, 0, 3, 2, 5, 4]) for each in trace.outboxes),
        exchanges=tuple(dataclasses.replace(exchange, deliveries=nothing) for exchange in exchanges),
    )


@pytest.mark.parametrize("mode", ["local", "async"])
def test_a_trace_of_an_event_driven_mode_is_not_for_the_barrier(trace: Trace, mode: str) -> None:
    with pytest.raises(UserError, match=rf'recorded in mode "{mode}", .* of mode "barrier": set run\.mode = "{mode}"'):
        ReplayNetwork(of_mode(mode, trace), DEVICES, ROUNDS)


def test_a_trace_of_the_barrier_is_not_for_the_event_driven_modes(trace: Trace) -> None:
    with pytest.raises(UserError, match=r'recorded in mode "barrier", .* set run\.mode = "barrier"'):
        ReplayMedium(trace, DEVICES, ROUNDS)


@pytest.mark.parametrize(
    ("mode", "message", "said"),
    [
        ("local", (1, 0, 10, ALL_NEIGHBOURS, 500), "device 0 sends at .*, recorded was device 1 at 0.000000010 s"),
        ("local", (0, 0, 10, ALL_NEIGHBOURS, 501), "device 0 sends 501 bytes, recorded were 500"),
        ("local", (0, 0, 11, ALL_NEIGHBOURS, 500), "device 0 sends at 0.000000011 s, recorded was 0.000000010 s"),
        ("local", (0, 0, 10, 1, 28), 'was recorded in mode "local"'),
        ("async", (0, 0, 10, ALL_NEIGHBOURS, 500), 'was recorded in mode "async"'),
        ("async", (0, 0, 10, 2, 500), "device 0 sends to device 2, recorded was device 1"),
        ("async", (18, 3, 10, 2, 500), "device 3 sends at 0.000000010 s, after the last recorded message"),
    ],
)
def test_a_medium_says_what_differs(trace: Trace, mode: str, message: tuple[int, ...], said: str) -> None:
    number, src, time_ns, dst, size_bytes = message
    medium = ReplayMedium(of_mode(mode, trace), DEVICES, ROUNDS)
    assert medium.advance(time_ns) == []
    with pytest.raises(UserError, match=f"Period 0 does not fit the trace: .*{said}"):
        medium.send(number, src, dst, size_bytes)


def test_a_medium_plays_the_messages_that_were_recorded(trace: Trace) -> None:
    medium = ReplayMedium(of_mode("async", trace), DEVICES, ROUNDS)
    assert medium.advance(9) == []
    with pytest.raises(UserError, match=r"device 2 looks for neighbours at 0\.000000009 s, as it never did"):
        medium.neighbours(2)
    assert medium.advance(10) == []
    assert medium.neighbours(2) == [3]
    assert medium.send(0, 0, 1, 500) == []


def play(trace: Trace, folder: Path, run: dict[str, Any] | None = None, **network: Any) -> Scenario:
    """A scenario that replays `trace`, once it is written."""
    if not (folder / "air").exists():
        write(trace, folder / "air")
    keys = {"kind": "replay", "trace": str(folder / "air"), **network}
    count = len(network["nodes"]) if isinstance(network.get("nodes"), list) else DEVICES
    return parse({"run": {"rounds": ROUNDS} | (run or {}), "devices": {"count": count}, "network": keys})


def exchanges(scenario: Scenario, rounds: int, nodes: int = DEVICES) -> list[Exchange]:
    """What the network of a scenario makes of the messages that were recorded, sent by its devices."""
    network, clock, found = connect(scenario), 0, []
    for round_ in range(rounds):
        sent = Outbox(np.arange(nodes), [ALL_NEIGHBOURS] * nodes, [500] * nodes, [clock + 10] * nodes)
        found.append(network.exchange(round_, clock, sent, testbed.exchange.ALL_PRESENT))
        clock = found[-1].closed_ns
    return found


def test_a_window_begins_the_clock_at_zero(trace: Trace, tmp_path: Path) -> None:
    second = trace.exchanges[1]
    scenario = play(trace, tmp_path, {"rounds": 2}, from_s=second.opened_ns / 1e9)
    found = exchanges(scenario, 2)
    assert found[0].opened_ns == 0
    assert found == list(shifted(window(trace, second.opened_ns, None), -second.opened_ns).exchanges)
    assert found[0].links == second.links


def test_a_loop_plays_the_rounds_again(trace: Trace, tmp_path: Path) -> None:
    found = exchanges(play(trace, tmp_path, {"rounds": 8}, at_end="loop"), 8)
    for round_, exchange in enumerate(found):
        assert exchange.links == trace.exchanges[round_ % ROUNDS].links
    assert found[3].opened_ns == trace.exchanges[-1].closed_ns
    lasts_ns = [each.closed_ns - each.opened_ns for each in found]
    assert lasts_ns[:5] == lasts_ns[3:]


def test_a_loop_of_a_window(trace: Trace, tmp_path: Path) -> None:
    second = trace.exchanges[1]
    ends = {"from_s": second.opened_ns / 1e9, "to_s": second.closed_ns / 1e9}
    found = exchanges(play(trace, tmp_path, {"rounds": 3}, at_end="loop", **ends), 3)
    assert [each.links for each in found] == [second.links] * 3


def test_listed_nodes_become_the_devices(trace: Trace, tmp_path: Path) -> None:
    nodes = [4, 0, 5]
    found = exchanges(play(trace, tmp_path, nodes=nodes), ROUNDS, 3)
    assert found == list(select(trace, nodes).exchanges)
    assert found[0].neighbours().tolist() == trace.exchanges[0].neighbours()[np.ix_(nodes, nodes)].tolist()
    network = connect(play(trace, tmp_path, nodes=nodes)).describe()
    assert (network["kind"], network["nodes"], network["names"]) == ("graph", nodes, ["4", "0", "5"])


def chosen(scenario: Scenario, count: int, seed: int = 1) -> list[int]:
    run = scenario.run.model_copy(update={"seed": seed})
    devices = scenario.devices.model_copy(update={"count": count})
    found: list[int] = connect(scenario.model_copy(update={"run": run, "devices": devices})).describe()["nodes"]
    return found


def test_nodes_are_chosen_by_order_by_links_and_by_chance(trace: Trace, tmp_path: Path) -> None:
    assert chosen(play(trace, tmp_path, nodes="first"), 4) == [0, 1, 2, 3]
    busy = linked_ns(trace)
    expected = [sum(int(each.neighbours()[i].sum() * 2) * (each.closed_ns - each.opened_ns) for each in trace.exchanges)
                for i in range(DEVICES)]  # fmt: skip
    assert busy.tolist() == expected
    assert chosen(play(trace, tmp_path, nodes="busiest"), 2) == sorted(np.argsort(-busy, kind="stable")[:2].tolist())
    draws = {tuple(chosen(play(trace, tmp_path, nodes="random"), 3, seed)) for seed in range(8)}
    assert len(draws) > 3
    assert all(len(set(draw)) == 3 and list(draw) == sorted(draw) for draw in draws)
    assert chosen(play(trace, tmp_path, nodes="random"), 3, 5) == chosen(play(trace, tmp_path, nodes="random"), 3, 5)


@pytest.mark.parametrize(
    ("count", "run", "network", "said"),
    [
        (4, {}, {}, r"has 6 nodes, the scenario 4 devices: set devices\.count = 6, or choose .* network\.nodes"),
        (9, {}, {}, r"set devices\.count = 6\."),
        (9, {}, {"nodes": "first"}, r"set devices\.count to 6 at most"),
        (2, {}, {"nodes": [0, 6]}, "nodes 0 to 5, but not the node 6"),
        (6, {"rounds": 4}, {}, r'holds 3 rounds, .* 4: set run\.rounds = 3 or network\.at_end = "loop"'),
        (6, {}, {"to_s": 0.003}, r"holds \d rounds in its window"),
        (6, {}, {"from_s": 9}, r"from_s and network\.to_s leave nothing .* 3 rounds, .* lie between 0 s and 0\.00"),
    ],
)
def test_too_short_or_too_small_a_trace_says_what_is_there_and_what_to_set(
    trace: Trace, tmp_path: Path, count: int, run: dict[str, Any], network: dict[str, Any], said: str
) -> None:
    scenario = play(trace, tmp_path, run, **network)
    with pytest.raises(UserError, match=said):
        connect(scenario.model_copy(update={"devices": scenario.devices.model_copy(update={"count": count})}))


def test_messages_of_another_size_are_for_a_replay_of_links(trace: Trace) -> None:
    other = dataclasses.replace(outbox(0), size_bytes=[7] * DEVICES)
    with pytest.raises(UserError, match=r'device 0 sends 7 bytes, recorded were 500 .* set network\.replay = "links"'):
        ReplayNetwork(trace, DEVICES, ROUNDS).exchange(0, 0, other)


@pytest.mark.parametrize("mode", ["barrier", "local"])
def test_links_without_messages_are_for_a_replay_of_links(tmp_path: Path, mode: str) -> None:
    scenario = play(imported(1, nodes=DEVICES), tmp_path, {"mode": mode, "period_s": 1.0})
    with pytest.raises(UserError, match=r'has no rounds: .* network\.replay = "links"'):
        (connect if mode == "barrier" else connect_medium)(scenario)


@pytest.mark.parametrize("mode", ["barrier", "local"])
def test_a_replay_of_links_is_given_the_chosen_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """At the trace's own times; its pace and its end are for the network to see to."""
    made = []
    for name in ("LinksNetwork", "LinksMedium"):
        monkeypatch.setattr(links, name, lambda trace, scenario: made.append(trace), raising=False)
    trace = imported(1, nodes=DEVICES)
    keys = {"replay": "links", "from_s": 2e-5, "to_s": 6e-5, "nodes": [5, 1, 2], "time_scale": 9, "at_end": "hold"}
    scenario = play(trace, tmp_path, {"mode": mode, "period_s": 1.0}, **keys)
    (connect if mode == "barrier" else connect_medium)(scenario)
    expected = select(window(trace, 20_000, 60_000), [5, 1, 2])
    assert len(expected.links)
    assert (made[0].links, made[0].nodes, made[0].header.names) == (expected.links, expected.nodes, ("n5", "n1", "n2"))
    assert made[0].header.network == {"kind": "imported", "nodes": [5, 1, 2], "names": ["n5", "n1", "n2"]}


def test_links_without_an_end_are_the_longest() -> None:
    trace = imported(2, nodes=5)
    lasts = dataclasses.replace(
        trace.links, t_end_ns=np.where(trace.links.src == 3, OPEN_NS, trace.links.t_start_ns + 1)
    )
    assert int(linked_ns(dataclasses.replace(trace, links=lasts)).argmax()) == 3


def eventful(tmp_path: Path, rounds: int, mode: str = "local", **network: Any) -> Scenario:
    """Two groups of three that do not hear each other."""
    (tmp_path / "two.edgelist").write_text("0 1\n1 2\n3 4\n3 5\n4 5\n")
    return small(
        run={"mode": mode, "period_s": 0.002, "deadline_s": 0.001, "rounds": rounds},
        devices={"count": 6, "profile": "laptop"},
        network={"graph": str(tmp_path / "two.edgelist"), "density": None, "rate": "1Gbps", "latency_s": 1e-5}
        | network,
    )


@pytest.mark.parametrize("mode", ["local", "async"])
def test_an_event_driven_recording_is_played_up_to_where_the_window_ends(tmp_path: Path, mode: str) -> None:
    testbed.record(eventful(tmp_path, 2, mode), tmp_path / "air")
    testbed.run(eventful(tmp_path, 1, mode), tmp_path / "live")
    testbed.replay(tmp_path / "air", eventful(tmp_path, 1, mode), tmp_path / "again", to_s=0.003)
    live, again = tables(tmp_path / "live"), tables(tmp_path / "again")
    assert live.pop("trace/header.json") != again.pop("trace/header.json")
    assert live == again
    with pytest.raises(
        UserError, match=r"1 rounds in its window, the scenario asks for 2: set run\.rounds = 1, or rec"
    ):
        testbed.replay(tmp_path / "air", eventful(tmp_path, 2, mode), tmp_path / "long", to_s=0.003)


def test_nodes_that_hear_none_of_the_others_can_be_played_alone(tmp_path: Path) -> None:
    trace = testbed.record(eventful(tmp_path, 3), tmp_path / "air")
    three = eventful(tmp_path, 3)
    three = three.model_copy(update={"devices": three.devices.model_copy(update={"count": 3})})
    run = testbed.replay(tmp_path / "air", three, tmp_path / "three", nodes=[3, 4, 5])
    assert run.rounds["delivered"].sum() == sum(
        int(each.deliveries.arrived[each.deliveries.src >= 3].sum()) for each in trace.exchanges
    )
    with pytest.raises(UserError, match=r'choose the sections run, .* or set network\.replay = "links"'):
        testbed.replay(tmp_path / "air", three, tmp_path / "torn", nodes=[0, 1, 3])


@pytest.mark.parametrize("key", [{"at_end": "loop"}, {"from_s": 0.001}])
def test_an_event_driven_recording_begins_once_and_at_its_beginning(tmp_path: Path, key: dict[str, Any]) -> None:
    testbed.record(eventful(tmp_path, 3), tmp_path / "air")
    with pytest.raises(
        UserError, match=r'does not go with an exact replay in mode "local".* network\.replay = "links"'
    ):
        testbed.replay(tmp_path / "air", eventful(tmp_path, 2), tmp_path / "run", **key)
