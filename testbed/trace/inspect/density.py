"""How many links there are, and how they are spread over nodes and time."""

import numpy as np

from testbed.trace.format import NO_ROUND, LinkRows
from testbed.trace.inspect.spans import Ints, Reals, Spans, bounds_ns, distinct, pair_keys
from testbed.trace.value import Trace


def density_mean(trace: Trace, directed: Spans) -> float:
    """Mean of |linked ordered pairs| / (n (n - 1)): over rounds, or over time where there are none; 0 for one node."""
    pairs = trace.header.nodes * (trace.header.nodes - 1)
    bounds = bounds_ns(trace)
    if trace.exchanges:
        return float(trace.densities().mean())
    return float(directed.shares(*bounds).sum() / pairs) if pairs and bounds else 0.0


def density_over_time(trace: Trace, directed: Spans) -> tuple[Ints, Reals]:
    """Instants in order (k + 1,), and the density from each until the next (k,); of a snapshot both ends are equal."""
    if trace.exchanges:
        opened = [exchange.opened_ns for exchange in trace.exchanges]
        return np.array([*opened, trace.exchanges[-1].closed_ns], np.int64), trace.densities()
    bounds, pairs = bounds_ns(trace), max(trace.header.nodes * (trace.header.nodes - 1), 1)
    if bounds is None:
        return np.zeros(0, np.int64), np.zeros(0)
    if bounds[0] == bounds[1]:
        return np.array(bounds, np.int64), np.array([len(directed) / pairs])
    ends = np.minimum(directed.end_ns, bounds[1])
    edges, at = np.unique(np.concatenate([directed.start_ns, ends, bounds]), return_inverse=True)
    count = len(directed)
    change = np.bincount(at[:count], minlength=len(edges)) - np.bincount(at[count : 2 * count], minlength=len(edges))
    return edges, np.cumsum(change)[:-1] / pairs


def degrees(trace: Trace, contacts: Spans) -> Reals:
    """(nodes,) with how many others each is linked, in whichever direction: the mean over rounds, or over time."""
    bounds = bounds_ns(trace)
    if bounds is None:
        return np.zeros(trace.header.nodes)
    if trace.exchanges:
        src, dst = _pairs_of_rounds(trace.links)
        weights = np.full(len(src), 1 / len(trace))
    else:
        src, dst, weights = contacts.src, contacts.dst, contacts.shares(*bounds)
    return _both(src, dst, weights, trace.header.nodes)


def peers(trace: Trace, contacts: Spans) -> Ints:
    """(nodes,) how many others each was ever linked with."""
    keys = distinct(pair_keys(contacts.src, contacts.dst))
    return _both(keys >> 32, keys & 0xFFFFFFFF, np.ones(len(keys)), trace.header.nodes).astype(np.int64)


def _pairs_of_rounds(links: LinkRows) -> tuple[Ints, Ints]:
    """Every pair once a round."""
    rows = links.neighbour & (links.round != NO_ROUND)
    a, b = links.src[rows], links.dst[rows]
    keys = pair_keys(np.minimum(a, b), np.maximum(a, b))
    order = np.lexsort((keys, links.round[rows]))
    keys, rounds = keys[order], links.round[rows][order]
    new = np.ones(len(keys), bool)
    new[1:] = (keys[1:] != keys[:-1]) | (rounds[1:] != rounds[:-1])
    return keys[new] >> 32, keys[new] & 0xFFFFFFFF


def _both(src: Ints, dst: Ints, weights: Reals, nodes: int) -> Reals:
    return np.asarray(np.bincount(src, weights, nodes) + np.bincount(dst, weights, nodes), np.float64)
