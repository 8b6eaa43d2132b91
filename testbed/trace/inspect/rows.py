"""Links and nodes that cannot all be true."""

import numpy as np
from numpy.typing import NDArray

from testbed.trace.format import NO_ROUND, LinkRows, NodeRows
from testbed.trace.inspect.problem import Problem, where
from testbed.trace.inspect.spans import latest_ends, pair_keys
from testbed.trace.value import Trace

Flags = NDArray[np.bool_]


def row_problems(trace: Trace) -> list[Problem]:
    """Of the tables `links` and `nodes`."""
    links, nodes = trace.links, trace.nodes
    opened = np.array([0, *(exchange.opened_ns for exchange in trace.exchanges)])
    closed = np.array([0, *(exchange.closed_ns for exchange in trace.exchanges)])
    in_round = links.round != NO_ROUND
    outside = (links.t_start_ns < opened[links.round + 1]) | (links.t_end_ns > closed[links.round + 1])
    early = (nodes.t_ns < opened[nodes.round + 1]) | (nodes.t_ns > closed[nodes.round + 1])
    overlap = "it overlaps an earlier row of the same directed pair"
    return [
        *where("links", "it lies outside its round", in_round & outside, links.round),
        *where("links", overlap, _overlapping(links), links.round),
        *where("nodes", "its time lies outside its round", (nodes.round != NO_ROUND) & early, nodes.round),
        *where("nodes", "it is not the row of the node that is next in the round", _misplaced(trace), nodes.round),
        *where("nodes", "this node has a place already at that instant", _twice(nodes), nodes.round),
        *where("nodes", "of x and y one is known, the other not", _half_placed(nodes), nodes.round),
        *where("nodes", "its place is not known, while others of its round have one", _unplaced(nodes), nodes.round),
    ]


def _overlapping(links: LinkRows) -> Flags:
    """A row that begins before an earlier one of its pair has ended, or with it."""
    key = pair_keys(links.src, links.dst)
    order = np.lexsort((np.arange(len(key)), links.t_start_ns, key))
    key, start, end = key[order], links.t_start_ns[order], links.t_end_ns[order]
    reach, same = latest_ends(key, end), key[1:] == key[:-1]
    found = np.zeros(len(key), bool)
    found[order[1:]] = same & ((start[1:] < reach[:-1]) | (start[1:] == start[:-1]))
    return found


def _misplaced(trace: Trace) -> Flags:
    """Rounds have a row a node, in order of the nodes."""
    nodes = trace.nodes
    before = int(np.searchsorted(nodes.round, NO_ROUND, "right"))
    found = np.zeros(len(nodes), bool)
    found[before:] = nodes.node[before:] != np.arange(len(nodes) - before) % trace.header.nodes
    return found


def _twice(nodes: NodeRows) -> Flags:
    order = np.lexsort((np.arange(len(nodes)), nodes.t_ns, nodes.node, nodes.round))
    columns = [getattr(nodes, name)[order] for name in ("round", "node", "t_ns")]
    found = np.zeros(len(nodes), bool)
    found[order[1:]] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return found


def _half_placed(nodes: NodeRows) -> Flags:
    return np.asarray(np.isfinite(nodes.x_m) != np.isfinite(nodes.y_m))


def _unplaced(nodes: NodeRows) -> Flags:
    """Of a round either every node is placed, or none."""
    known = np.isfinite(nodes.x_m) | np.isfinite(nodes.y_m)
    mixed = np.bincount(nodes.round + 1, known) > 0
    return np.asarray(~known & mixed[nodes.round + 1] & (nodes.round != NO_ROUND))
