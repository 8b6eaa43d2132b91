"""Tables that grow round by round, survive a kill, and end as Parquet.

While a run goes on, a table `NAME` is an Arrow stream `NAME.arrows`: every append is one batch, and a
torn last batch is left out on reading. `finish` turns it into `NAME.parquet`. Readers take either.
"""

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from testbed.errors import UserError

ROW_GROUP = 1 << 16
"""Rows gathered into a Parquet row group; batches are never split, so the file depends on the data alone."""


class TableWriter:
    """Appends one batch a round to the table `name` in `folder`.

    `keep` goes on with what is there, from that round on; what came later is dropped.
    Raises UserError if fewer rounds are there.
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema, keep: int = 0) -> None:
        self.schema = schema
        self._stream, self._parquet = folder / f"{name}.arrows", folder / f"{name}.parquet"
        kept = list(islice(_batches(self._stream), keep))
        if len(kept) < keep or any(batch.schema != schema for batch in kept):
            raise UserError(f"{self._stream} is damaged: it should hold {keep} rounds. Begin the run again.")
        # The kept batches go to a new file that takes the old one's place: a kill in between loses nothing.
        fresh = self._stream.with_suffix(".arrows.new")
        self._sink = fresh.open("wb")
        self._writer = pa.ipc.new_stream(self._sink, schema)
        for batch in kept:
            self._writer.write_batch(batch)
        self._sink.flush()
        fresh.replace(self._stream)
        self._parquet.unlink(missing_ok=True)

    def append(self, columns: Mapping[str, Any]) -> None:
        """One round; `columns` has a sequence for every name in the schema."""
        arrays = [pa.array(columns[field.name], field.type) for field in self.schema]
        self._writer.write_batch(pa.record_batch(arrays, schema=self.schema))
        self._sink.flush()

    def sync(self) -> None:
        """Have the operating system put on disk what was appended."""
        if not self._sink.closed:
            os.fsync(self._sink.fileno())

    def finish(self) -> None:
        """Write the Parquet file. The stream stays until `discard`, lest a kill leave half of several tables."""
        self.close()
        fresh = self._parquet.with_suffix(".parquet.new")
        with pq.ParquetWriter(fresh, self.schema, compression="zstd") as writer:
            for group in _groups(_batches(self._stream)):
                writer.write_table(pa.Table.from_batches(group, self.schema), row_group_size=1 << 30)
        fresh.replace(self._parquet)

    def discard(self) -> None:
        """Drop the stream, now that the Parquet file is there."""
        self._stream.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave the stream as it is; it can be read, and gone on with. Calling it twice is harmless."""
        if not self._sink.closed:
            self._writer.close()
            self._sink.close()


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
    return (folder / f"{name}.parquet").is_file() or any(True for _ in _batches(folder / f"{name}.arrows"))


def read_table(folder: Path, name: str) -> pa.Table:
    """The table `name` in `folder`, finished or not. Raises UserError if it is missing or damaged."""
    parquet, stream = folder / f"{name}.parquet", folder / f"{name}.arrows"
    if parquet.is_file():
        try:
            return pq.read_table(parquet, memory_map=False)
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{parquet} is damaged: {_first_line(error)}.") from None
    if stream.is_file():
        batches = list(_batches(stream))
        if batches:
            return pa.Table.from_batches(batches)
        raise UserError(f"{stream} holds no whole round yet.")
    raise UserError(f"{folder} holds no table {name!r} (neither {parquet.name} nor {stream.name}).")


def _batches(stream: Path) -> Iterator[pa.RecordBatch]:
    """The whole batches of a stream; a kill may have torn the last."""
    if not stream.is_file():
        return
    try:
        with pa.OSFile(str(stream)) as source, pa.ipc.open_stream(source) as reader:
            yield from reader
    except (pa.ArrowException, OSError):
        return


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(each.num_rows for each in group) >= ROW_GROUP:
            yield group
            group = []
    if group:
        yield group


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
