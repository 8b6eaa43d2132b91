"""When an edge of a dynamic GEXF graph is there."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.trace.format import OPEN_NS
from testbed.trace.imports.base import Options, Report

UNIT_NS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPELL = re.compile(rb"<spell\b([^>]*?)(/?)>")
OPEN = ("inf", "-inf")


def closed(text: bytes) -> bytes:
    """The file with the open sides of its spells at infinity, since networkx reads none without either."""
    return SPELL.sub(_closed, text) if b"<spell" in text else text


def _closed(spell: re.Match[bytes]) -> bytes:
    sides = {b"start=": b' start="-inf"', b"end=": b' end="inf"'}
    return (
        b"<spell" + spell[1] + b"".join(each for side, each in sides.items() if side not in spell[1]) + spell[2] + b">"
    )


def spells(
    path: Path, edge: Mapping[str, Any], graph: Mapping[str, Any], options: Options, report: Report
) -> Iterator[tuple[int, int]]:
    """Start and end of each time that the edge is there; from 0 on where nothing is said.

    An end that is left open is that of the graph, or not known. Raises UserError for times that are none.
    """
    stated = edge.get("spells") or [(edge.get("start"), edge.get("end"))]
    for start, end in stated:
        start = graph.get("start") if start is None or str(start) in OPEN else start
        end = graph.get("end") if end is None or str(end) in OPEN else end
        start_ns = 0 if start is None else _nanoseconds(path, start, options)
        end_ns = OPEN_NS if end is None else _nanoseconds(path, end, options)
        if end_ns < start_ns:
            report.rejected("backwards")
            continue
        if options.from_s is not None and end_ns < options.from_s * 1e9:
            continue
        if options.to_s is not None and start_ns >= options.to_s * 1e9:
            continue
        report.mended("zero_length", "kept as samples", int(start_ns == end_ns))
        yield start_ns, end_ns


def _nanoseconds(path: Path, time: object, options: Options) -> int:
    """A time as networkx gives it: a number in the unit stated, or the text of a date."""
    unit_ns = UNIT_NS.get(options.time_unit or "s")
    if unit_ns is None:
        raise UserError(f"{path}: time unit {options.time_unit!r} should be one of {', '.join(UNIT_NS)}.")
    if isinstance(time, str):
        found = _date_ns(path, time)
    elif isinstance(time, int | float) and isfinite(time):
        found = time * unit_ns if isinstance(time, int) else round(time * unit_ns)
    else:
        raise UserError(f"{path}: the time {str(time)[:40]!r} of an edge is no number and no date.")
    if abs(found) >= OPEN_NS:
        raise UserError(
            f"{path}: the time {str(time)[:40]!r} of an edge is out of range: state the unit (--time-unit)."
        )
    return found


def _date_ns(path: Path, text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{path}: the time {text[:40]!r} of an edge is no number and no date.") from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - EPOCH) // timedelta(microseconds=1) * 1000
