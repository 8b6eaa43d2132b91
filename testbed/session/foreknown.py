"""The graphs of a run as far as they are known before its first round.

Those of an abstract graph are known, and those of a trace: one that is played, or an air that was simulated before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from testbed.network import Medium, Network
from testbed.scenario import Scenario
from testbed.trace import LinkRows, Trace

ENTRIES = 20_000_000
"""Of adjacency matrices, so many are looked at: 20 rounds of 1,000 devices."""
ROUNDS = 2_000
"""So many at most: each takes half a millisecond, however few its devices."""

Graph = NDArray[np.bool_]
"""(devices, devices): [i, j] where i hears j."""


@dataclass(frozen=True)
class Seen:
    """What the graphs of some rounds are like."""

    looked: int
    """At so many of `rounds`, from the first on."""
    rounds: int
    """1 where all are alike; 0 where the graph is that of all links of a trace that has no rounds."""
    one_way: int
    """In so many of them a link goes one way."""
    apart: int
    """In so many a device does not reach another."""
    split: bool
    """Whether a device never reaches another, over the links of all rounds together; False where not all are known."""
    changes: bool
    """Whether some two have different links."""


def look(scenario: Scenario, network: Network | Medium) -> Seen | None:
    """At the graphs of the first rounds; None where nothing is known of them."""
    if (adjacency := getattr(network, "adjacency", None)) is not None:
        rounds = scenario.run.rounds if scenario.network.graph == "erdos-renyi" else 1
        return _seen(map(adjacency, range(rounds)), rounds, scenario.devices.count)
    trace: Trace | None = getattr(network, "trace", None)
    if trace is None:
        return None
    union = _union(trace.links, trace.header.nodes)  # of more than is played, if anything
    if len(trace):
        graphs = (exchange.neighbours() for exchange in trace.exchanges[: scenario.run.rounds])
        return replace(_seen(graphs, scenario.run.rounds, scenario.devices.count), split=is_apart(union))
    return Seen(1, 0, is_one_way(union), is_apart(union), is_apart(union), _changes(trace.links))


def _seen(graphs: Iterator[Graph], rounds: int, devices: int) -> Seen:
    most = max(1, min(ROUNDS, ENTRIES // devices**2))
    first, union, one_way, apart, changes = None, np.zeros((devices, devices), bool), [], [], False
    for graph in islice(graphs, most):
        first, union = graph if first is None else first, union | graph
        one_way.append(is_one_way(graph))
        apart.append(is_apart(graph))
        changes = changes or not np.array_equal(graph, first)
    split = len(apart) == rounds and is_apart(union)
    return Seen(len(apart), rounds, sum(one_way), sum(apart), split, changes)


def is_one_way(graph: Graph) -> bool:
    """Whether some link goes one way."""
    return not np.array_equal(graph, graph.T)


def is_apart(graph: Graph) -> bool:
    """Whether some device does not reach another, along links in their direction."""
    return bool(connected_components(csr_array(graph), connection="strong", return_labels=False) > 1)


def _union(links: LinkRows, devices: int) -> Graph:
    """Who ever hears whom."""
    graph = np.zeros((devices, devices), bool)
    graph[links.dst[links.neighbour], links.src[links.neighbour]] = True
    return graph


def _changes(links: LinkRows) -> bool:
    """Whether links come or go."""
    return len(np.unique(links.t_start_ns)) > 1 or len(np.unique(links.t_end_ns)) > 1
