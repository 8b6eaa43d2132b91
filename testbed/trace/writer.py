"""Writing a trace, round by round."""

from pathlib import Path

from testbed.exchange import Exchange, Outbox
from testbed.tables import TableWriter, write_whole
from testbed.trace.format import ROUNDS, TABLES, Header, schema, to_columns


class TraceWriter:
    """Records rounds into `folder`; a killed recording is readable up to its last whole round.

    `keep` goes on with the trace in `folder`, from that round on.
    """

    def __init__(self, folder: Path, header: Header, keep: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "header.json", (header.model_dump_json(indent=2) + "\n").encode())
        self._tables = [TableWriter(folder, name, schema(kind), keep) for name, kind in TABLES.items()]
        self._tables.append(TableWriter(folder, "rounds", ROUNDS, keep))

    def append(self, round_: int, outbox: Outbox, exchange: Exchange) -> None:
        """Record one round. The row of `rounds` comes last: where it stands, the round is whole."""
        *parts, rounds = self._tables
        values = (outbox, exchange.links, exchange.deliveries, exchange.devices, exchange.sightings)
        for writer, value in zip(parts, values, strict=True):
            writer.append(to_columns(round_, value))
        rounds.append({"round": [round_], "opened_ns": [exchange.opened_ns], "closed_ns": [exchange.closed_ns]})

    def sync(self) -> None:
        """Have it on disk."""
        for table in self._tables:
            table.sync()

    def finish(self) -> None:
        """All rounds are in: write the Parquet files, beside the streams."""
        for table in self._tables:
            table.finish()

    def discard(self) -> None:
        """Drop the streams, now that all Parquet files are there."""
        for table in self._tables:
            table.discard()

    def close(self) -> None:
        """Leave an unfinished trace that can be read and gone on with."""
        for table in self._tables:
            table.close()
