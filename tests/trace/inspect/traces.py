"""Traces made by hand, of which every number is known."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from testbed.exchange import Deliveries, Devices, Exchange, Links, Outbox
from testbed.trace import NO_ROUND, OPEN_NS, Header, LinkRows, NodeRows, Trace

S = 1_000_000_000
Row = tuple[int, int, float, float | None]


def imported(nodes: int, rows: Sequence[Row], delivery: float | Sequence[float] = 1.0, **header: Any) -> Trace:
    """Links are (src, dst, start_s, end_s); None for an end that is not known."""
    table = sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    ones = np.ones(len(table))
    links = LinkRows.of(
        round=np.full(len(table), NO_ROUND),
        t_start_ns=[round(row[2] * S) for row in table],
        t_end_ns=[OPEN_NS if row[3] is None else round(row[3] * S) for row in table],
        src=[row[0] for row in table],
        dst=[row[1] for row in table],
        snr_db=np.nan * ones,
        delivery=delivery * ones,
        rate_bps=0 * ones,
        latency_ns=0 * ones,
        neighbour=ones > 0,
    )
    return Trace(Header(nodes=nodes, network={"kind": "imported", "format": "csv"}, **header), links, NodeRows.none())


def two_way(rows: Sequence[Row]) -> list[Row]:
    """Each in both directions."""
    return [way for a, b, start, end in rows for way in ((a, b, start, end), (b, a, start, end))]


def graph_links(pairs: Sequence[tuple[int, int]]) -> Links:
    """Each pair in both directions, all with the same quality."""
    src, dst = np.array([way for a, b in pairs for way in ((a, b), (b, a))], int).reshape(-1, 2).T
    ones = np.ones(len(src))
    return Links.of(
        src=src, dst=dst, snr_db=ones, delivery=ones, rate_bps=ones, latency_ns=0 * ones, neighbour=ones > 0
    )


def at_rest(nodes: int) -> Devices:
    """Nodes that spend nothing, one metre apart."""
    zeros = np.zeros(nodes)
    return Devices.of(
        airtime_ns=zeros, frames=zeros, retries=zeros, energy_j=zeros, away_ns=zeros, x_m=np.arange(nodes), y_m=zeros
    )


def recorded(nodes: int, graphs: Sequence[Sequence[tuple[int, int]]]) -> Trace:
    """One round of a second per graph, in which nothing is sent."""
    outbox = Outbox.of(src=[], dst=[], size_bytes=[], ready_ns=[])
    nothing = Deliveries.of(**{name: [] for name in Deliveries.columns()})
    exchanges = [
        Exchange(step * S, (step + 1) * S, graph_links(pairs), nothing, at_rest(nodes))
        for step, pairs in enumerate(graphs)
    ]
    return Trace.of_rounds(Header(nodes=nodes, seed=1, network={"kind": "graph"}), [outbox] * len(graphs), exchanges)
