"""Sparse contacts as a sequence of graphs: who met within each window of time."""

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.format import NO_ROUND, OPEN_NS, LinkRows
from testbed.trace.value import Trace

MOST_ROWS = 10_000_000
"""Of what comes out."""


def aggregated(trace: Trace, width_ns: int) -> Trace:
    """An imported trace as seen through windows of `width_ns`, the first of which begins with its first link.

    A pair that was linked at any instant of a window, or seen in a sample, is linked for all of it; its numbers are
    means weighted by the time linked.

    Raises UserError for a recorded trace, or where more than MOST_ROWS would come out.
    """
    links = trace.links
    if len(trace):
        raise UserError("The trace has rounds, each of which is a graph already: only an imported one is aggregated.")
    if width_ns <= 0:
        raise UserError(f"A window of {width_ns / 1e9:g} s should be longer than nothing.")
    step = {"step": "aggregate", "width_ns": width_ns}
    header = trace.header.model_copy(update={"provenance": (*trace.header.provenance, step)})
    return Trace(header, _rows(links, width_ns) if len(links) else links, trace.nodes)


def _rows(links: LinkRows, width_ns: int) -> LinkRows:
    row, window, weight = _parts(links, width_ns)
    order = np.lexsort((links.dst[row], links.src[row], window))
    row, window, weight = row[order], window[order], weight[order]
    src, dst = links.src[row], links.dst[row]
    new = np.ones(len(row), bool)
    new[1:] = (np.diff(window) != 0) | (np.diff(src) != 0) | (np.diff(dst) != 0)
    first = np.flatnonzero(new)
    total = np.add.reduceat(weight, first)

    def mean(name: str) -> NDArray[np.float64]:
        means: NDArray[np.float64] = np.add.reduceat(weight * getattr(links, name)[row], first) / total
        return means

    start_ns = links.t_start_ns[0] + window[first] * width_ns
    return LinkRows.of(
        round=np.full(len(first), NO_ROUND),
        t_start_ns=start_ns,
        t_end_ns=start_ns + width_ns,
        src=src[first],
        dst=dst[first],
        snr_db=mean("snr_db"),
        delivery=np.minimum(mean("delivery"), 1.0),
        rate_bps=np.rint(mean("rate_bps")),
        latency_ns=np.rint(mean("latency_ns")),
        neighbour=links.neighbour[row[first]],
    )


def _parts(links: LinkRows, width_ns: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Each row in each window it has a part in: row, window, and how long it is linked there (a sample: 1 ns)."""
    start_ns, end_ns = links.t_start_ns, links.t_end_ns
    known = end_ns[end_ns < OPEN_NS]
    last_ns = max(int(start_ns.max()) + 1, int(known.max()) if len(known) else 0)
    end_ns = np.maximum(np.minimum(end_ns, last_ns), start_ns + 1)
    origin = int(start_ns[0])
    begin, end = (start_ns - origin) // width_ns, (end_ns - 1 - origin) // width_ns
    count = end - begin + 1
    if int(count.sum()) > MOST_ROWS:
        raise UserError(f"Windows of {width_ns / 1e9:g} s make {int(count.sum()):,} links: choose longer ones.")
    row = np.repeat(np.arange(len(links)), count)
    window = begin[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    opens_ns = origin + window * width_ns
    linked_ns = np.minimum(end_ns[row], opens_ns + width_ns) - np.maximum(start_ns[row], opens_ns)
    return row, window, linked_ns.astype(np.float64)
