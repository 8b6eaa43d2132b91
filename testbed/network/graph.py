"""The `graph` network: abstract graphs with a stated rate and latency, and no radio.

The control that papers use. Every link carries every message whole: it arrives `size / rate + latency`
after the sender is ready, whatever else is on the air. Of several exchanges the next one begins when all of the one
before has arrived or is lost.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import (
    ALL_NEIGHBOURS,
    ALL_PRESENT,
    NEVER,
    Absences,
    Cause,
    Deliveries,
    Devices,
    Exchange,
    Links,
    Outbox,
)
from testbed.matching import addressed, round_seed
from testbed.scenario.schema import GRAPH_FILES
from testbed.scenario.schema import Network as Settings
from testbed.seeds import Purpose, generator
from testbed.trace.value import joined

_READERS = (nx.read_graphml, nx.read_gexf, nx.read_gml, nx.read_edgelist, nx.read_adjlist)
READERS = dict(zip(GRAPH_FILES, _READERS, strict=True))
SHAPES = {
    "ring": nx.cycle_graph,
    "line": nx.path_graph,
    "star": lambda count: nx.star_graph(count - 1),
    "complete": nx.complete_graph,
    "empty": nx.empty_graph,
}
NO_END_NS = 1 << 62


class GraphNetwork:
    """Messages over a graph: drawn anew each round (`erdos-renyi`), or the same in every round.

    Raises UserError for a graph file that cannot be read or does not have `devices` nodes.
    """

    events = 0

    def __init__(self, devices: int, seed: int, settings: Settings, deadline_s: float) -> None:
        self.devices = devices
        self._seed, self._settings = seed, settings
        self._rate_bps = settings.rate_bps() or 0
        self._deadline_ns = round(deadline_s * 1e9)
        self._fixed = None if settings.graph == "erdos-renyi" else heard_by(settings.graph, devices)

    def describe(self) -> dict[str, Any]:
        """Kind, graph and link settings."""
        settings = self._settings
        density = {"density": settings.wanted_density} if self._fixed is None else {}
        graph = Path(settings.graph).name
        return {"kind": "graph", "graph": graph, **density, "rate": settings.rate, "latency_s": settings.latency_s}

    def exchange(self, round_: int, opened_ns: int, outbox: Outbox, absences: Absences = ALL_PRESENT) -> Exchange:
        """Carry the messages over this round's graph, which is of the devices that are here when it opens."""
        here = absences.within(opened_ns, opened_ns + 1, self.devices) == 0
        heard, seed = self.adjacency(round_) & here & here[:, None], round_seed(self._seed, round_)
        links, exchanges = self.links(heard), (addressed(each, heard, seed) for each in outbox.exchanges())
        parts = list(self._carried(links, exchanges, opened_ns + self._deadline_ns, absences))
        sent, deliveries = joined(Outbox, [each for each, _ in parts]), joined(Deliveries, [each for _, each in parts])
        ends = [opened_ns, *outbox.ready_ns, *deliveries.arrived_ns]
        late = (deliveries.cause == Cause.DEADLINE).any()  # the round does not wait for devices that left
        closed_ns = opened_ns + self._deadline_ns if late else min(max(ends), opened_ns + self._deadline_ns)
        away_ns = absences.within(opened_ns, int(closed_ns), self.devices)
        return Exchange(opened_ns, int(closed_ns), links, deliveries, self._devices(sent, away_ns))

    def close(self) -> None:
        """Nothing is held."""

    def air_ns(self, size_bytes: int) -> int:
        """How long a message takes to send; at least 1 ns."""
        return max(1, math.ceil(size_bytes * 8e9 / self._rate_bps))

    @property
    def latency_ns(self) -> int:
        return round(self._settings.latency_s * 1e9)

    def adjacency(self, round_: int) -> NDArray[np.bool_]:
        """The graph of a round, (devices, devices): [i, j] where i hears j."""
        if self._fixed is not None:
            return self._fixed
        draws = generator(self._seed, Purpose.GRAPH, round_).random((self.devices, self.devices))
        upper = np.triu(draws < self._settings.wanted_density, 1)
        return upper | upper.T

    def links(self, heard: NDArray[np.bool_]) -> Links:
        """The links of a graph, in order of sender and receiver."""
        src, dst = np.nonzero(heard.T)
        count = len(src)
        return Links.of(
            src=src,
            dst=dst,
            snr_db=np.full(count, np.nan),
            delivery=np.ones(count),
            rate_bps=np.full(count, self._rate_bps),
            latency_ns=np.full(count, self.latency_ns),
            neighbour=np.ones(count, bool),
        )

    def _carried(
        self, links: Links, exchanges: Iterable[Outbox], deadline_ns: int, absences: Absences
    ) -> Iterator[tuple[Outbox, Deliveries]]:
        """Of each exchange, what is sent and what becomes of it."""
        began_ns = -1
        for wanted in exchanges:
            wanted = replace(wanted, ready_ns=np.maximum(wanted.ready_ns, began_ns))
            deliveries, ended_ns = without(absences, self._deliveries(links, wanted, deadline_ns))
            yield wanted.part(slice(None if began_ns < deadline_ns else 0)), deliveries
            last_ns = int(ended_ns.max(initial=began_ns))
            began_ns = last_ns if last_ns < deadline_ns else NO_END_NS

    def _deliveries(self, links: Links, outbox: Outbox, deadline_ns: int) -> Deliveries:
        """One row for each message and each device that hears its sender."""
        order = np.argsort(outbox.src, kind="stable")
        first, last = (np.searchsorted(outbox.src[order], links.src, side) for side in ("left", "right"))
        link = np.repeat(np.arange(len(links)), last - first)
        place = np.arange(len(link)) - np.repeat(np.cumsum(last - first) - last, last - first)
        message = order[place]
        wanted = (outbox.dst[message] == ALL_NEIGHBOURS) | (outbox.dst[message] == links.dst[link])
        link, message = link[wanted], message[wanted]
        started = outbox.ready_ns[message]
        air = np.ceil(outbox.size_bytes[message] * 8e9 / self._rate_bps).astype(np.int64)
        arrived = started + air + self.latency_ns
        late = arrived > deadline_ns
        return Deliveries.of(
            src=links.src[link],
            dst=links.dst[link],
            size_bytes=outbox.size_bytes[message],
            started_ns=np.where(started > deadline_ns, -1, started),
            arrived_ns=np.where(late, -1, arrived),
            cause=np.where(late, Cause.DEADLINE, Cause.ARRIVED),
            frames=np.where(started > deadline_ns, 0, 1),
            retries=np.zeros(len(link)),
        )

    def _devices(self, outbox: Outbox, away_ns: NDArray[np.int64]) -> Devices:
        airtime = np.zeros(self.devices)
        np.add.at(airtime, outbox.src, np.ceil(outbox.size_bytes * 8e9 / self._rate_bps))
        nowhere = np.full(self.devices, np.nan)
        frames = np.bincount(outbox.src, minlength=self.devices)
        return Devices.of(
            airtime_ns=airtime,
            frames=frames,
            retries=frames * 0,
            energy_j=nowhere,
            away_ns=away_ns,
            x_m=nowhere,
            y_m=nowhere,
        )


