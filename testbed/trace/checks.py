"""What is impossible about the rows of a table, in words."""

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import ALL_NEIGHBOURS, NEVER, NOBODY, Deliveries, Outbox, Sightings, Table
from testbed.trace.format import NO_ROUND, LinkRows, NodeRows


def complaint(table: Table, nodes: int) -> str | None:
    """The first thing that cannot be true of the rows of a trace of so many nodes, if anything."""
    match table:
        case LinkRows():
            return _links(table, nodes)
        case NodeRows():
            return _nodes(table, nodes)
        case Outbox():
            return _messages(table, nodes)
        case Deliveries():
            return _deliveries(table, nodes)
        case Sightings():
            return _sightings(table, nodes)
    raise TypeError(f"no table of a trace: {type(table).__name__}")


def _links(rows: LinkRows, nodes: int) -> str | None:
    if said := _outside(nodes, rows.src, rows.dst):
        return said
    if (rows.src == rows.dst).any():
        return "a node that is linked to itself"
    if not ((rows.delivery >= 0) & (rows.delivery <= 1)).all():
        return "a delivery outside 0..1"
    if (rows.t_end_ns < rows.t_start_ns).any():
        return "a link that ends before it starts"
    if (rows.rate_bps < 0).any() or (rows.latency_ns < 0).any():
        return "a negative rate or latency"
    if _goes_back(rows.round, rows.t_start_ns):
        return "links of no round out of order"
    return None


def _nodes(rows: NodeRows, nodes: int) -> str | None:
    if said := _outside(nodes, rows.node):
        return said
    if _goes_back(rows.round, rows.t_ns):
        return "places of no round out of order"
    return None


def _messages(rows: Outbox, nodes: int) -> str | None:
    if said := _outside(nodes, rows.src, rows.dst[rows.dst != ALL_NEIGHBOURS]):
        return said
    return "a message of negative size" if (rows.size_bytes < 0).any() else None


def _deliveries(rows: Deliveries, nodes: int) -> str | None:
    if said := _outside(nodes, rows.src, rows.dst):
        return said
    if (rows.size_bytes < 0).any():
        return "a message of negative size"
    if (rows.src == rows.dst).any():
        return "a node that is linked to itself"
    arrived = rows.arrived
    if (rows.arrived_ns[arrived] < rows.started_ns[arrived]).any() or (rows.arrived_ns[~arrived] != NEVER).any():
        return "a message arrives before it starts, or arrives and is lost"
    return "a message starts before time begins" if (rows.started_ns < NEVER).any() else None


def _sightings(rows: Sightings, nodes: int) -> str | None:
    if said := _outside(nodes, rows.device, rows.neighbour[rows.neighbour != NOBODY]):
        return said
    return "sightings out of order" if (np.diff(rows.time_ns) < 0).any() else None


def _outside(nodes: int, *ends: NDArray[np.int32]) -> str | None:
    if any(len(end) and (end.min() < 0 or end.max() >= nodes) for end in ends):
        return f"a node outside 0..{nodes - 1}"
    return None


def _goes_back(rounds: NDArray[np.int32], times_ns: NDArray[np.int64]) -> bool:
    count = int(np.searchsorted(rounds, NO_ROUND, "right"))
    return bool((times_ns[1:count] < times_ns[: max(count - 1, 0)]).any())
