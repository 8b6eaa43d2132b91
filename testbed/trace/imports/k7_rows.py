"""The rows of a K7 file as columns: by pyarrow block by block, and line by line where a block has something odd."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.csv import ConvertOptions, ReadOptions, read_csv

from testbed.errors import UserError
from testbed.trace.imports.base import Options, Report
from testbed.trace.imports.cells import TIME_LIMIT_NS
from testbed.trace.imports.lines import Block, blocks, numbered, refusal
from testbed.trace.imports.names import Coded, Names, fault

COLUMNS = {
    "datetime": pa.timestamp("ns"),
    "src": pa.dictionary(pa.int32(), pa.string()),
    "dst": pa.dictionary(pa.int32(), pa.string()),
    "channel": pa.int32(),
    "pdr": pa.float64(),
    "tx_count": pa.float64(),
}
"""Those that are read."""
MOST_ROWS = 10_000_000
"""More are refused: they take some 2.5 GB while they are sorted."""
MISSING = ["", "nan", "NaN", "None", "null"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rows(NamedTuple):
    """Measurements, one a row; nodes are numbers of `names`, which come as they are met."""

    t_ns: NDArray[np.int64]
    src: NDArray[np.int32]
    dst: NDArray[np.int32]
    channel: NDArray[np.int32]
    pdr: NDArray[np.float64]
    tx_count: NDArray[np.float64]

    def where(self, mask: NDArray[Any]) -> "Rows":
        """Some of the rows, by a mask or in an order."""
        return Rows(*(column[mask] for column in self))


def header_and_rows(path: Path, options: Options, names: Names, report: Report) -> tuple[dict[str, Any], Rows]:
    """The JSON of line 1, and all rows that say something. Raises UserError, with file and line, for anything else."""
    header: dict[str, Any] = {}
    labels, found, seen, channels = list[str](), list[Rows](), 0, set[int]()
    for block in blocks(path):
        if block.line == 1:
            header, labels, block = _head(path, block)
        rows = _rows(path, block, labels, names)
        channels |= set(np.unique(rows.channel).tolist())
        kept = rows.where(_sound(rows, report) & _wanted(rows, options))
        seen += len(kept.t_ns)
        if seen > MOST_ROWS:
            raise UserError(f"{path} has more than {MOST_ROWS:,} rows: read a part of it (--from, --to, --channel).")
        found.append(kept)
    if not seen:
        raise UserError(f"{path} holds no measurement{_of_channel(options, channels)}.")
    return header, Rows(*map(np.concatenate, zip(*found, strict=True)))


def _head(path: Path, block: Block) -> tuple[dict[str, Any], list[str], Block]:
    """The JSON header, the names of the columns, and what is below them."""
    first, second, text = (*block.text.split(b"\n", 2), b"", b"")[:3]
    try:
        header = json.loads(first)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise refusal(path, 1, "a K7 file begins with its header, a JSON object on one line")
    labels = [label.strip() for label in second.decode().split(",")]
    if missing := [name for name in COLUMNS if labels.count(name) != 1]:
        raise refusal(
            path, 2, f"the columns should have {', '.join(COLUMNS)}; here {', '.join(missing)} is not there once"
        )
    return header, labels, Block(3, text)


def _rows(path: Path, block: Block, labels: list[str], names: Names) -> Rows:
    found = _regular(block.text, labels)
    src, dst, times, channel, pdr, tx_count = _irregular(path, block, labels) if found is None else found
    return Rows(times, names.codes(src), names.codes(dst), channel, pdr, tx_count)


def _regular(text: bytes, labels: list[str]) -> tuple[Any, ...] | None:
    """The columns, if pyarrow takes them all."""
    if not text.strip():
        return None
    reading = ReadOptions(column_names=labels, block_size=len(text) + 1, use_threads=False)
    converting = ConvertOptions(column_types=COLUMNS, include_columns=list(COLUMNS), null_values=MISSING)
    try:
        table = read_csv(pa.BufferReader(text), reading, convert_options=converting).combine_chunks()
    except pa.ArrowException:
        return None
    times, src, dst, channel, pdr, tx_count = (table.column(name) for name in COLUMNS)
    nodes = [_coded(column) for column in (src, dst)]
    if any(each is None for each in nodes) or times.null_count or channel.null_count:
        return None
    times_ns = times.to_numpy().view(np.int64)
    if not (np.abs(times_ns) <= TIME_LIMIT_NS).all():
        return None
    numbers = (column.to_numpy().astype(np.float64) for column in (pdr, tx_count))
    return *nodes, times_ns, channel.to_numpy(), *numbers


def _coded(column: Any) -> Coded | None:
    cells = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    texts = [text.strip() for text in cells.dictionary.to_pylist()]
    return None if any(map(fault, texts)) or cells.null_count else Coded(texts, cells.indices.to_numpy())


def _irregular(path: Path, block: Block, labels: list[str]) -> tuple[Any, ...]:
    """The same, line by line."""
    rows = list(_cells(path, block, [labels.index(name) for name in COLUMNS], len(labels)))
    times, src, dst, channel, pdr, tx_count = zip(*rows, strict=True) if rows else ((),) * 6
    nodes = [Coded(list(ends), np.arange(len(ends), dtype=np.int32)) for ends in (src, dst)]
    return (
        *nodes,
        np.array(times, np.int64),
        np.array(channel, np.int32),
        np.array(pdr, float),
        np.array(tx_count, float),
    )


def _cells(path: Path, block: Block, places: list[int], count: int) -> Iterator[tuple[Any, ...]]:
    for line, text in numbered(block):
        if not text.strip():
            continue
        cells = [cell.strip() for cell in text.split(",")]
        if len(cells) != count:
            raise refusal(path, line, f"{count} columns were expected, here are {len(cells)}")
        when, src, dst, channel, pdr, tx_count = (cells[place] for place in places)
        try:
            if said := fault(src) or fault(dst):
                raise ValueError(said)
            yield _time_ns(when), src, dst, _channel(channel), _real(pdr), _real(tx_count)
        except ValueError as error:
            raise refusal(path, line, str(error)) from None


def _time_ns(text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} should be a time such as 2018-01-11T16:32:22") from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    found = (when - EPOCH) // timedelta(microseconds=1) * 1000
    if abs(found) > TIME_LIMIT_NS:
        raise ValueError(f"{text[:40]!r} is out of range: the years 1824 to 2116 can be told in nanoseconds")
    return found


def _channel(text: str) -> int:
    if not text.lstrip("-").isdecimal() or len(text) > 9:
        raise ValueError(f"{text[:40]!r} should be the number of a channel")
    return int(text)


def _real(text: str) -> float:
    if text in MISSING:
        return nan
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} should be a number") from None


def _sound(rows: Rows, report: Report) -> NDArray[np.bool_]:
    """The rows that measured something; the others are reported."""
    faults = {
        "missing_quality": np.isnan(rows.pdr) | np.isnan(rows.tx_count),
        "pdr_out_of_range": (rows.pdr < 0) | (rows.pdr > 1),
        "nothing_sent": rows.tx_count <= 0,
        "self_loop": rows.src == rows.dst,
    }
    sound = np.ones(len(rows.t_ns), bool)
    for reason, mask in faults.items():
        report.rejected(reason, int((mask & sound).sum()))
        sound &= ~mask
    return sound


def _wanted(rows: Rows, options: Options) -> NDArray[np.bool_]:
    wanted = np.ones(len(rows.t_ns), bool)
    if options.channel is not None:
        wanted &= rows.channel == options.channel
    if options.from_s is not None:
        wanted &= rows.t_ns >= options.from_s * 1e9
    if options.to_s is not None:
        wanted &= rows.t_ns < options.to_s * 1e9
    return wanted


def _of_channel(options: Options, channels: set[int]) -> str:
    if options.channel is None or options.channel in channels:
        return "" if options.from_s is None and options.to_s is None else " in the window asked for"
    return f" on channel {options.channel}; it has {', '.join(map(str, sorted(channels))) or 'none'}"
