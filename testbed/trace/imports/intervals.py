"""Link rows in a trace's order, from the columns that an importer found."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from testbed.trace.format import NO_ROUND, LinkRows
from testbed.trace.imports.base import Report


def links_of(
    report: Report,
    src: ArrayLike,
    dst: ArrayLike,
    start_ns: ArrayLike,
    end_ns: ArrayLike,
    *,
    directed: bool,
    delivery: ArrayLike | None = None,
    snr_db: ArrayLike | None = None,
    rate_bps: ArrayLike | None = None,
    latency_ns: ArrayLike | None = None,
) -> LinkRows:
    """The rows without self-loops and exact duplicates, mirrored if undirected, sorted, defaults filled in."""
    ends = np.column_stack([np.asarray(src, np.int64), np.asarray(dst, np.int64)]).reshape(-1, 2)
    times = np.column_stack([np.asarray(start_ns, np.int64), np.asarray(end_ns, np.int64)]).reshape(-1, 2)
    count = len(ends)
    values = [
        np.full(count, default) if given is None else np.asarray(given)
        for given, default in ((snr_db, np.nan), (delivery, 1.0), (rate_bps, 0), (latency_ns, 0))
    ]
    proper = ends[:, 0] != ends[:, 1]
    report.rejected("self_loop", int((~proper).sum()))
    ends, times, values = ends[proper], times[proper], [each[proper] for each in values]
    if not directed:
        ends, times = np.concatenate([ends, ends[:, ::-1]]), np.concatenate([times, times])
        values = [np.concatenate([each, each]) for each in values]
    order = np.lexsort([times[:, 1], ends[:, 1], ends[:, 0], times[:, 0]])
    ends, times, values = ends[order], times[order], [each[order] for each in values]
    fresh = _fresh(ends, times)
    report.rejected("duplicate", int((~fresh).sum()) // (1 if directed else 2))
    return _rows(ends[fresh], times[fresh], *(each[fresh] for each in values))


def _fresh(ends: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.bool_]:
    fresh = np.ones(len(ends), bool)
    fresh[1:] = (np.diff(ends, axis=0) != 0).any(1) | (np.diff(times, axis=0) != 0).any(1)
    return fresh


def _rows(ends: NDArray[np.int64], times: NDArray[np.int64], snr: Any, delivery: Any, rate: Any, late: Any) -> LinkRows:
    count = len(ends)
    return LinkRows.of(
        round=np.full(count, NO_ROUND),
        t_start_ns=times[:, 0],
        t_end_ns=times[:, 1],
        src=ends[:, 0],
        dst=ends[:, 1],
        snr_db=snr,
        delivery=delivery,
        rate_bps=rate,
        latency_ns=late,
        neighbour=np.ones(count, bool),
    )
