"""Graphs of a trace: at an instant, of each round, of each window, or of its whole time."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.exports.base import names_of, taken, travelled
from testbed.trace.format import OPEN_NS, LinkRows
from testbed.trace.value import Trace

MOST_WINDOWS = 100_000


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A directed graph: an edge for each pair that was linked in its time, of the mean quality while it was."""

    names: list[str]
    start_ns: int
    end_ns: int
    """The same as the start for an instant."""
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    share: NDArray[np.float64]
    """Of the time that the pair was linked; 1 at an instant, and in a round."""
    delivery: NDArray[np.float64]
    snr_db: NDArray[np.float64]
    rate_bps: NDArray[np.int64]
    latency_ns: NDArray[np.int64]
    places: NDArray[np.float64]
    """(nodes, 2) metres, those last known; NaN where they are not."""

    def edges(self) -> Iterator[tuple[int, int, dict[str, float | int]]]:
        """Source, destination and what is known of each edge, as Python numbers."""
        columns = {name: getattr(self, name).tolist() for name in EDGE}
        for row, (src, dst) in enumerate(zip(self.src.tolist(), self.dst.tolist(), strict=True)):
            known = {name: values[row] for name, values in columns.items() if is_known(name, values[row])}
            yield src, dst, known

    def nodes(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Name and place of each node."""
        for name, (x_m, y_m) in zip(self.names, self.places.tolist(), strict=True):
            yield name, {"x_m": x_m, "y_m": y_m} if x_m == x_m and y_m == y_m else {}


EDGE = {"delivery": "double", "share": "double", "snr_db": "double", "rate_bps": "long", "latency_ns": "long"}
"""Attributes of an edge, and their types in GraphML."""


def is_known(name: str, value: float) -> bool:
    """Whether a value says anything: 0 and NaN stand for not known, and a share of 1 goes without saying."""
    return not (
        value != value or (name in ("rate_bps", "latency_ns") and value == 0) or (name == "share" and value == 1)
    )


def graphs(trace: Trace, every_s: float | None = None) -> Iterator[nx.DiGraph]:
    """A networkx graph for each round, or for each window of `every_s` seconds from the first link on.

    Nodes have their names, and `x_m`, `y_m` where they are known; edges `delivery`, and `share`, `snr_db`, `rate_bps`,
    `latency_ns` where there is something to say; the graph `start_ns`, `end_ns` and `number`. Raises UserError for an
    imported trace, which has no rounds, without `every_s`.
    """
    for number, snapshot in enumerate(snapshots(trace, every_s)):
        yield graph_of(snapshot, number)


def graph_of(snapshot: Snapshot, number: int = 0) -> nx.DiGraph:
    """As networkx has it."""
    graph = nx.DiGraph(number=number, start_ns=snapshot.start_ns, end_ns=snapshot.end_ns)
    graph.add_nodes_from(snapshot.nodes())
    names = snapshot.names
    graph.add_edges_from((names[src], names[dst], known) for src, dst, known in snapshot.edges())
    return graph


def snapshots(trace: Trace, every_s: float | None = None) -> Iterator[Snapshot]:
    """The graph of each round, or of each window."""
    if every_s is None and not len(trace):
        raise UserError("an imported trace has no rounds: state the length of a window in seconds.")
    links = travelled(trace)
    if every_s is None:
        edges = np.searchsorted(links.round, np.arange(len(trace) + 1))
        for round_, exchange in enumerate(trace.exchanges):
            part = taken(links, np.arange(edges[round_], edges[round_ + 1]))
            yield _snapshot(trace, part, exchange.opened_ns, exchange.closed_ns)
        return
    yield from _windows(trace, links, every_s)


def _windows(trace: Trace, links: LinkRows, every_s: float) -> Iterator[Snapshot]:
    if not (isfinite(every_s) and every_s >= 1e-9):
        raise UserError(f"a window of {every_s} s is none: state a length above 0.")
    start_ns, end_ns = span_ns(links)
    step_ns = round(min(every_s, 9e9) * 1e9)
    if (end_ns - start_ns) // step_ns >= MOST_WINDOWS:
        raise UserError(f"windows of {every_s:g} s are more than {MOST_WINDOWS:,}: state longer ones.")
    links = taken(links, np.argsort(links.t_start_ns, kind="stable"))
    active = np.empty(0, np.int64)
    for from_ns in range(start_ns, max(end_ns, start_ns + 1), step_ns):
        until_ns = min(from_ns + step_ns, OPEN_NS)
        first, last = np.searchsorted(links.t_start_ns, [from_ns, until_ns])
        active = np.concatenate([active[links.t_end_ns[active] > from_ns], np.arange(first, last)])
        yield _snapshot(trace, taken(links, active), from_ns, until_ns)


def whole(trace: Trace) -> Snapshot:
    """All links there ever were."""
    links = travelled(trace)
    return _snapshot(trace, links, *span_ns(links))


def at(trace: Trace, at_s: float) -> Snapshot:
    """What is linked at an instant, samples of that very instant among it."""
    if not abs(at_s) < 9e9:
        raise UserError(f"{at_s} s is no instant of a trace.")
    links, at_ns = travelled(trace), round(at_s * 1e9)
    there = (links.t_start_ns <= at_ns) & ((links.t_end_ns > at_ns) | (links.t_start_ns == at_ns))
    return _snapshot(trace, taken(links, there), at_ns, at_ns)


def span_ns(links: LinkRows) -> tuple[int, int]:
    """From the first start to the last end that is known, or start."""
    if not len(links):
        return 0, 0
    ends = links.t_end_ns[links.t_end_ns != OPEN_NS]
    return int(links.t_start_ns.min()), int(max(links.t_start_ns.max(), ends.max(initial=links.t_start_ns.min())))


def _snapshot(trace: Trace, links: LinkRows, start_ns: int, end_ns: int) -> Snapshot:
    links = taken(links, np.lexsort((links.t_start_ns, links.dst, links.src)))
    fresh = np.ones(len(links), bool)
    fresh[1:] = (links.src[1:] != links.src[:-1]) | (links.dst[1:] != links.dst[:-1])
    firsts = np.flatnonzero(fresh)
    # As reals: the span of an open link is beyond all whole numbers.
    held = np.minimum(links.t_end_ns, end_ns).astype(float) - np.maximum(links.t_start_ns, start_ns).astype(float)
    held = np.maximum(held, 0)
    weight = np.maximum(held, 1.0)  # a sample, or an instant, counts as a nanosecond
    share = np.minimum(_sums(held, firsts) / (end_ns - start_ns), 1.0) if end_ns > start_ns else np.ones(len(firsts))
    return Snapshot(
        names_of(trace),
        start_ns,
        end_ns,
        links.src[firsts],
        links.dst[firsts],
        share,
        _means(links.delivery, weight, firsts),
        _means(links.snr_db, np.where(np.isnan(links.snr_db), 0.0, weight), firsts),
        np.rint(_means(links.rate_bps, weight, firsts)).astype(np.int64),
        np.rint(_means(links.latency_ns, weight, firsts)).astype(np.int64),
        _places(trace, end_ns),
    )


def _sums(values: NDArray[np.float64], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.add.reduceat(values, firsts) if len(firsts) else np.empty(0)


def _means(values: NDArray[np.generic], weight: NDArray[np.float64], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weighted, of each pair; exactly the value where a pair has one row, NaN where nothing has a weight."""
    reals = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        means = _sums(np.where(weight > 0, reals * weight, 0.0), firsts) / _sums(weight, firsts)
    alone = np.diff(np.append(firsts, len(reals))) == 1
    return np.where(alone, reals[firsts], means)


def _places(trace: Trace, until_ns: int) -> NDArray[np.float64]:
    """The last known until an instant, or else the first known."""
    nodes = trace.nodes
    places = np.full((trace.header.nodes, 2), np.nan)
    known = np.flatnonzero(~np.isnan(nodes.x_m))
    known = known[np.argsort(nodes.t_ns[known], kind="stable")]
    later = nodes.t_ns[known] > until_ns
    for rows in (known[later][::-1], known[~later]):
        places[nodes.node[rows]] = np.column_stack([nodes.x_m[rows], nodes.y_m[rows]])
    return places
