"""The files of a trace as columns of numbers, of whatever version: bounded, typed, and not yet believed."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from testbed.errors import UserError
from testbed.tables import ROW_GROUP, batches_of, first_line
from testbed.trace.format import CAUSES, MOST_ROWS

Columns = dict[str, NDArray[Any]]
"""Those of one table, by name."""

HEADER = "header.json"
MOST_HEADER_BYTES = 1 << 26
SLACK_BYTES = 1 << 20
WIDEST_BYTES = 256
"""A row may take so many bytes when it is unpacked, and all of them so many more: none of a trace is half as wide."""


class Damage(Exception):
    """What is wrong with a file, in words."""


def tree_of(file: Path) -> dict[str, Any]:
    """The header as plain values. Raises UserError for anything but an object of JSON."""
    try:
        if file.stat().st_size > MOST_HEADER_BYTES:
            raise UserError(f"{file} is no header of a trace: it is larger than {MOST_HEADER_BYTES >> 20} MiB.")
        tree = json.loads(file.read_text("utf-8"), parse_constant=_number, parse_float=_number)
        json.dumps(tree, ensure_ascii=False).encode()  # half a character can be spelt, and not be written
    except FileNotFoundError:
        raise UserError(f"{file.parent} is not a trace: it has no {HEADER}.") from None
    except NotADirectoryError:
        raise UserError(f"{file.parent} is a file, not the folder of a trace.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{file} is damaged: {error}.") from None
    if not isinstance(tree, dict) or tree.get("format") != "testbed-trace":
        raise UserError(f"{file} is not the header of a trace of this project.")
    return tree


def verify(folder: Path, checksums: Mapping[str, str]) -> None:
    """Raises UserError unless the tables are what was written when the trace was finished."""
    for name, digest in checksums.items():
        file = folder / f"{name}.parquet"
        if sha256(file) != digest:
            raise UserError(f"{file} is damaged: it is not what {HEADER} has the checksum of. Take another copy of it.")


def sha256(file: Path) -> str:
    """In hexadecimal digits. Raises UserError if there is no such file, or it cannot be read."""
    try:
        if not file.is_file():
            raise UserError(f"{file.parent} holds no table {file.stem!r} (no {file.name}).")
        with file.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None


def parquet_columns(file: Path, schema: pa.Schema) -> Columns:
    """A finished table. Raises UserError if it is foreign, damaged or too large.

    Column by column, two at a time: twice as fast as row by row, and only the result is ever whole in memory.
    """
    try:
        with _opened(file, schema) as source:
            _expect(source.schema_arrow, schema)
            rows = _bounded(source.metadata)
        with ThreadPoolExecutor(2) as pool:
            each = pool.map if rows > ROW_GROUP else map
            columns = each(lambda field: _parquet_column(file, schema, field, rows), schema)
            return dict(zip(schema.names, columns, strict=True))
    except Damage as damage:
        raise UserError(f"{file} is foreign or damaged: {damage}.") from None
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UserError(f"{file} is damaged: {first_line(error)}.") from None


def stream_columns(file: Path, schema: pa.Schema) -> tuple[Columns, int]:
    """A table that is being recorded, and how many rounds it holds. Read twice, lest it be twice in memory."""
    sizes = [batch.num_rows for batch in batches_of(file)]
    try:
        if sum(sizes) > MOST_ROWS:
            raise Damage(f"more than {MOST_ROWS} rows")
        return _filled(list(schema), sum(sizes), _expected(batches_of(file), schema)), len(sizes)
    except Damage as damage:
        raise UserError(f"{file} is foreign or damaged: {damage}.") from None
    except (pa.ArrowException, ValueError) as error:
        raise UserError(f"{file} is damaged: {first_line(error)}.") from None


def _opened(file: Path, schema: pa.Schema) -> pq.ParquetFile:
    """Causes are to stay references to words: a word may be long, and stand in every row."""
    words = [index for index, field in enumerate(schema) if field.name == "cause"]
    return pq.ParquetFile(file, read_dictionary=words, pre_buffer=False)


def _parquet_column(file: Path, schema: pa.Schema, field: pa.Field, rows: int) -> NDArray[Any]:
    with _opened(file, schema) as source:
        batches = source.iter_batches(ROW_GROUP, columns=[field.name], use_threads=False)
        return _filled([field], rows, batches)[field.name]


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number of JSON")
    return number


def _expected(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        _expect(batch.schema, schema)
        yield batch


def _expect(found: pa.Schema, schema: pa.Schema) -> None:
    if [(field.name, _plain(field.type)) for field in found] != [(field.name, field.type) for field in schema]:
        raise Damage(f"it should have the columns {', '.join(f'{field.name} ({field.type})' for field in schema)}")


def _plain(kind: pa.DataType) -> pa.DataType:
    """Text is text, however it is held in memory."""
    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_string(held) or pa.types.is_large_string(held):
        return pa.string()
    return kind


def _bounded(metadata: pq.FileMetaData) -> int:
    """How many rows a Parquet file has. A small file may claim many, or one that unpacks to gigabytes."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    rows: int = metadata.num_rows
    if rows < 0 or rows != sum(group.num_rows for group in groups) or any(group.num_rows < 0 for group in groups):
        raise Damage("it contradicts itself about the number of its rows")
    if rows > MOST_ROWS:
        raise Damage(f"{rows} rows, where a table has {MOST_ROWS} at most")
    # What the file says of each column is not asked for: on an impossible answer pyarrow 26 ends the process.
    if any(group.total_byte_size > WIDEST_BYTES * group.num_rows + SLACK_BYTES for group in groups):
        raise Damage(f"more than {WIDEST_BYTES} bytes a row")
    return rows


def _filled(fields: Sequence[pa.Field], rows: int, batches: Iterator[pa.RecordBatch]) -> Columns:
    """The rows of all batches, batch by batch: nothing but the result and one batch is in memory."""
    columns: Columns = {field.name: np.empty(rows, _dtype(field)) for field in fields}
    at = 0
    for batch in batches:
        end = at + batch.num_rows
        if end > rows:
            break
        for (name, column), cells in zip(columns.items(), batch.columns, strict=True):
            if cells.null_count:
                raise Damage(f"column {name!r} has empty cells")
            column[at:end] = _codes(cells) if name == "cause" else cells.to_numpy(zero_copy_only=False)
        at = end
    if at < rows:
        raise Damage(f"it ends after {at} of {rows} rows")
    return columns


def _dtype(field: pa.Field) -> Any:
    return np.uint8 if field.name == "cause" else field.type.to_pandas_dtype()


def _codes(cells: pa.Array) -> NDArray[np.uint8]:
    """Causes, by name, as their codes."""
    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode()
    names = cells.dictionary.cast(pa.binary())
    codes = pc.index_in(names, CAUSES.cast(pa.binary())).fill_null(len(CAUSES)).to_numpy(zero_copy_only=False)
    indices = cells.indices.to_numpy(zero_copy_only=False)
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(codes):
        raise Damage("column 'cause' points beyond its words")
    found: NDArray[np.uint8] = codes.astype(np.uint8)[indices]
    if (strange := np.flatnonzero(found == len(CAUSES))).size:
        word = names[int(indices[strange[0]])].as_py()[:40].decode("utf-8", "replace")
        raise Damage(f"unknown cause {word!r}")
    return found
