"""Face-to-face contacts of SocioPatterns: `t i j`, perhaps with the groups `Si Sj` of the two; seconds, undirected.

A row says that the two were in contact during [t - 20 s, t]; rows of a pair whose step is exactly 20 s are one contact.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.trace.format import NodeRows
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import Column, Kind, Layout
from testbed.trace.imports.intervals import LIMIT, TooMany, links_of, running_end
from testbed.trace.imports.lines import head
from testbed.trace.imports.lists import nothing
from testbed.trace.imports.names import NODES, Names
from testbed.trace.imports.order import order_of
from testbed.trace.imports.recognise import rows_of
from testbed.trace.imports.rows import Batch, batches
from testbed.trace.imports.window import Window, inversions

NAME = "sociopatterns"
ABOUT = "SocioPatterns contacts: rows `t i j` or `t i j Si Sj`, t in steps of 20 s"

GRAIN_NS = 20 * 10**9
INTEGER = re.compile("[0-9]{1,18}")
PERSON = (re.compile("[0-9]+"), "the number of a person")
COLUMNS = (Column("t", Kind.TIME), Column("src", Kind.NODE, like=PERSON), Column("dst", Kind.NODE, like=PERSON))

Runs = NDArray[np.int64]
"""(4, rows): lower node, higher node, start, end."""


def recognises(head: str) -> bool:
    """Whether every row is three or five columns that start with three integers, the first in steps of 20."""
    rows = rows_of(head, None)
    return (
        bool(rows)
        and len(rows[0]) in (3, 5)
        and all(len(row) == len(rows[0]) and all(map(INTEGER.fullmatch, row[:3])) for row in rows)
        and all((int(row[0]) - int(rows[0][0])) % 20 == 0 for row in rows)
    )


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file; its rows become runs as they are read, so that a long file needs little memory."""
    window, names = Window.of(options), Names(path)
    rows = rows_of(head(path), None)
    layout = Layout((*COLUMNS, None, None) if rows and len(rows[0]) == 5 else COLUMNS)
    merged, count, above = Merged(report), 0, None
    for batch in batches(path, layout, names, lambda rows: window.meets(rows["t"] - GRAIN_NS, rows["t"])):
        report.mended("out_of_order", "sorted", inversions(batch["t"], above))
        above = int(batch["t"][-1]) if len(batch["t"]) else above
        count += len(batch["t"])
        merged.add(_without_self_loops(batch, report))
    if not count:
        raise nothing(path, options)
    ids, place = names.sorted()
    src, dst, start, end = merged.runs()
    clipped = window.clipped(start, end)
    links = links_of(report, place[src], place[dst], *clipped, directed=False)
    return Found(ids, links, NodeRows.none(), {"rows": count, "grain_s": 20})


class Merged:
    """Runs, merged again whenever they have grown to twice as many."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._parts: list[Runs] = [np.empty((4, 0), np.int64)]
        self._pending, self._kept = 0, 0

    def add(self, rows: Runs) -> None:
        """More rows. Raises TooMany once even their runs are more than a trace takes."""
        self._parts.append(_merged(rows, self._report))
        self._pending += self._parts[-1].shape[1]
        if self._pending > max(1_000_000, self._kept):
            self.runs()

    def runs(self) -> Runs:
        """All runs so far."""
        whole = _merged(np.concatenate(self._parts, axis=1), self._report)
        self._parts, self._pending, self._kept = [whole], 0, whole.shape[1]
        if self._kept > LIMIT // 2:
            raise TooMany
        return whole


def _without_self_loops(batch: Batch, report: Report) -> Runs:
    src, dst = batch["src"].astype(np.int64), batch["dst"].astype(np.int64)
    rows = np.stack([np.minimum(src, dst), np.maximum(src, dst), batch["t"] - GRAIN_NS, batch["t"]])
    report.rejected("self_loop", int((src == dst).sum()))
    return rows[:, src != dst]


def _merged(runs: Runs, report: Report) -> Runs:
    """Runs of a pair that touch or overlap become one; an overlap by whole steps is of rows that were there already."""
    if not runs.shape[1]:
        return runs
    pair = runs[0] * NODES + runs[1]
    order = order_of(runs[2], pair)
    pair, (src, dst, start, end) = pair[order], runs[:, order]
    same = np.append(False, pair[1:] == pair[:-1])
    ends = running_end(np.cumsum(~same) - 1, end)
    shared = np.where(same[1:], np.minimum(ends[:-1], end[1:]) - start[1:], -1)
    again = (shared > 0) & ((ends[:-1] - start[1:]) % GRAIN_NS == 0) & (shared % GRAIN_NS == 0)
    report.rejected("duplicate", int(shared[again].sum()) // GRAIN_NS)
    report.mended("overlap", "joined", int(((shared > 0) & ~again).sum()))
    first = np.append(True, shared < 0)
    heads = np.flatnonzero(first)
    return np.stack([src[heads], dst[heads], start[heads], ends[np.append(heads[1:], len(src)) - 1]])
