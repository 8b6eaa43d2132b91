"""What devices did when in the modes `local` and `async`: from the run's table `events`.

Its columns are `round, time_ns, device, event, peer, message`. A device begins to `train` and has `trained`; `send`,
`ask` and `busy` (a refusal) put a message on its way to a peer, or to all neighbours; it comes to `arrive` at a device;
`mix` names what is mixed; `deadline`: it waits no longer; `away` and `back`. Other events are left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.report.story import Mark, Message, Span, Story
from testbed.tables import is_begun, read_table

TABLE = "events"
COLUMNS = ("time_ns", "device", "event", "peer", "message")
SENT = ("send", "ask", "busy")
MARKS = ("arrive", "mix", "busy", "deadline")

OPENS = {"train": "training", "away": "away"}
CLOSES = {"trained": ("training",), "back": ("away",), "away": ("training",)}


class Row(NamedTuple):
    """A row of the table."""

    time_ns: int
    device: int
    event: str
    peer: int
    message: int


def has_events(folder: Path) -> bool:
    """Whether a run has a table of events."""
    return is_begun(folder, TABLE)


def of_events(folder: Path, ends_ns: int) -> Story:
    """The story of the run in `folder` up to `ends_ns`. Raises UserError for a table without the columns."""
    table = read_table(folder, TABLE)
    if missing := [name for name in COLUMNS if name not in table.column_names]:
        raise UserError(f"{folder}: table {TABLE!r} is foreign or damaged: it has no column {missing[0]!r}.")
    rows = _rows(table)
    return Story(_spans(rows, ends_ns), _marks(rows), _messages(rows))


def _rows(table: pa.Table) -> list[Row]:
    columns: Mapping[str, NDArray[Any]] = {name: table.column(name).to_numpy() for name in COLUMNS}
    order = np.argsort(columns["time_ns"], kind="stable")
    return [Row(*row) for row in zip(*(columns[name][order].tolist() for name in COLUMNS), strict=True)]


def _spans(rows: list[Row], ends_ns: int) -> list[Span]:
    """Training, absences and messages under way; what is open at the end lasts until then."""
    spans, began = list[Span](), dict[tuple[int, str], int]()
    for row in rows:
        for kind in CLOSES.get(row.event, ()):
            if (start := began.pop((row.device, kind), None)) is not None:
                spans.append(Span(kind, row.device, start, row.time_ns))
        if row.event in OPENS:
            began[row.device, OPENS[row.event]] = row.time_ns
    spans += [Span(kind, device, start, ends_ns) for (device, kind), start in began.items()]
    sent, last = _sent(rows), _last_arrivals(rows)
    return spans + [Span("sending", src, at, last[message]) for message, (src, at) in sent.items() if message in last]


def _marks(rows: list[Row]) -> list[Mark]:
    """One of a kind for each device and instant; a message that never arrived is one where it was sent."""
    last = _last_arrivals(rows)
    marks = [Mark(row.event, row.device, row.time_ns) for row in rows if row.event in MARKS]
    marks += [Mark("lost", src, at) for message, (src, at) in _sent(rows).items() if message not in last]
    return list(dict.fromkeys(marks))


def _messages(rows: list[Row]) -> list[Message]:
    sent = _sent(rows)
    arrivals = (row for row in rows if row.event == "arrive" and row.message in sent)
    return [Message(sent[row.message][0], row.device, sent[row.message][1], row.time_ns) for row in arrivals]


def _sent(rows: list[Row]) -> dict[int, tuple[int, int]]:
    """Message to its source and when it was sent."""
    return {row.message: (row.device, row.time_ns) for row in rows if row.event in SENT and row.message >= 0}


def _last_arrivals(rows: list[Row]) -> dict[int, int]:
    return {row.message: row.time_ns for row in rows if row.event == "arrive"}
