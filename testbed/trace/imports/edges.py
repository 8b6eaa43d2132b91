"""CSV edge lists over time, with a header that says which column is what; also the CSV that we export.

A pair called src and dst (source target, from to, tx rx, ...) is directed, one called a and b (i j, u v, ...) is not.
A time may carry its unit in its name, as `start_ms`, else it is the stated one. Without an end or a duration a row is a
sample. A weight is the delivery if there is no other and all weights lie in 0..1. An RSSI is left out: what SNR it
means depends on a noise floor that the file does not state.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.cells import NUMBER_LIMIT, UNITS, Column, Kind, Layout, fields, known_unit
from testbed.trace.imports.lines import head, refusal
from testbed.trace.imports.lists import found_in
from testbed.trace.imports.rows import Batch

NAME = "csv"
ABOUT = "CSV edge lists over time: a header with src, dst (or a, b), start and end (or time), perhaps qualities"

DIRECTED = ["src dst", "source target", "source destination", "from to", "sender receiver", "tx rx"]
UNDIRECTED = ["a b", "i j", "u v", "node1 node2", "id1 id2", "node_a node_b"]
NODES = {name: role for pair in DIRECTED + UNDIRECTED for role, name in zip(("src", "dst"), pair.split(), strict=True)}
TIMES = {
    "start": "start t_start begin start_time time t timestamp",
    "end": "end t_end stop end_time",
    "duration": "duration",
    "latency": "latency delay",
}
UNITS_OF = {name: role for role, names in TIMES.items() for name in names.split()}
NUMBERS: dict[str, tuple[str, float, float]] = {
    "delivery": ("delivery", 0, 1),
    "pdr": ("delivery", 0, 1),
    "weight": ("weight", -NUMBER_LIMIT, NUMBER_LIMIT),
    "snr": ("snr_db", -1e6, 1e6),
    "snr_db": ("snr_db", -1e6, 1e6),
    "rate": ("rate_bps", 0, NUMBER_LIMIT),
    "rate_bps": ("rate_bps", 0, NUMBER_LIMIT),
    "rate_kbps": ("rate_kbps", 0, NUMBER_LIMIT / 1e3),
    "rate_mbps": ("rate_mbps", 0, NUMBER_LIMIT / 1e6),
}
"""By column, its role and the range of its numbers."""
FACTORS = {"rate_kbps": 1e3, "rate_mbps": 1e6} | {
    f"latency_{unit}": seconds * 10.0**decimals for unit, (decimals, seconds) in UNITS.items()
}
"""From these columns to bit/s and to nanoseconds."""
TIMED = re.compile(f"(.+)_({'|'.join(UNITS)})")


@dataclass(frozen=True)
class Header:
    """The line that names the columns."""

    line: int
    names: list[str]
    separator: str | None

    def roles(self) -> list[str | None]:
        """What each column is for; None for one that is passed over."""
        return [
            NODES.get(name) or UNITS_OF.get(_timed(name)[0]) or NUMBERS.get(name, (None,))[0] for name in self.names
        ]

    def directed(self) -> bool:
        """Whether the two ends are called by names that tell them apart."""
        return any(set(pair.split()) <= set(self.names) for pair in DIRECTED)


def recognises(head: str) -> bool:
    """Whether the first row names two nodes and a time."""
    header = _header(head)
    return header is not None and {"src", "dst", "start"} <= set(header.roles())


def read(path: Path, options: Options, report: Report) -> Found:
    """All of the file."""
    header = _header(head(path))
    if header is None:
        raise refusal(path, 1, "a header should name the columns src, dst, start and end")
    roles = header.roles()
    for role in ("src", "dst", "start"):
        if roles.count(role) != 1:
            raise refusal(path, header.line, f"the header should name one column {role}, it names {roles.count(role)}")
    if twice := [role for role in roles if role and roles.count(role) > 1]:
        raise refusal(path, header.line, f"the header names two columns for {twice[0]}")
    columns = tuple(_column(path, name, role, options) for name, role in zip(header.names, roles, strict=True))
    layout = Layout(columns, header.separator, header_line=header.line)
    return found_in(
        path, layout, options, report, directed=header.directed(), quality=lambda rows: _quality(rows, report)
    )


def _header(text: str) -> Header | None:
    """The first row, if it can be one."""
    for line, row in enumerate(text.split("\n"), 1):
        if row.strip() and not row.lstrip().startswith("#"):
            separator = max(",;\t", key=row.count)
            try:
                names = fields(row, separator if separator in row else None)
            except ValueError:
                return None
            return Header(line, [name.lower() for name in names], separator if separator in row else None)
    return None


def _timed(name: str) -> tuple[str, str | None]:
    """A name without its unit of time, and the unit."""
    found = TIMED.fullmatch(name)
    return (found[1], found[2]) if found else (name, None)


def _column(path: Path, name: str, role: str | None, options: Options) -> Column | None:
    """How a column is read. Raises UserError for a time whose unit nobody says."""
    if role is None:
        return None
    if name in NODES:
        return Column(role, Kind.NODE)
    if name in NUMBERS:
        return Column(role, Kind.NUMBER, low=NUMBERS[name][1], high=NUMBERS[name][2])
    unit = _timed(name)[1] or options.time_unit
    if unit is None:
        raise UserError(f"{path}: column {name!r} does not say its unit of time: state it with --time-unit.")
    if role == "latency":
        return Column(f"latency_{unit}", Kind.NUMBER, high=NUMBER_LIMIT / FACTORS[f"latency_{known_unit(unit)}"], low=0)
    return Column(role, Kind.END if role == "end" else Kind.TIME, known_unit(unit))


def _quality(rows: Batch, report: Report) -> dict[str, NDArray[Any]]:
    """What `links_of` takes."""
    quality: dict[str, NDArray[Any]] = {name: rows[name] for name in ("delivery", "snr_db", "rate_bps") if name in rows}
    for name, factor in FACTORS.items():
        if name in rows:
            quality["rate_bps" if name.startswith("rate") else "latency_ns"] = np.rint(rows[name] * factor)
    if "weight" in rows and "delivery" not in rows:
        weights = rows["weight"]
        if ((weights >= 0) & (weights <= 1) | np.isnan(weights)).all():
            quality["delivery"] = weights
        else:
            report.mended("missing_quality", "weight passed over: it is no share of 0..1", len(weights))
    return quality
