"""Tables that grow round by round, survive a kill, and end as Parquet.

While a run goes on, a table `NAME` is an Arrow stream `NAME.arrows`: every append is one batch, and a
torn last batch is left out on reading. `finish` turns it into `NAME.parquet`. Readers take either.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from testbed.errors import UserError

ROW_GROUP = 1 << 16
"""Rows of every Parquet row group but the last: the file depends on the rows alone, not on how they came."""


class TableWriter:
    """Appends one batch a round to the table `name` in `folder`.

    `keep` goes on with what is there, from that round on; what came later is dropped.
    Raises UserError if fewer rounds are there.
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema, keep: int = 0) -> None:
        self.schema = schema
        self._stream, self._parquet = folder / f"{name}.arrows", folder / f"{name}.parquet"
        # The kept batches go to a new file that takes the old one's place: a kill in between loses nothing.
        fresh = self._stream.with_suffix(".arrows.new")
        self._sink = fresh.open("wb")
        self._writer = pa.ipc.new_stream(self._sink, schema)
        try:
            if self._copied(keep) < keep:
                raise UserError(f"{self._stream} is damaged: it should hold {keep} rounds. Begin the run again.")
            fresh.replace(self._stream)
            self._parquet.unlink(missing_ok=True)
        except BaseException:
            self.close()
            raise

    def _copied(self, keep: int) -> int:
        """How many of so many batches are there; they are in the new file now."""
        kept = 0
        for batch in islice(batches_of(self._stream), keep):
            if batch.schema == self.schema:
                self._writer.write_batch(batch)
                kept += 1
        self._sink.flush()
        return kept

    def append(self, columns: Mapping[str, Any]) -> None:
        """One round; `columns` has a sequence for every name in the schema."""
        self._writer.write_batch(batch_of(self.schema, columns))
        self._sink.flush()

    def sync(self) -> None:
        """Have the operating system put on disk what was appended."""
        if not self._sink.closed:
            os.fsync(self._sink.fileno())

    def finish(self) -> None:
        """Write the Parquet file. The stream stays until `discard`, lest a kill leave half of several tables."""
        self.close()
        write_parquet(self._parquet, self.schema, batches_of(self._stream))

    def discard(self) -> None:
        """Drop the stream, now that the Parquet file is there."""
        self._stream.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the stream as it is; it can be read, and gone on with. Calling it twice is harmless."""
        if not self._sink.closed:
            self._writer.close()
            self._sink.close()


def batch_of(schema: pa.Schema, columns: Mapping[str, Any]) -> pa.RecordBatch:
    """The rows of `columns`: a sequence, or an Arrow array, for every name in the schema."""
    given = [columns[field.name] for field in schema]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(given, schema, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)


def write_parquet(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write `file` whole or not at all; equal rows are equal bytes. Holds a row group in memory, and a batch."""
    fresh = file.with_name(file.name + ".new")
    with pq.ParquetWriter(fresh, schema, compression="zstd", **_encodings(schema)) as writer:
        for group in _groups(batches):
            writer.write_table(group, row_group_size=ROW_GROUP)
    fresh.replace(file)


def write_whole(file: Path, content: bytes) -> None:
    """Write `file` whole or not at all."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())
    fresh.replace(file)


def is_begun(folder: Path, name: str) -> bool:
    """Whether the table `name` in `folder` has a whole round."""
    return (folder / f"{name}.parquet").is_file() or any(True for _ in batches_of(folder / f"{name}.arrows"))


def read_table(folder: Path, name: str) -> pa.Table:
    """The table `name` in `folder`, finished or not. Raises UserError if it is missing or damaged."""
    parquet, stream = folder / f"{name}.parquet", folder / f"{name}.arrows"
    if parquet.is_file():
        try:
            return pq.read_table(parquet, memory_map=False)
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{parquet} is damaged: {first_line(error)}.") from None
    if stream.is_file():
        batches = list(batches_of(stream))
        if batches:
            return pa.Table.from_batches(batches)
        raise UserError(f"{stream} holds no whole round yet.")
    raise UserError(f"{folder} holds no table {name!r} (neither {parquet.name} nor {stream.name}).")


def batches_of(stream: Path) -> Iterator[pa.RecordBatch]:
    """The whole batches of a stream; a kill may have torn the last."""
    if not stream.is_file():
        return
    try:
        with pa.OSFile(str(stream)) as source, pa.ipc.open_stream(source) as reader:
            for batch in reader:
                batch.validate(full=True)  # the lengths of texts stand in the file, and are not to be believed
                yield batch
    except (pa.ArrowException, OSError, ValueError):
        return


def first_line(error: BaseException) -> str:
    """What Arrow says of a file, in short."""
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    """Measured on 10 million links (docs/trace.md): half the time of reading of the library's own choice, as small.

    Times mostly grow by little; the bytes of a real number are alike in its exponent alone; the rest repeats itself.
    """
    times = {field.name: "DELTA_BINARY_PACKED" for field in schema if field.name.endswith("_ns")}
    reals = {field.name: "BYTE_STREAM_SPLIT" for field in schema if pa.types.is_floating(field.type)}
    rest = [field.name for field in schema if field.name not in times | reals and not pa.types.is_boolean(field.type)]
    return {"column_encoding": times | reals, "use_dictionary": rest}


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of ROW_GROUP, the last one shorter."""
    gathered: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        gathered.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            table = pa.Table.from_batches(gathered).combine_chunks()
            whole = rows - rows % ROW_GROUP
            yield from (table.slice(first, ROW_GROUP) for first in range(0, whole, ROW_GROUP))
            gathered, rows = table.slice(whole).to_batches(), rows - whole
    if rows:
        yield pa.Table.from_batches(gathered).combine_chunks()
