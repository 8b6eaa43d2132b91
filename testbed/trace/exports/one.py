"""Events of the ONE simulator: `time CONN a b up|down`, in seconds, to the nanosecond.

A contact of the ONE is undirected and has no quality: two nodes are in contact while either hears the other. Hosts are
called by numbers there, perhaps with letters before them; where a node has another name, all go by their number.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from testbed.trace.exports.base import CHUNK, losses, names_of, travelled
from testbed.trace.format import OPEN_NS, LinkRows
from testbed.trace.imports.intervals import running_end
from testbed.trace.value import Trace

HOST = re.compile(r"[A-Za-z]{0,8}[0-9]{1,9}")


def pieces(trace: Trace) -> tuple[Iterator[bytes], list[str]]:
    """The file, and what it does not hold."""
    links, names = travelled(trace), names_of(trace)
    said = losses(trace)
    a, b, start_ns, end_ns, one_way = contacts(links)
    if not all(map(HOST.fullmatch, names)):
        names = [str(node) for node in range(len(names))]
        said.append("nodes are numbered from 0 in their order: the ONE knows no other names")
    if one_way:
        said.append(f"the direction of {one_way} links that held one way alone is left out")
    if (
        np.any(links.delivery != 1)
        or links.rate_bps.any()
        or links.latency_ns.any()
        or not np.isnan(links.snr_db).all()
    ):
        said.append("the quality of links (delivery, SNR, rate, latency) is left out")
    if still := int((end_ns == OPEN_NS).sum()):
        said.append(f"{still} contacts whose end is not known never go down")
    return _lines(a, b, start_ns, end_ns, names), said


Ints = NDArray[np.int64]


def contacts(links: LinkRows) -> tuple[Ints, Ints, Ints, Ints, int]:
    """Lower and higher node, start and end of each contact, by pair and start; how many link rows had no twin.

    Rows of a pair that touch stay apart, those that overlap are one contact.
    """
    low, high = np.minimum(links.src, links.dst), np.maximum(links.src, links.dst)
    order = np.lexsort((links.t_end_ns, links.t_start_ns, high, low))
    a, b, start, end = (column[order].astype(np.int64) for column in (low, high, links.t_start_ns, links.t_end_ns))
    if not len(a):
        return a, b, start, end, 0
    same_pair = np.append(False, (a[1:] == a[:-1]) & (b[1:] == b[:-1]))
    twin = np.append(False, same_pair[1:] & (start[1:] == start[:-1]) & (end[1:] == end[:-1]))
    latest = running_end(np.cumsum(~same_pair) - 1, end)
    joins = twin | np.append(False, same_pair[1:] & (start[1:] < latest[:-1]))
    firsts = np.flatnonzero(~joins)
    lasts = np.append(firsts[1:], len(a)) - 1
    return a[firsts], b[firsts], start[firsts], latest[lasts], len(a) - 2 * int(twin.sum())


def _lines(a: Ints, b: Ints, start_ns: Ints, end_ns: Ints, names: list[str]) -> Iterator[bytes]:
    times = np.column_stack([start_ns, end_ns]).ravel()
    order = np.argsort(times, kind="stable")  # at one instant: what goes down before what goes up again, as rows are
    order = order[times[order] != OPEN_NS]
    for first in range(0, len(order), CHUNK):
        part = order[first : first + CHUNK]
        rows = zip(times[part].tolist(), a[part // 2].tolist(), b[part // 2].tolist(), (part % 2).tolist(), strict=True)
        text = (f"{seconds(t)} CONN {names[i]} {names[j]} {'down' if odd else 'up'}\n" for t, i, j, odd in rows)
        yield "".join(text).encode()


def seconds(time_ns: int) -> str:
    """Exactly, with no more decimals than it needs."""
    whole, rest = divmod(abs(time_ns), 10**9)
    return f"{'-' if time_ns < 0 else ''}{whole}{f'.{rest:09}'.rstrip('0') if rest else ''}"
