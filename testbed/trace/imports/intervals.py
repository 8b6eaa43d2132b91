"""From who met whom and when to the link rows of a trace: in order, directed, those of a pair apart from each other."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from testbed.errors import UserError
from testbed.trace.format import NO_ROUND, LinkRows
from testbed.trace.imports.base import Report
from testbed.trace.imports.order import order_of

LIMIT = 10_000_000
"""Link rows of an imported trace, at most; an undirected contact makes two."""

Rows = dict[str, NDArray[Any]]
"""Columns src, dst, t_start_ns, t_end_ns, and those of the quality that are known."""
QUALITY = {"snr_db": np.nan, "delivery": 1.0, "rate_bps": 0, "latency_ns": 0}
"""Columns of a link's quality, and what they are where nothing is known."""
BASE = {"src": np.int32, "dst": np.int32, "t_start_ns": np.int64, "t_end_ns": np.int64}


class TooMany(UserError):
    """More rows than a trace takes; whoever knows the file's name says it."""

    def __init__(self) -> None:
        super().__init__(f"more than {LIMIT:,} link intervals: cut it with --from and --to.")


def running_end(group: NDArray[np.int64], end_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """(rows,) the latest end so far among the rows of the same group; the groups' numbers ascend from 0."""
    if ((end_ns[1:] >= end_ns[:-1]) | (group[1:] != group[:-1])).all():
        return end_ns
    order = order_of(end_ns)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    highest = np.maximum.accumulate(group * len(order) + rank)
    return np.asarray(end_ns[order][highest - group * len(order)])


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
    """The link rows of contacts, one element of each array a contact: `dst` hears `src`, and `src` hears `dst` as well
    unless `directed`. Quality is None where the file has none; NaN is what it does not know of one row.

    Left out and reported: self-loops, rows that end before they start, exact duplicates. Rows of a pair that overlap
    are joined if their quality is equal; else each ends where the next one begins. Raises UserError for more than LIMIT
    rows, and for a quality that cannot be.
    """
    base = {"src": src, "dst": dst, "t_start_ns": start_ns, "t_end_ns": end_ns}
    rows: Rows = {name: np.asarray(column, BASE[name]) for name, column in base.items()}
    quality = {"snr_db": snr_db, "delivery": delivery, "rate_bps": rate_bps, "latency_ns": latency_ns}
    rows |= {name: np.asarray(column) for name, column in quality.items() if column is not None}
    rows = _known(report, rows)
    rows = _without(report, rows, rows["src"] == rows["dst"], "self_loop")
    rows = _without(report, rows, rows["t_end_ns"] < rows["t_start_ns"], "backwards")
    samples = int((rows["t_end_ns"] == rows["t_start_ns"]).sum())
    report.mended("zero_length", "kept as samples, but for those that are told twice or lie in a longer one", samples)
    if not directed:
        rows["src"], rows["dst"] = np.minimum(rows["src"], rows["dst"]), np.maximum(rows["src"], rows["dst"])
    rows = _apart(report, rows)
    if len(rows["src"]) > LIMIT // (1 if directed else 2):
        raise TooMany
    return _in_order(rows if directed else _both_ways(rows))


def _known(report: Report, rows: Rows) -> Rows:
    """The quality with nothing unknown but the SNR; a column of which no row knows anything is none."""
    rows = {name: column for name, column in rows.items() if name in BASE or not np.isnan(column).all()}
    for name, default in QUALITY.items():
        if name in rows:
            unknown = np.isnan(rows[name])
            report.mended("missing_quality", f"{name} taken as not known", int(unknown.sum()))
            rows[name] = np.where(unknown, default, rows[name])
    if "delivery" in rows and not ((rows["delivery"] >= 0) & (rows["delivery"] <= 1)).all():
        raise UserError("a delivery outside 0..1: it should be the share of what is sent that arrives.")
    if any((rows[name] < 0).any() for name in ("rate_bps", "latency_ns") if name in rows):
        raise UserError("a negative rate or latency.")
    return rows


def _without(report: Report, rows: Rows, which: NDArray[np.bool_], reason: str) -> Rows:
    report.rejected(reason, int(which.sum()))
    return _take(rows, ~which) if which.any() else rows


def _pair(rows: Rows) -> NDArray[np.int64]:
    """A number for each directed pair, in order of source and destination."""
    return np.asarray(rows["src"].astype(np.int64) * (int(rows["dst"].max(initial=0)) + 1) + rows["dst"])


def _take(rows: Rows, which: NDArray[Any]) -> Rows:
    return {name: column[which] for name, column in rows.items()}


def _apart(report: Report, rows: Rows) -> Rows:
    """The same, by pair and start, with no overlap within a pair."""
    rows = _take(rows, order_of(rows["t_end_ns"], rows["t_start_ns"], _pair(rows)))
    if not len(rows["src"]):
        return rows
    rows = _without(report, rows, _as_above(rows, *rows), "duplicate")
    return _cut(report, _joined(report, _without_covered_samples(report, rows)))


def _as_above(rows: Rows, *names: str) -> NDArray[np.bool_]:
    """Which rows have in these columns what the row above has; NaN is equal to NaN."""
    same = np.ones(len(rows["src"]), bool)
    same[:1] = False
    for name in names:
        above, here = rows[name][:-1], rows[name][1:]
        same[1:] &= (above == here) | ((above != above) & (here != here))
    return same


def _without_covered_samples(report: Report, rows: Rows) -> Rows:
    """A sample within an interval of its pair, whatever its quality, says nothing more."""
    sample = rows["t_start_ns"] == rows["t_end_ns"]
    if not sample.any():
        return rows
    same_pair = _as_above(rows, "src", "dst")
    ends = running_end(np.cumsum(~same_pair) - 1, rows["t_end_ns"])
    within = np.zeros(len(sample), bool)
    within[1:] = same_pair[1:] & (rows["t_start_ns"][1:] < ends[:-1])
    within[:-1] |= _as_above(rows, "src", "dst", "t_start_ns")[1:]
    covered = sample & within
    report.mended("overlap", "joined", int(covered.sum()))
    return _take(rows, ~covered)


def _joined(report: Report, rows: Rows) -> Rows:
    """Rows of a pair that overlap and are of equal quality become one."""
    same = _as_above(rows, *(name for name in rows if not name.startswith("t_")))
    ends = running_end(np.cumsum(~same) - 1, rows["t_end_ns"])
    joins = np.zeros(len(same), bool)
    joins[1:] = same[1:] & (rows["t_start_ns"][1:] < ends[:-1])
    report.mended("overlap", "joined", int(joins.sum()))
    firsts = np.flatnonzero(~joins)
    lasts = np.append(firsts[1:], len(same)) - 1
    return {**_take(rows, firsts), "t_end_ns": ends[lasts]}


def _cut(report: Report, rows: Rows) -> Rows:
    """Where the quality changes, the later row is right from its start on."""
    nexts = np.append(rows["t_start_ns"][1:], 0)
    overlaps = np.append(_as_above(rows, "src", "dst")[1:], False) & (nexts < rows["t_end_ns"])
    gone = overlaps & (nexts == rows["t_start_ns"])
    report.mended("overlap", "cut where the next begins", int((overlaps & ~gone).sum()))
    rows = {**rows, "t_end_ns": np.where(overlaps, nexts, rows["t_end_ns"])}
    return _without(report, rows, gone, "overlap")


def _both_ways(rows: Rows) -> Rows:
    swapped = {**rows, "src": rows["dst"], "dst": rows["src"]}
    return {name: np.concatenate([column, swapped[name]]) for name, column in rows.items()}


def _in_order(rows: Rows) -> LinkRows:
    rows = _take(rows, order_of(_pair(rows), rows["t_start_ns"]))
    count = len(rows["src"])
    columns = {name: rows.get(name, np.full(count, default)) for name, default in QUALITY.items()}
    return LinkRows.of(round=np.full(count, NO_ROUND), neighbour=np.ones(count), **{**rows, **columns})
