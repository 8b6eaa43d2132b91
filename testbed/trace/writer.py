"""Writing a trace: round by round while it is recorded, or as a whole."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from testbed.errors import UserError
from testbed.exchange import Exchange, Outbox, Table
from testbed.tables import ROW_GROUP, TableWriter, batch_of, write_parquet, write_whole
from testbed.trace.checks import complaint
from testbed.trace.files import HEADER, sha256
from testbed.trace.format import ROUNDS, SCHEMAS, VERSION, Header, TableName, columns, of_round, round_columns
from testbed.trace.reader import version
from testbed.trace.value import Trace


class TraceWriter:
    """Records rounds into `folder`; a killed recording is readable up to its last whole round.

    `keep` goes on with the trace in `folder`, from that round on. Raises UserError if that cannot be, and leaves
    a finished trace as it was.
    """

    def __init__(self, folder: Path, header: Header, keep: int = 0) -> None:
        if keep:
            _require_streams(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._header = folder, header
        # First of all, as the Parquet files of a trace that was finished, and not more, go next.
        _write_header(folder, header, {})
        self._tables: dict[TableName, TableWriter] = {}
        with ExitStack() as stack:
            stack.callback(self.close)
            for name, schema in SCHEMAS.items():
                self._tables[name] = TableWriter(folder, name, schema, keep)
            stack.pop_all()

    def append(self, round_: int, outbox: Outbox, exchange: Exchange) -> None:
        """Record one round. The row of `rounds` comes last: where it stands, the round is whole."""
        batches = round_columns(round_, outbox, exchange)
        for name, table in self._tables.items():
            table.append(batches[name])

    def sync(self) -> None:
        """Have it on disk."""
        for table in self._tables.values():
            table.sync()

    def finish(self) -> None:
        """All rounds are in: write the Parquet files, beside the streams, and then their checksums, which say that
        from now on the files count and the streams do not."""
        for table in self._tables.values():
            table.finish()
        _seal(self._folder, self._header)

    def discard(self) -> None:
        """Drop the streams, now that the trace is finished."""
        discard_streams(self._folder)

    def close(self) -> None:
        """Leave an unfinished trace that can be read and gone on with."""
        for table in self._tables.values():
            table.close()


def write(trace: Trace, folder: Path) -> None:
    """The whole trace into a folder that is not there yet: all of it, or nothing.

    Equal traces are equal bytes, also if they were recorded. Raises UserError if the folder is there or cannot be
    made, ValueError for a trace that `read` would refuse.
    """
    if folder.exists():
        raise UserError(f"{folder} is there already: choose another folder.")
    for rows in (trace.links, trace.nodes):
        if said := complaint(rows, trace.header.nodes):
            raise ValueError(f"{type(rows).__name__}: {said}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            _write_files(trace, scratch / folder.name)
            (scratch / folder.name).rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}.") from None


def discard_streams(folder: Path) -> None:
    """Drop what a finished trace was recorded into, as far as it is still there."""
    for name in SCHEMAS:
        (folder / f"{name}.arrows").unlink(missing_ok=True)


def _write_files(trace: Trace, folder: Path) -> None:
    folder.mkdir()
    for name, schema in SCHEMAS.items():
        write_parquet(folder / f"{name}.parquet", schema, _batches(trace, name))
    _seal(folder, trace.header)


def _batches(trace: Trace, name: TableName) -> Iterator[pa.RecordBatch]:
    """The rows of a table, some at a time."""
    match name:
        case "links" | "nodes":
            rows: Table = getattr(trace, name)
            for first in range(0, len(rows), ROW_GROUP):
                yield batch_of(SCHEMAS[name], columns(rows.part(slice(first, first + ROW_GROUP))))
        case "rounds":
            opened = [exchange.opened_ns for exchange in trace.exchanges]
            closed = [exchange.closed_ns for exchange in trace.exchanges]
            yield batch_of(ROUNDS, {"round": range(len(trace)), "opened_ns": opened, "closed_ns": closed})
        case _:
            values = trace.outboxes if name == "messages" else [getattr(each, name) for each in trace.exchanges]
            for round_, value in enumerate(values):
                yield batch_of(SCHEMAS[name], of_round(round_, value))


def _seal(folder: Path, header: Header) -> None:
    _write_header(folder, header, {name: sha256(folder / f"{name}.parquet") for name in SCHEMAS})


def _write_header(folder: Path, header: Header, checksums: dict[TableName, str]) -> None:
    text = header.model_copy(update={"checksums": checksums}).model_dump_json(indent=2)
    write_whole(folder / HEADER, (text + "\n").encode())


def require_present(folder: Path) -> None:
    """Raises UserError for a trace of an older version, which cannot be gone on with."""
    if (found := version(folder)) != VERSION:
        raise UserError(
            f"{folder} holds a recording of version {found} of the format, which can be read but not gone on with: "
            "record it again in another folder."
        )


def _require_streams(folder: Path) -> None:
    """What goes on with a recording needs its streams, of this version."""
    require_present(folder)
    if not all((folder / f"{name}.arrows").is_file() for name in SCHEMAS):
        raise UserError(f"{folder} holds a finished trace, which cannot be gone on with: choose another folder.")
