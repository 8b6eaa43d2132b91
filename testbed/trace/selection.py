"""Some of the nodes of a trace, as the nodes of another."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.exchange import NOBODY, Deliveries, Exchange, Links, Outbox, Sightings, Table, occurrences
from testbed.trace.format import LinkRows, NodeRows

T = TypeVar("T", bound=Table)
Pairs = TypeVar("Pairs", Links, Deliveries, LinkRows)
Indices = NDArray[np.intp]


class Selection:
    """Node `nodes[i]` of a trace of `count` nodes becomes node i; rows that name another go.

    Rows come in the order that the tables have: links by time, sender and receiver. The messages and deliveries of
    event-driven modes (not `by_node`) keep their order, which is that of sending.
    Raises UserError for no node at all, one that is not there, or one that is named twice.
    """

    def __init__(self, nodes: Sequence[int], count: int, by_node: bool = True) -> None:
        _check(nodes, count)
        self._nodes, self._by_node = np.asarray(nodes, np.intp), by_node
        self._same_order = bool((np.diff(self._nodes) > 0).all())
        self._new = np.full(count, -1, np.int32)
        self._new[self._nodes] = np.arange(len(nodes))

    def names(self, names: Sequence[str] | None) -> tuple[str, ...] | None:
        """What the nodes are called then; None where that is their numbers."""
        found = tuple(str(node) if names is None else names[node] for node in self._nodes.tolist())
        return None if found == tuple(map(str, range(len(found)))) else found

    def outbox(self, outbox: Outbox) -> Outbox:
        """What goes from one of them to another, or to whoever is a neighbour or partner; exchange by exchange."""
        unnamed = outbox.dst < 0
        kept = np.flatnonzero(self._has(outbox.src) & (unnamed | self._has(outbox.dst)))
        src, dst = self._new[outbox.src[kept]], np.where(unnamed, outbox.dst, self._new[outbox.dst])[kept]
        order = self._order(src, occurrences(src)) if self._by_node else None
        return _rows(outbox, kept, order, src=src, dst=dst)

    def exchange(self, exchange: Exchange) -> Exchange:
        devices = exchange.devices
        return Exchange(
            exchange.opened_ns,
            exchange.closed_ns,
            self._among(exchange.links),
            self._among(exchange.deliveries, self._by_node, exchange.deliveries.exchange),
            _rows(devices, self._nodes),
            self._sightings(exchange.sightings),
        )

    def links(self, rows: LinkRows) -> LinkRows:
        """Of no round."""
        return self._among(rows, True, rows.t_start_ns)

    def nodes(self, rows: NodeRows) -> NodeRows:
        """Of no round."""
        kept = np.flatnonzero(self._has(rows.node))
        node = self._new[rows.node[kept]]
        return _rows(rows, kept, self._order(node, rows.t_ns[kept]), node=node)

    def _has(self, nodes: NDArray[np.int32]) -> NDArray[np.bool_]:
        return self._new[nodes] >= 0

    def _among(self, rows: Pairs, ordered: bool = True, before: NDArray[np.int64] | None = None) -> Pairs:
        """Rows with `src` and `dst`, both of them among the nodes."""
        kept = np.flatnonzero(self._has(rows.src) & self._has(rows.dst))
        src, dst = self._new[rows.src[kept]], self._new[rows.dst[kept]]
        first = () if before is None else (before[kept],)
        return _rows(rows, kept, self._order(dst, src, *first) if ordered else None, src=src, dst=dst)

    def _order(self, *keys: NDArray[Any]) -> Indices | None:
        """By the last key, then by those before it; None where the rows are so already."""
        return None if self._same_order else np.lexsort(keys)

    def _sightings(self, rows: Sightings) -> Sightings:
        """Whoever sees none of the others any more sees nobody, which is a row as well."""
        mine = np.flatnonzero(self._has(rows.device))
        time_ns, device, neighbour = rows.time_ns[mine], rows.device[mine], rows.neighbour[mine]
        begins = np.ones(len(mine), bool)
        begins[1:] = (np.diff(time_ns) != 0) | (np.diff(device) != 0)
        look = np.cumsum(begins) - 1
        seen = (neighbour != NOBODY) & self._has(neighbour)
        alone = begins & (np.bincount(look, seen)[look] == 0)
        kept = np.flatnonzero(seen | alone)
        new = np.where(alone, NOBODY, self._new[neighbour])[kept]
        order = self._order(new, look[kept])
        return _rows(rows, mine[kept], order, device=self._new[device[kept]], neighbour=new)


def _rows(table: T, kept: Indices, order: Indices | None = None, **columns: NDArray[Any]) -> T:
    """The rows `kept` of a table, with some columns given anew, in another order."""
    index, part = (kept, slice(None)) if order is None else (kept[order], order)
    found = {field.name: getattr(table, field.name) for field in fields(table)}
    return type(table)(
        **{name: columns[name][part] if name in columns else column[index] for name, column in found.items()}
    )


def _check(nodes: Sequence[int], count: int) -> None:
    if not len(nodes):
        raise UserError("No node of the trace is chosen: name at least one.")
    if outside := [node for node in nodes if not 0 <= node < count]:
        raise UserError(f"The trace has the nodes 0 to {count - 1}, but not the node {outside[0]} that is asked for.")
    named, times = np.unique(nodes, return_counts=True)
    if (times > 1).any():
        raise UserError(f"Node {named[times > 1][0]} of the trace is chosen twice: a node can be one device alone.")
