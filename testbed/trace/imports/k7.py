"""K7: link qualities measured channel by channel in a testbed of radios (Brun-Laguna et al., 2018).

A JSON line, then `datetime,src,dst,channel,mean_rssi,pdr,tx_count`: on this channel `dst` got a share `pdr` of the
`tx_count` packets that `src` broadcast from `datetime` (UTC) on. Delivery is `pdr`. The RSSI (dBm) is left out: what
SNR it means depends on a noise floor that the file does not state.

How long a row holds. In the file of Grenoble (50 nodes, 16 channels, two days) the nodes send in turn, 100 packets in
some 10 s each, and the rows of a burst bear instants within these 10 s. After 566 s (median; 554 to 615) a node is at
it again, on the next channel; after 9,056 s (9,039 to 9,116) on the same channel. A pair has a row where a packet
arrived: no pdr is 0, and no burst went by without any row. So a row holds until its sender is measured again on the
channels that are read: that burst says who hears it from then on, and a pair that is not in it has lost its link.
`Options.hold_s` states another time instead; a pair's next row ends the one before in any case. Where a sender is not
heard of for twice its usual time (the median over all rows), or never again, rows hold for the usual time; where no
sender sends twice, for the length of their bursts.

Channels. All together by default, as a network that hops over them sees them: the quality of each of the 477 pairs
changes with every sweep. `Options.channel` takes one alone. Rows of a pair at one instant (on several channels) become
one, its pdr their mean weighted by `tx_count`.
"""

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.format import NO_ROUND, LinkRows, NodeRows
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import TIME_LIMIT_NS
from testbed.trace.imports.k7_rows import Rows, header_and_rows
from testbed.trace.imports.names import Names

NAME = "k7"
ABOUT = "K7 link qualities: a JSON line, then the columns datetime,src,dst,channel,mean_rssi,pdr,tx_count"
INTERFRAME_MS = 100
"""Between two packets of a burst, where the file does not say."""
SLACK = 2.0
"""How many times its packets' time a burst may last: Grenoble's last up to 11 s."""
LONGEST_BURST_NS = 3_600_000_000_000
SAID = ("location", "channels", "start_date", "stop_date", "tx_length", "interframe_duration", "node_count")
"""Keys of the file that the header of the trace keeps."""

Times = NDArray[np.int64]


def recognises(head: str) -> bool:
    """Whether the first 64 KiB of a file are of this format."""
    first, _, rest = head.partition("\n")
    columns = {name.strip() for name in rest.partition("\n")[0].split(",")}
    return first.startswith("{") and {"datetime", "src", "dst", "pdr"} <= columns


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file. Raises UserError, with file and line, for what is no such file."""
    if options.hold_s is not None and not (isfinite(options.hold_s) and options.hold_s >= 0):
        raise UserError(f"{path}: rows cannot hold {options.hold_s} s: state 0 or more.")
    names = Names(path)
    said, rows = header_and_rows(path, options, names, report)
    texts, place = names.sorted()
    rows = _merged(_sorted(rows._replace(src=place[rows.src], dst=place[rows.dst]), report), report)
    ends = _ends(rows, _bursts_ns(rows, said), options.hold_s)
    linked = rows.pdr > 0
    report.mended("no_delivery", "no link while it holds", int((~linked).sum()))
    network = {key: said[key] for key in SAID if isinstance(said.get(key), str | int | list)}
    network["channel"] = "all" if options.channel is None else options.channel
    return Found(texts, _links(rows.where(linked), ends[linked]), NodeRows.none(), network)


def _sorted(rows: Rows, report: Report) -> Rows:
    report.mended("out_of_order", "sorted", int((np.diff(rows.t_ns) < 0).sum()))
    return rows.where(np.lexsort((rows.channel, rows.dst, rows.src, rows.t_ns)))


def _merged(rows: Rows, report: Report) -> Rows:
    """One row a pair and instant: repeated rows once, those of several channels weighted."""
    twice = _repeats(rows, *(getattr(rows, name) for name in ("channel", "pdr", "tx_count")))
    report.rejected("duplicate", int(twice.sum()))
    rows = rows.where(~twice)
    again = _repeats(rows)
    report.mended("one_instant", "one row, pdr weighted by tx_count", int(again.sum()))
    firsts = np.flatnonzero(~again)
    if len(firsts) == len(rows.t_ns):
        return rows
    weight = np.minimum(rows.tx_count, LONGEST_BURST_NS)
    sent = np.add.reduceat(weight, firsts)
    pdr = np.add.reduceat(rows.pdr * weight, firsts) / sent
    return rows.where(firsts)._replace(pdr=np.minimum(pdr, 1.0), tx_count=sent)


def _repeats(rows: Rows, *also: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows that are of the same pair and instant as the one before, and agree with it in more columns."""
    repeats = np.zeros(len(rows.t_ns), bool)
    columns: list[NDArray[Any]] = [rows.t_ns, rows.src, rows.dst, *also]
    repeats[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return repeats


def _bursts_ns(rows: Rows, said: dict[str, Any]) -> Times:
    """How long each row's burst lasted at the most."""
    interframe_ms = said.get("interframe_duration")
    if not isinstance(interframe_ms, int | float) or not 0 < interframe_ms < 1e9:
        interframe_ms = INTERFRAME_MS
    packets_ms = np.minimum(rows.tx_count, LONGEST_BURST_NS) * interframe_ms
    return np.minimum(SLACK * 1e6 * packets_ms, LONGEST_BURST_NS).astype(np.int64)


def _ends(rows: Rows, bursts_ns: Times, hold_s: float | None) -> Times:
    """Until when each row holds."""
    if hold_s is None:
        holds_ns = _until_sender(rows, bursts_ns)
    else:
        holds_ns = np.full(len(rows.t_ns), min(TIME_LIMIT_NS, round(hold_s * 1e9)))
    ends = rows.t_ns + np.minimum(holds_ns, TIME_LIMIT_NS - rows.t_ns)
    order = np.lexsort((rows.t_ns, rows.dst, rows.src))
    src, dst, t_ns = rows.src[order], rows.dst[order], rows.t_ns[order]
    same = (src[1:] == src[:-1]) & (dst[1:] == dst[:-1])
    ends[order[:-1][same]] = np.minimum(ends[order[:-1][same]], t_ns[1:][same])
    return ends


def _until_sender(rows: Rows, bursts_ns: Times) -> Times:
    """The time from each row until its sender is measured again: its first row after the burst."""
    instants, ranks = np.unique(rows.t_ns, return_inverse=True)
    wide = len(instants) + 1
    keys = np.sort(rows.src.astype(np.int64) * wide + ranks)
    wanted = rows.src.astype(np.int64) * wide + np.searchsorted(instants, rows.t_ns + bursts_ns)
    found = keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)]
    again = (found >= wanted) & (found // wide == rows.src)
    gaps = instants[np.where(again, found % wide, 0)] - rows.t_ns
    if not again.any():
        return bursts_ns
    usual = int(np.median(gaps[again]))
    return np.where(again & (gaps <= 2 * usual), gaps, usual)


def _links(rows: Rows, ends: Times) -> LinkRows:
    count = len(ends)
    return LinkRows.of(
        round=np.full(count, NO_ROUND),
        t_start_ns=rows.t_ns,
        t_end_ns=ends,
        src=rows.src,
        dst=rows.dst,
        snr_db=np.full(count, np.nan),
        delivery=rows.pdr,
        rate_bps=np.zeros(count),
        latency_ns=np.zeros(count),
        neighbour=np.ones(count, bool),
    )
