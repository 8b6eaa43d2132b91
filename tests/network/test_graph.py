"""The graph network: who hears whom, and when messages arrive."""

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, NEVER, Cause, Exchange, Outbox
from testbed.network.graph import GraphNetwork
from testbed.scenario import parse
from testbed.scenario.schema import Network as Settings


def settings(**keys: Any) -> Settings:
    return parse({"network": {"kind": "graph", **keys}}).network


def everyone(devices: int, size: int = 1000, ready_ns: int = 0) -> Outbox:
    return Outbox(np.arange(devices), [ALL_NEIGHBOURS] * devices, [size] * devices, [ready_ns] * devices)


def carry(devices: int, seed: int = 1, round_: int = 0, deadline_s: float = 10.0, **keys: Any) -> Exchange:
    return GraphNetwork(devices, seed, settings(**keys), deadline_s).exchange(round_, 0, everyone(devices))


@pytest.mark.parametrize(
    ("graph", "devices", "degrees"),
    [
        ("ring", 5, [2, 2, 2, 2, 2]),
        ("line", 4, [1, 2, 2, 1]),
        ("star", 4, [3, 1, 1, 1]),
        ("complete", 4, [3, 3, 3, 3]),
        ("empty", 3, [0, 0, 0]),
        ("ring", 1, [0]),
        ("line", 1, [0]),
        ("star", 1, [0]),
        ("complete", 1, [0]),
        ("ring", 2, [1, 1]),
    ],
)
def test_shapes_have_their_degrees_and_deliver_along_every_link(graph: str, devices: int, degrees: list[int]) -> None:
    exchange = carry(devices, graph=graph)
    assert exchange.neighbours().sum(1).tolist() == degrees
    assert np.array_equal(exchange.delivered(), exchange.neighbours())


def test_a_message_takes_its_size_over_the_rate_and_the_latency() -> None:
    network = GraphNetwork(2, 1, settings(graph="line", rate="8Mbps", latency_s=0.002), 10.0)
    exchange = network.exchange(0, 5_000, everyone(2, size=1000, ready_ns=7_000))
    assert exchange.deliveries.started_ns.tolist() == [7_000, 7_000]
    assert exchange.deliveries.arrived_ns.tolist() == [7_000 + 1_000_000 + 2_000_000] * 2
    assert exchange.closed_ns == 3_007_000
    assert exchange.devices.airtime_ns.tolist() == [1_000_000, 1_000_000]


def test_what_comes_after_the_deadline_is_lost_and_the_round_closes_then() -> None:
    network = GraphNetwork(2, 1, settings(graph="line", rate="8kbps"), 0.5)
    outbox = Outbox([0, 1], [ALL_NEIGHBOURS] * 2, [1000, 10], [0, 0])
    exchange = network.exchange(0, 0, outbox)
    assert exchange.closed_ns == 500_000_000
    assert exchange.deliveries.cause.tolist() == [Cause.DEADLINE, Cause.ARRIVED]
    assert exchange.deliveries.arrived_ns[0] == NEVER


def test_a_message_ready_after_the_deadline_never_starts() -> None:
    network = GraphNetwork(2, 1, settings(graph="line"), 0.5)
    exchange = network.exchange(0, 0, everyone(2, ready_ns=600_000_000))
    assert exchange.closed_ns == 500_000_000
    assert exchange.deliveries.started_ns.tolist() == [NEVER, NEVER]


def test_without_messages_a_round_still_has_its_graph() -> None:
    exchange = GraphNetwork(3, 1, settings(graph="ring"), 1.0).exchange(0, 9, Outbox([], [], [], []))
    assert exchange.density == 1.0
    assert len(exchange.deliveries) == 0
    assert exchange.closed_ns == 9


def test_a_message_to_one_neighbour_goes_to_it_alone() -> None:
    network = GraphNetwork(3, 1, settings(graph="complete"), 1.0)
    exchange = network.exchange(0, 0, Outbox([2, 2], [0, 1], [10, 20], [0, 0]))
    assert list(zip(exchange.deliveries.src, exchange.deliveries.dst, exchange.deliveries.size_bytes, strict=True)) == [
        (2, 0, 10),
        (2, 1, 20),
    ]


def test_erdos_renyi_is_symmetric_redrawn_each_round_and_has_its_density() -> None:
    network = GraphNetwork(50, 3, settings(density=0.5), 1.0)
    graphs = [network.exchange(round_, 0, everyone(50)).neighbours() for round_ in range(40)]
    assert all(np.array_equal(graph, graph.T) for graph in graphs)
    assert not np.array_equal(graphs[0], graphs[1])
    assert np.mean(graphs) * 50 / 49 == pytest.approx(0.5, abs=0.01)


def test_the_same_seed_draws_the_same_graphs_and_another_does_not() -> None:
    assert carry(20, seed=4, round_=7) == carry(20, seed=4, round_=7)
    assert carry(20, seed=4, round_=7) != carry(20, seed=5, round_=7)


@pytest.mark.parametrize("ending", ["graphml", "gexf", "gml", "edgelist", "adjlist"])
def test_any_networkx_file_serves_with_its_nodes_in_order(tmp_path: Path, ending: str) -> None:
    graph = nx.relabel_nodes(nx.path_graph(12), str)
    file = tmp_path / f"net.{ending}"
    {"gml": nx.write_gml}.get(ending, getattr(nx, f"write_{ending}"))(graph, file)
    heard = carry(12, graph=str(file)).neighbours()
    assert np.array_equal(heard, nx.to_numpy_array(nx.path_graph(12)) > 0)


def test_a_directed_file_gives_one_way_links(tmp_path: Path) -> None:
    file = tmp_path / "net.graphml"
    nx.write_graphml(nx.DiGraph([("0", "1")]), file)
    exchange = carry(2, graph=str(file))
    assert list(zip(exchange.links.src, exchange.links.dst, strict=True)) == [(0, 1)]
    assert exchange.delivered().tolist() == [[False, False], [True, False]]
    assert exchange.density == 0.5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("net.graphml", "not xml", "cannot be read as graphml"),
        ("net.graphml", None, "there is no file"),
        ("net.png", "x", "should be erdos-renyi, ring"),
        ("net.edgelist", "0 1\n", "has 2 nodes, but devices.count = 3"),
    ],
)
def test_a_graph_that_cannot_be_had_is_a_sentence(tmp_path: Path, name: str, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=said):
        carry(3, graph=str(tmp_path / name))