def without(absences: Absences, deliveries: Deliveries) -> tuple[Deliveries, NDArray[np.int64]]:
    """What is under way when its source or its destination leaves, or begins while one is away, never arrives.

    And when each delivery ended; NO_END_NS of those that the deadline ends.
    """
    ended_ns = np.where(deliveries.arrived, deliveries.arrived_ns, NO_END_NS)
    lost = np.zeros(len(deliveries), bool)
    for device, from_ns, until_ns in absences.rows():
        concerned = (deliveries.src == device) | (deliveries.dst == device)
        meets = concerned & (deliveries.started_ns < until_ns) & (deliveries.arrived_ns > from_ns)
        ended_ns = np.where(meets, np.minimum(ended_ns, np.maximum(deliveries.started_ns, from_ns)), ended_ns)
        lost |= meets
    arrived_ns, cause = np.where(lost, NEVER, deliveries.arrived_ns), np.where(lost, Cause.AWAY, deliveries.cause)
    return replace(deliveries, arrived_ns=arrived_ns, cause=cause), ended_ns


def heard_by(graph: str, devices: int) -> NDArray[np.bool_]:
    """(devices, devices) of a named shape or a file: [i, j] where i hears j. Nodes in order of their names.

    An edge u -> v of a directed graph is a one-way link: v hears u.
    """
    shape: nx.Graph = SHAPES[graph](devices) if graph in SHAPES and devices > 0 else _from_file(Path(graph))
    if len(shape) != devices:
        raise UserError(f"network.graph = {graph!r} has {len(shape)} nodes, but devices.count = {devices}.")
    order = list(shape) if graph in SHAPES else sorted(shape, key=_natural)
    heard = nx.to_numpy_array(shape, nodelist=order, weight=None).T > 0
    np.fill_diagonal(heard, False)
    return np.asarray(heard, bool)


def _from_file(file: Path) -> nx.Graph:
    reader = READERS.get(file.suffix)
    if reader is None:
        raise UserError(
            f"network.graph = {str(file)!r} should be erdos-renyi, {', '.join(SHAPES)}, "
            f"or a file that ends in {', '.join(READERS)}."
        )
    try:
        return reader(file)
    except FileNotFoundError:
        raise UserError(f"network.graph: there is no file {file}.") from None
    except Exception as error:  # networkx raises whatever its parsers raise
        raise UserError(f"network.graph: {file} cannot be read as {file.suffix[1:]}: {error}.") from None


def _natural(node: object) -> tuple[int, int, str]:
    """Numbers by value and before names, so that node 10 does not come before node 2."""
    text = str(node)
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
