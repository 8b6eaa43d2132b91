"""Events of the ONE simulator (StandardEventsReader): `time CONN a b up|down`, in seconds; undirected.

In real files a pair goes up again while it is up, as the two directions of a sighting overlap: a pair is up while it
went up more often than down.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.format import NodeRows
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import NUMBER, Column, Kind, Layout, exact_ns
from testbed.trace.imports.intervals import LIMIT, links_of
from testbed.trace.imports.lines import Block
from testbed.trace.imports.lists import Gathered, nothing
from testbed.trace.imports.names import Names
from testbed.trace.imports.order import order_of
from testbed.trace.imports.recognise import rows_of
from testbed.trace.imports.rows import Batch, batches
from testbed.trace.imports.window import Window, inversions

NAME = "one"
ABOUT = "events of the ONE simulator: rows `time CONN a b up|down`, in seconds"

ACTIONS = {"CONN", "C", "S", "DE", "A", "D", "DR", "R"}
LAYOUT = Layout(
    (
        Column("t", Kind.TIME),
        Column("action", Kind.WORD, like=(re.compile("CONN"), "CONN or another event of the ONE")),
        Column("src", Kind.NODE),
        Column("dst", Kind.NODE),
        Column("state", Kind.WORD, like=(re.compile("(?i:up|down)"), "up or down")),
        None,
    ),
    optional=1,
)
OTHER = re.compile(rb"(?m)^[ \t]*(?![^ \t\n]+[ \t]+CONN[ \t])[^\s#][^\n]*$")
"""A line that is no CONN event, nor a comment."""


def recognises(head: str) -> bool:
    """Whether every row is a time and an action of the ONE."""
    rows = rows_of(head, None)
    return bool(rows) and all(len(row) > 2 and NUMBER.fullmatch(row[0]) and row[1] in ACTIONS for row in rows)


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file."""
    window, names = Window.of(options), Names(path)
    seen, gathered, above = Seen(window), Gathered(2 * LIMIT), None
    for batch in batches(path, LAYOUT, names, seen.early, seen.emptied):
        report.mended("out_of_order", "sorted", inversions(batch["t"], above))
        above = int(batch["t"][-1]) if len(batch["t"]) else above
        up = np.array([text.lower() == "up" for text in batch["state"].texts], bool)[batch["state"].rows]
        gathered.add({"t": batch["t"], "src": batch["src"], "dst": batch["dst"], "up": up})
    report.rejected("other_action", seen.others, "no contacts, passed over")
    if not gathered.rows and seen.others and options.to_s is None:
        raise UserError(f"{path} holds no contact: it has no CONN line, only {seen.others} other events.")
    if not gathered.rows:
        raise nothing(path, options)
    ids, place = names.sorted()
    contacts = _contacts(gathered.whole(), seen.last_ns, report, cut=seen.last_ns > window.to_ns)
    src, dst, start, end = (column[window.meets(contacts[2], contacts[3])] for column in contacts)
    links = links_of(report, place[src], place[dst], *window.clipped(start, end), directed=False)
    return Found(ids, links, NodeRows.none(), {"rows": gathered.rows})


class Seen:
    """What passed by: the last time of all events, and how many were no contacts."""

    def __init__(self, window: Window) -> None:
        self._window, self.others, self.last_ns = window, 0, -(2**63)

    def early(self, rows: Batch) -> NDArray[np.bool_]:
        """The events that matter: those before the window, too, as a contact may go on into it."""
        self.last_ns = max(self.last_ns, int(rows["t"].max(initial=self.last_ns)))
        return np.asarray(rows["t"] < self._window.to_ns)

    def emptied(self, block: Block) -> Block:
        """A block without events that are no contacts; what is no event at all stays, for the reader to refuse."""
        return Block(block.line, OTHER.sub(self._empty, block.text))

    def _empty(self, line: re.Match[bytes]) -> bytes:
        row = line[0].decode().split()
        try:
            if len(row) > 2 and row[1] in ACTIONS - {"CONN"}:
                self.last_ns = max(self.last_ns, exact_ns(row[0]))
                self.others += 1
                return b""
        except ValueError:
            pass
        return line[0]


def _contacts(events: Batch, last_ns: int, report: Report, cut: bool) -> tuple[NDArray[np.int64], ...]:
    """Lower node, higher node, start and end of every contact; one that does not end lasts until `last_ns`."""
    report.rejected("self_loop", int((events["src"] == events["dst"]).sum()))
    events = {name: column[events["src"] != events["dst"]] for name, column in events.items()}
    low, high = np.minimum(events["src"], events["dst"]), np.maximum(events["src"], events["dst"])
    order = order_of(events["t"], high, low)  # stable: events of one instant stay in the file's order
    low, high, t, up = (column[order] for column in (low, high, events["t"], events["up"]))
    pair = np.cumsum(np.diff(low, prepend=-1).astype(bool) | np.diff(high, prepend=-1).astype(bool)) - 1
    after = _counts(pair, np.where(up, 1, -1))
    before = np.where(np.diff(pair, prepend=-1) > 0, 0, np.append(0, after[:-1])[: len(after)])
    report.rejected("unmatched_down", int((~up & (before == 0)).sum()))
    report.mended("overlap", "up until each up had its down", int((up & (before > 0)).sum()))
    starts, ends = np.flatnonzero(up & (before == 0)), np.flatnonzero(~up & (before == 1))
    place = np.searchsorted(ends, starts)
    closed = (pair[np.append(ends, -1)[place]] == pair[starts]) & (place < len(ends)) if len(pair) else place > 0
    report.mended("unclosed", "taken to end with the file", 0 if cut else int((~closed).sum()))
    end = np.where(closed, t[np.append(ends, -1)[place]], last_ns) if len(pair) else t
    return low[starts], high[starts], t[starts], end


def _counts(pair: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
    """(events,) how often the pair is up after each event, where a down below 0 counts nothing.

    That is the plain sum less its lowest value so far (or 0): the reflected walk.
    """
    total = np.cumsum(step)
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    walk = total - (total - step)[first][pair]
    drop = pair * (2 * len(pair) + 1)  # so that the minimum so far starts anew with every pair
    return np.asarray(walk - np.minimum(np.minimum.accumulate(walk - drop) + drop, 0))
