"""Rows of text as columns, block by block. pyarrow reads what is regular; what it does not take (more decimals than a
nanosecond has, spaces about numbers, ...) and what is wrong is read line by line: slow, exact, and with the line to
complain about.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

from testbed.trace.format import OPEN_NS
from testbed.trace.imports.cells import (
    MISSING,
    TIME_LIMIT_NS,
    UNITS,
    Column,
    Kind,
    Layout,
    cell,
    column_of,
    complaint,
    fields,
)
from testbed.trace.imports.lines import Block, blocks, numbered, refusal
from testbed.trace.imports.names import Coded, Names

Batch = dict[str, Any]
"""By column, its values: Coded, int64 nanoseconds, or float64."""
Keep = Callable[[Batch], NDArray[np.bool_]]


def batches(
    path: Path, layout: Layout, names: Names, keep: Keep | None = None, rows_of: Callable[[Block], Block] = lambda b: b
) -> Iterator[Batch]:
    """The rows, in the file's order; nodes are numbers of `names`.

    What `keep` (a mask over the rows of a batch) leaves out is not looked at further; `rows_of` empties the lines of a
    block that are no such rows. Raises UserError with file and line for a row that does not fit the layout.
    """
    for block in blocks(path):
        below = rows_of(_below(block, layout.header_line))
        found = _regular(below.text, layout)
        yield _kept(_irregular(path, below, layout) if found is None else found, layout, names, keep)


def _below(block: Block, header_line: int) -> Block:
    """The lines of a block that are below a line of the file."""
    skipped = header_line - block.line + 1
    if skipped <= 0:
        return block
    return Block(header_line + 1, b"".join(block.text.split(b"\n", skipped)[skipped:]))


def _regular(text: bytes, layout: Layout) -> Batch | None:
    """The columns, if all rows are alike and nothing needs a second look."""
    if b"#" in text:
        text = re.sub(rb"(?m)^[ \t]*#.*\n", b"", text)
    if layout.separator is None:
        text = _single_spaced(text)
    wanted = [column for _, column in layout.wanted()]
    if not (first := text.lstrip(b"\n").split(b"\n", 1)[0]):
        return {column.name: column_of(column.kind, []) for column in wanted}
    width = len(first.split((layout.separator or " ").encode()))
    try:
        table = read_csv(pa.BufferReader(text), *_options(layout, width, len(text)))
        return {column.name: _values(column, table.column(column.name).combine_chunks()) for column in wanted}
    except (pa.ArrowException, ValueError):
        return None


def _single_spaced(text: bytes) -> bytes:
    text = text.replace(b"\t", b" ")
    if b"  " in text or b" \n" in text or b"\n " in text or text.startswith(b" "):
        text = re.sub(rb"(?m)^ | $", b"", re.sub(rb" +", b" ", text))
    return text


def _options(layout: Layout, width: int, size: int) -> tuple[ReadOptions, ParseOptions, ConvertOptions]:
    """Of rows with `width` cells, which may be less than all columns."""
    count = min(max(width, len(layout.columns) - layout.optional), len(layout.columns))
    labels = [column.name if column else f"-{place}" for place, column in enumerate(layout.columns[:count])]
    kinds = {column.name: _arrow(column) for _, column in layout.wanted()}
    return (
        ReadOptions(column_names=labels, block_size=size + 1, use_threads=False),
        ParseOptions(delimiter=layout.separator or " ", quote_char='"' if layout.separator else False),
        ConvertOptions(column_types=kinds, include_columns=list(kinds), null_values=MISSING),
    )


def _arrow(column: Column) -> pa.DataType:
    match column.kind:
        case Kind.NODE | Kind.WORD:
            return pa.dictionary(pa.int32(), pa.string())
        case Kind.TIME | Kind.END:
            return pa.decimal128(38, UNITS[column.unit][0])
    return pa.float64()


def _values(column: Column, cells: Any) -> Any:
    """A column's values from pyarrow's. Raises ValueError where a cell needs a second look."""
    match column.kind:
        case Kind.NODE | Kind.WORD:
            return _coded(column, cells)
        case Kind.TIME | Kind.END:
            return _times(column, cells)
    values = cells.fill_null(0.0).to_numpy(zero_copy_only=False)
    missing = cells.is_null().to_numpy(zero_copy_only=False)
    _doubt(~missing & ~((values >= column.low) & (values <= column.high)))
    return np.where(missing, np.nan, values)


def _coded(column: Column, cells: Any) -> Coded:
    texts = [text.strip() for text in cells.dictionary.to_pylist()]
    if cells.null_count or any(complaint(column, text) for text in texts):
        raise ValueError
    return Coded(texts, cells.indices.to_numpy())


def _times(column: Column, cells: Any) -> NDArray[np.int64]:
    """pyarrow's decimals are 128-bit integers of the unit's smallest part; those in range are their lower half."""
    seconds = UNITS[column.unit][1]
    halves = np.frombuffer(cells.buffers()[1], np.int64).reshape(-1, 2)[cells.offset : cells.offset + len(cells)]
    missing = cells.is_null().to_numpy(zero_copy_only=False)
    if column.kind is Kind.TIME:
        _doubt(missing)
    elif column.unit == "ns":
        missing |= (halves[:, 0] == OPEN_NS) & (halves[:, 1] == 0)
    low, high = np.where(missing, 0, halves[:, 0]), np.where(missing, 0, halves[:, 1])
    most = TIME_LIMIT_NS // seconds
    _doubt((high != low >> 63) | (low > most) | (low < -most))
    return np.where(missing, OPEN_NS, low * seconds)


def _doubt(cells: NDArray[np.bool_]) -> None:
    if cells.any():
        raise ValueError


def _irregular(path: Path, block: Block, layout: Layout) -> Batch:
    """The same, line by line."""
    cells: dict[str, list[Any]] = {column.name: [] for _, column in layout.wanted()}
    for line, text in numbered(block):
        try:
            if row := fields(text, layout.separator):
                if not 0 <= len(layout.columns) - len(row) <= layout.optional:
                    raise ValueError(f"{len(layout.columns)} columns were expected, here are {len(row)}")
                for place, column in layout.wanted():
                    cells[column.name].append(cell(column, row[place]))
        except ValueError as error:
            raise refusal(path, line, str(error)) from None
    return {column.name: column_of(column.kind, cells[column.name]) for _, column in layout.wanted()}


def _kept(found: Batch, layout: Layout, names: Names, keep: Keep | None) -> Batch:
    """The rows that are wanted; their nodes become numbers."""
    if keep is not None:
        mask = keep(found)
        found = found if mask.all() else {name: _where(column, mask) for name, column in found.items()}
    nodes = {column.name for _, column in layout.wanted() if column.kind is Kind.NODE}
    return {name: names.codes(column) if name in nodes else column for name, column in found.items()}


def _where(column: Any, mask: NDArray[np.bool_]) -> Any:
    return column.where(mask) if isinstance(column, Coded) else column[mask]
