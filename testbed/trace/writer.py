"""Writing a trace: round by round while it is recorded, or as a whole."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TypeVar

import numpy as np

from testbed.errors import UserError
from testbed.exchange import Exchange, Outbox
from testbed.tables import ROW_GROUP, TableWriter, write_whole
from testbed.trace.format import NO_ROUND, SCHEMAS, Header, LinkRows, NodeRows, columns, round_columns
from testbed.trace.value import Trace

T = TypeVar("T", LinkRows, NodeRows)


class TraceWriter:
    """Records rounds into `folder`; a killed recording is readable up to its last whole round.

    `keep` goes on with the trace in `folder`, from that round on.
    """

    def __init__(self, folder: Path, header: Header, keep: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._header = folder, header
        self._write_header({})
        self._tables = {name: TableWriter(folder, name, schema, keep) for name, schema in SCHEMAS.items()}

    def append(self, round_: int, outbox: Outbox, exchange: Exchange) -> None:
        """Record one round. The row of `rounds` comes last: where it stands, the round is whole."""
        batches = round_columns(round_, outbox, exchange)
        for name, table in self._tables.items():
            table.append(batches[name])

    def append_rows(self, links: LinkRows, nodes: NodeRows) -> None:
        """Links and places of no round; they come before all rounds."""
        for name, rows in (("links", links), ("nodes", nodes)):
            for first in range(0, len(rows), ROW_GROUP):
                part = {key: column[first : first + ROW_GROUP] for key, column in columns(rows).items()}
                self._tables[name].append(part)

    def sync(self) -> None:
        """Have it on disk."""
        for table in self._tables.values():
            table.sync()

    def finish(self) -> None:
        """All rounds are in: write the Parquet files, beside the streams, and their checksums."""
        for table in self._tables.values():
            table.finish()
        self._write_header({name: _sha256(self._folder / f"{name}.parquet") for name in SCHEMAS})

    def discard(self) -> None:
        """Drop the streams, now that all Parquet files are there."""
        for table in self._tables.values():
            table.discard()

    def close(self) -> None:
        """Leave an unfinished trace that can be read and gone on with."""
        for table in self._tables.values():
            table.close()

    def _write_header(self, checksums: dict[str, str]) -> None:
        header = self._header.model_copy(update={"checksums": checksums})
        write_whole(self._folder / "header.json", (header.model_dump_json(indent=2) + "\n").encode())


def write(trace: Trace, folder: Path) -> None:
    """The whole trace into a folder that is not there yet: all of it, or nothing. Raises UserError if it is there."""
    if folder.exists():
        raise UserError(f"{folder} is there already: choose another folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        writer = TraceWriter(scratch, trace.header)
        writer.append_rows(_of_no_round(trace.links), _of_no_round(trace.nodes))
        for round_, (outbox, exchange) in enumerate(zip(trace.outboxes, trace.exchanges, strict=True)):
            writer.append(round_, outbox, exchange)
        writer.finish()
        writer.discard()
        scratch.chmod(0o755)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _of_no_round(rows: T) -> T:
    """Those that belong to none, which come first."""
    count = int(np.searchsorted(rows.round, NO_ROUND, "right"))
    return type(rows).of(**{name: getattr(rows, name)[:count] for name in rows.columns()})


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
