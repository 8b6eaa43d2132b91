"""Where devices are drawn, and which links between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from testbed.exchange import Exchange
from testbed.report.recording import Recording

LARGEST_SPRING = 300
"""Devices up to which a graph without places is laid out by forces; beyond, networkx wants SciPy for it."""


@dataclass(frozen=True)
class Places:
    """Where the devices are in some rounds."""

    at: dict[int, NDArray[np.float64]]
    """Round to (devices, 2)."""
    said: str
    """What the places are: empty for metres, else the layout."""

    def limits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper corner of a square around all places of all rounds, with a margin."""
        every = np.concatenate(list(self.at.values()))
        low, high = every.min(0), every.max(0)
        half = max((high - low).max() / 2 * 1.08, 1.0 if not self.said else 1.12)
        return (low + high) / 2 - half, (low + high) / 2 + half


def places(recording: Recording, rounds: Sequence[int]) -> Places:
    """Recorded places in metres; where there is no radio, one layout for all these rounds, so that they compare."""
    exchanges = {round_: recording.exchanges[round_] for round_ in rounds}
    at = {round_: np.column_stack([each.devices.x_m, each.devices.y_m]) for round_, each in exchanges.items()}
    if all(np.isfinite(each).all() for each in at.values()):
        return Places(at, "")
    layout, said = _layout(list(exchanges.values()))
    return Places(dict.fromkeys(rounds, layout), said)


def _layout(exchanges: Sequence[Exchange]) -> tuple[NDArray[np.float64], str]:
    """By forces where the graph stays the same; on a circle where it changes from round to round."""
    graphs = [exchange.neighbours() for exchange in exchanges]
    count = len(graphs[0])
    same = all(np.array_equal(graphs[0], each) for each in graphs)
    graph = nx.from_numpy_array(graphs[0] | graphs[0].T)
    if same and 2 < count <= LARGEST_SPRING:
        placed, said = nx.spring_layout(graph, seed=1, iterations=200), "no places recorded: networkx's spring layout"
    else:
        placed, said = nx.circular_layout(graph), "no places recorded: networkx's circular layout"
    where = np.array([placed[device] for device in range(count)], float)
    return where / max(float(np.abs(where).max()), 1e-9), said


@dataclass(frozen=True)
class Graph:
    """The links of a round as they are drawn; rows are (src, dst)."""

    two_way: NDArray[np.int32]
    """Each pair once, src < dst."""
    one_way: NDArray[np.int32]
    """`dst` hears `src`, which does not hear it."""

    def linked(self, devices: int) -> NDArray[np.bool_]:
        """(devices,): whether it has any link, whichever way."""
        return np.isin(np.arange(devices), np.concatenate([self.two_way, self.one_way]))


def graph(exchange: Exchange, hello_share: float) -> Graph:
    """Links of the round's graph, and those that were heard well enough (`hello_share` of the hellos) one way only."""
    links, count = exchange.links, len(exchange.devices)
    heard = np.zeros((count, count), bool)
    good = links.neighbour | (links.delivery >= hello_share)
    heard[links.src[good], links.dst[good]] = True
    neighbours = exchange.neighbours()
    return Graph(_pairs(np.triu(neighbours & neighbours.T, 1)), _pairs(heard & ~heard.T))


def hello_share(recording: Recording) -> float:
    """Share of hellos that makes a link, as the trace's header has it; above 1, which no link reaches, without one."""
    share = recording.trace.header.network.get("hello_share")
    return float(share) if isinstance(share, int | float) else 2.0


def _pairs(matrix: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.argwhere(matrix).astype(np.int32)
