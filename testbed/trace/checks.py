"""What is impossible about the rows of a trace, in words."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from testbed.exchange import NEVER, NOBODY, ONE_PAIR, Deliveries, Outbox, Sightings, Table
from testbed.trace.format import LAST_NS, OPEN_NS, LinkRows, NodeRows, edges

T = TypeVar("T", bound=Table)
Times = NDArray[np.int64]

PART = 1 << 17
"""Rows that are looked at together: what is computed of them stays in the processor's cache."""


def complaint(table: Table, nodes: int) -> str | None:
    """The first thing that cannot be true of the rows of a table of a trace of so many nodes, if anything."""
    look = CHECKS[type(table)]
    return next((said for part in _parts(table) if (said := look(part, nodes))), None)


def rounds(count: int, numbers: NDArray[np.int32], opened: Times, closed: Times) -> str | None:
    """The same of table `rounds`, which should have so many."""
    if not np.array_equal(numbers, np.arange(count)):
        return "its rounds are not 0, 1, 2, ..."
    if (opened < 0).any() or (closed < opened).any() or (opened[1:] < closed[:-1]).any():
        return "a round closes before it opens or overlaps the next"
    return "a time beyond 2^62 ns" if (closed > LAST_NS).any() else None


def links_in_rounds(rows: LinkRows, opened: Times, closed: Times) -> str | None:
    """Whether the links of every round hold as long as it is open."""
    firsts = edges(rows.round, len(opened))
    inside = np.flatnonzero(np.diff(firsts))  # rounds that have links
    for times, expected in ((rows.t_start_ns, opened), (rows.t_end_ns, closed)):
        if (times[firsts[inside]] != expected[inside]).any() or _changes(rows.round, times):
            return "a link of a round has not the times of the round"
    return None


def nodes_in_rounds(rows: NodeRows, opened: Times, nodes: int) -> str | None:
    """Whether every round has a row for each node, in order, as it opens."""
    inside = rows.part(slice(int(edges(rows.round, 0)[0]), None))
    if not len(opened):  # there may be very many nodes
        return None
    if not np.array_equal(np.bincount(inside.round, minlength=len(opened)), np.full(len(opened), nodes)):
        return "a round has not one row a node"
    shape = (len(opened), nodes)
    if (inside.node.reshape(shape) != np.arange(nodes)).any():
        return "the nodes of a round are not in order"
    return "a round's nodes are not where it opens" if (inside.t_ns.reshape(shape) != opened[:, None]).any() else None


def _parts(table: T) -> Iterator[T]:
    """Slices that share a row with the one before, so that what is out of order between them is seen."""
    for first in range(0, len(table), PART):
        yield table.part(slice(max(first - 1, 0), first + PART))


def _links(rows: LinkRows, nodes: int) -> str | None:
    if said := _outside(nodes, rows.src, rows.dst) or _beyond(rows.t_start_ns, rows.t_end_ns[rows.t_end_ns != OPEN_NS]):
        return said
    if (rows.src == rows.dst).any():
        return "a node that is linked to itself"
    if not ((rows.delivery >= 0) & (rows.delivery <= 1)).all():
        return "a delivery outside 0..1"
    if np.isinf(rows.snr_db).any():
        return "a signal-to-noise ratio without end"
    if (rows.t_end_ns < rows.t_start_ns).any():
        return "a link that ends before it starts"
    if (rows.rate_bps < 0).any() or (rows.latency_ns < 0).any():
        return "a negative rate or latency"
    return "links of no round out of order" if _goes_back(rows.round, rows.t_start_ns, rows.src, rows.dst) else None


def _nodes(rows: NodeRows, nodes: int) -> str | None:
    if said := _outside(nodes, rows.node) or _beyond(rows.t_ns):
        return said
    if any((counted < 0).any() for counted in (rows.airtime_ns, rows.frames, rows.retries, rows.away_ns)):
        return "a negative count or time"
    if any(np.isinf(real).any() for real in (rows.energy_j, rows.x_m, rows.y_m)):
        return "an energy or a place without end"
    return "places of no round out of order" if _goes_back(rows.round, rows.t_ns, rows.node) else None


def _messages(rows: Outbox, nodes: int) -> str | None:
    named = rows.dst[(rows.dst < ONE_PAIR) | (rows.dst >= 0)]
    if said := _outside(nodes, rows.src, named) or _beyond(rows.ready_ns):
        return said
    return "a message of negative size" if (rows.size_bytes < 0).any() else None


def _deliveries(rows: Deliveries, nodes: int) -> str | None:
    if said := _outside(nodes, rows.src, rows.dst) or _beyond(rows.started_ns, rows.arrived_ns):
        return said
    if (rows.size_bytes < 0).any():
        return "a message of negative size"
    if (rows.frames < 0).any() or (rows.retries < 0).any():
        return "a negative count"
    if (rows.src == rows.dst).any():
        return "a node that is linked to itself"
    arrived = rows.arrived
    if (rows.arrived_ns[arrived] < rows.started_ns[arrived]).any() or (rows.arrived_ns[~arrived] != NEVER).any():
        return "a message arrives before it starts, or arrives and is lost"
    return "a message starts before time begins" if (rows.started_ns < NEVER).any() else None


def _sightings(rows: Sightings, nodes: int) -> str | None:
    if said := _outside(nodes, rows.device, rows.neighbour[rows.neighbour != NOBODY]) or _beyond(rows.time_ns):
        return said
    return "sightings out of order" if (rows.time_ns[1:] < rows.time_ns[:-1]).any() else None


CHECKS: dict[type[Table], Callable[[Any, int], str | None]] = {
    LinkRows: _links,
    NodeRows: _nodes,
    Outbox: _messages,
    Deliveries: _deliveries,
    Sightings: _sightings,
}


def _changes(numbers: NDArray[np.int32], times: Times) -> bool:
    """Whether the rows of a round have several times."""
    for first in range(int(edges(numbers, 0)[0]), len(numbers) - 1, PART):
        here, after = slice(first, first + PART), slice(first + 1, first + 1 + PART)
        count = len(numbers[after])
        if ((times[here][:count] != times[after]) & (numbers[here][:count] == numbers[after])).any():
            return True
    return False


def _outside(nodes: int, *ends: NDArray[np.int32]) -> str | None:
    if any(len(end) and (end.min() < 0 or end.max() >= nodes) for end in ends):
        return f"a node outside 0..{nodes - 1}"
    return None


def _beyond(*times: Times) -> str | None:
    if any(len(each) and (each.min() < -LAST_NS or each.max() > LAST_NS) for each in times):
        return "a time beyond 2^62 ns"
    return None


def _goes_back(numbers: NDArray[np.int32], *keys: NDArray[Any]) -> bool:
    """Whether rows of no round, which come first, are not in the order of the keys, the first one first."""
    count = int(edges(numbers, 0)[0])
    back, level = np.zeros(max(count - 1, 0), bool), np.ones(max(count - 1, 0), bool)
    for key in keys:
        before, after = key[: max(count - 1, 0)], key[1 : max(count, 1)]
        back |= level & (after < before)
        level &= after == before
    return bool(back.any())
