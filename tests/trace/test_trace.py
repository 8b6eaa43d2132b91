"""The trace on disk: exact round trips, and files that cannot be believed."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, NEVER, Cause, Deliveries, Devices, Exchange, Links, Outbox
from testbed.trace import Header, TraceWriter, read

DEVICES = 3
HEADER = Header(nodes=DEVICES, seed=4, network={"kind": "graph"}, scenario="abc")


def outbox(round_: int) -> Outbox:
    return Outbox([0, 1, 2], [ALL_NEIGHBOURS] * 3, [100 + round_] * 3, [round_ * 1000 + 5] * 3)


def exchange(round_: int) -> Exchange:
    """Round 1 has no link and no delivery: that is normal."""
    count = 0 if round_ == 1 else 2
    opened = round_ * 1000
    snr_db, delivery = [np.nan, 3.5][:count], [1, 0.2][:count]
    links = Links([0, 1][:count], [1, 0][:count], snr_db, delivery, [6] * count, [0] * count, [True] * count)
    arrived, cause = [opened + 9, NEVER][:count], [Cause.ARRIVED, Cause.FRAMES_LOST][:count]
    deliveries = Deliveries(
        [0, 1][:count], [1, 0][:count], [100] * count, [opened + 6] * count, arrived, cause, [1] * count, [0] * count
    )
    devices = Devices([1, 2, 3], [4, 5, 6], [0, 0, 0], [0.1, 0.2, np.nan], [0, 0, 7], [0.5, np.nan, 1], [0, 0, 0])
    return Exchange(opened, opened + 1000, links, deliveries, devices)


def record(folder: Path, rounds: int, keep: int = 0) -> TraceWriter:
    writer = TraceWriter(folder, HEADER, keep)
    for round_ in range(keep, rounds):
        writer.append(round_, outbox(round_), exchange(round_))
    return writer


def finished(folder: Path, rounds: int = 3) -> Path:
    writer = record(folder, rounds)
    writer.finish()
    writer.discard()
    return folder


def same_bytes(a: Path, b: Path) -> bool:
    names = sorted(file.name for file in a.iterdir())
    assert names == sorted(file.name for file in b.iterdir())
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in names)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    trace = read(finished(tmp_path))
    assert trace.header.like(HEADER)
    assert trace.outboxes == tuple(map(outbox, range(3)))
    assert trace.exchanges == tuple(map(exchange, range(3)))


def test_a_run_directory_stands_for_its_trace(tmp_path: Path) -> None:
    finished(tmp_path / "trace")
    assert len(read(tmp_path)) == 3


def test_an_unfinished_recording_is_read_up_to_its_last_whole_round(tmp_path: Path) -> None:
    writer = record(tmp_path, 2)
    writer._tables[0].append({"round": [2], "src": [0], "dst": [-1], "size_bytes": [1], "ready_ns": [1]})
    assert read(tmp_path).exchanges == tuple(map(exchange, range(2)))
    writer.close()


def test_equal_recordings_are_equal_bytes_even_when_one_was_gone_on_with(tmp_path: Path) -> None:
    finished(tmp_path / "a", 5)
    record(tmp_path / "b", 4).close()
    again = record(tmp_path / "b", 5, keep=2)
    again.finish()
    again.discard()
    assert same_bytes(tmp_path / "a", tmp_path / "b")


def test_the_tables_are_plain_parquet_with_causes_by_name(tmp_path: Path) -> None:
    table = pq.read_table(finished(tmp_path) / "deliveries.parquet")
    assert table.column("cause").to_pylist() == ["arrived", "frames_lost"] * 2


def rewrite(file: Path, column: str, values: list[object]) -> None:
    table = pq.read_table(file)
    index = table.schema.get_field_index(column)
    field = table.schema.field(index)
    pq.write_table(table.set_column(index, field, pa.array(values, field.type)), file)


@pytest.mark.parametrize(
    ("table", "column", "values", "said"),
    [
        ("links", "src", [0, 9, 0, 1], "a device outside 0..2"),
        ("links", "dst", [1, -1, 1, 0], "a device outside 0..2"),
        ("links", "dst", [1, 1, 1, 0], "linked to itself"),
        ("links", "heard", [1, 7, 1, 0.2], "a share of hellos outside"),
        ("deliveries", "started_ns", [-7, 6, 6, 6], "starts before time begins"),
        ("messages", "dst", [-2] * 9, "a device outside 0..2"),
        ("messages", "size_bytes", [-1] * 9, "negative size"),
        ("deliveries", "arrived_ns", [1, -1, 1, -1], "arrives before it starts"),
        ("deliveries", "cause", ["arrived", "magic", "arrived", "deadline"], "unknown cause 'MAGIC'"),
        ("deliveries", "round", [2, 2, 0, 0], "rounds are out of order"),
        ("deliveries", "size_bytes", [1, None, 1, 1], "has empty cells"),
        ("devices", "round", [0] * 4 + [1] * 2 + [2] * 3, "4 rows for 3 devices"),
        ("rounds", "round", [0, 2, 3], "its rounds are not 0, 1, 2"),
        ("rounds", "closed_ns", [0, 5000, 3000], "closes before it opens or overlaps"),
    ],
)
def test_impossible_content_is_named(tmp_path: Path, table: str, column: str, values: list[object], said: str) -> None:
    rewrite(finished(tmp_path) / f"{table}.parquet", column, values)
    with pytest.raises(UserError, match=said) as raised:
        read(tmp_path)
    assert table in str(raised.value)


@pytest.mark.parametrize("name", ["rounds", "messages", "links", "deliveries", "devices"])
def test_a_damaged_a_foreign_and_a_missing_table_are_named(tmp_path: Path, name: str) -> None:
    file = finished(tmp_path) / f"{name}.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=rf"{name}\.parquet is damaged"):
        read(tmp_path)
    pq.write_table(pa.table({"a": [1]}), file)
    with pytest.raises(UserError, match=f"table '{name}' is foreign"):
        read(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match=f"holds no table '{name}'"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[1]", "is not the header of a trace"),
        (b'{"format": "pcap"}', "is not the header of a trace"),
        (json.dumps({**HEADER.model_dump(), "version": 99}).encode(), "has version 99, this program reads up to 2"),
        (json.dumps({**HEADER.model_dump(), "devices": 0}).encode(), "is damaged: devices"),
        (json.dumps({**HEADER.model_dump(), "more": 0}).encode(), "is damaged: more"),
    ],
)
def test_a_header_that_cannot_be_believed_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (finished(tmp_path) / "header.json").write_bytes(content)
    with pytest.raises(UserError, match=said):
        read(tmp_path)


def test_a_folder_without_header_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a trace: it has no header\.json"):
        read(tmp_path)
