"""Files of a trace that cannot be believed: each is an error that says what is wrong, and nothing else ever."""

import dataclasses
import hashlib
import json
import resource
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.trace import Trace, read, write
from testbed.trace.format import LAST_NS, SCHEMAS
from tests.trace.traces import HEADER, finished, imported, record, recorded


def seal(folder: Path, **changes: object) -> None:
    """Make the checksums those of the files, as somebody would who means harm."""
    tree = json.loads((folder / "header.json").read_text("utf-8"))
    tree["checksums"] = {f.stem: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.glob("*.parquet")}
    (folder / "header.json").write_text(json.dumps(tree | changes), "utf-8")


def rewrite(folder: Path, name: str, column: str, values: object, kind: pa.DataType | None = None) -> None:
    file = folder / f"{name}.parquet"
    table = pq.read_table(file)
    index = table.schema.get_field_index(column)
    array = pa.array(values, kind or table.schema.field(index).type)
    pq.write_table(table.set_column(index, column, array), file)
    seal(folder)


IMPOSSIBLE = [
    ("links", "src", [0, 9, 0, 1], r"a node outside 0\.\.2"),
    ("links", "dst", [1, -1, 1, 0], r"a node outside 0\.\.2"),
    ("links", "dst", [1, 1, 1, 0], "linked to itself"),
    ("links", "delivery", [1, 7, 1, 0.2], r"a delivery outside 0\.\.1"),
    ("links", "delivery", [1, 1, np.nan, 0.2], r"a delivery outside 0\.\.1"),
    ("links", "snr_db", [1, 1, np.inf, 0.2], "ratio without end"),
    ("links", "latency_ns", [0, 0, -1, 0], "negative rate or latency"),
    ("links", "t_start_ns", [0, 1, 2000, 2000], "has not the times of the round"),
    ("links", "t_end_ns", [900, 900, 3000, 3000], "has not the times of the round"),
    ("links", "t_end_ns", [-1, 1000, 3000, 3000], "ends before it starts"),
    ("links", "t_start_ns", [-LAST_NS - 1, 0, 2000, 2000], "beyond 2\\^62 ns"),
    ("links", "round", [-2, 0, 2, 2], "rounds are out of order"),
    ("nodes", "node", [0, 1, 2, 0, 2, 1, 0, 1, 2], "not in order"),
    ("nodes", "t_ns", [0] * 9, "not where it opens"),
    ("nodes", "away_ns", [-1] * 9, "negative count or time"),
    ("nodes", "x_m", [np.inf] * 9, "without end"),
    ("nodes", "round", [0] * 4 + [1] * 2 + [2] * 3, "a round has not one row a node"),
    ("deliveries", "started_ns", [-7, 6, 6, 6], "starts before time begins"),
    ("deliveries", "arrived_ns", [1, -1, 1, -1], "arrives before it starts"),
    ("deliveries", "cause", ["arrived", "magic", "arrived", "deadline"], "unknown cause 'magic'"),
    ("deliveries", "round", [2, 2, 0, 0], "rounds are out of order"),
    ("deliveries", "round", [-1, 0, 0, 2], "rows of no round"),
    ("deliveries", "size_bytes", [1, None, 1, 1], "column 'size_bytes' has empty cells"),
    ("deliveries", "cause", [None] * 4, "column 'cause' has empty cells"),
    ("deliveries", "frames", [-1] * 4, "negative count"),
    ("messages", "dst", [-4] * 9, r"a node outside 0\.\.2"),
    ("messages", "size_bytes", [-1] * 9, "negative size"),
    ("messages", "ready_ns", [2**63 - 1] * 9, "beyond 2\\^62 ns"),
    ("rounds", "round", [0, 2, 3], "its rounds are not 0, 1, 2"),
    ("rounds", "closed_ns", [0, 5000, 3000], "closes before it opens or overlaps"),
    ("rounds", "closed_ns", [1000, 2000, 2**62 + 1], "beyond 2\\^62 ns"),
]


@pytest.mark.parametrize(("table", "column", "values", "said"), IMPOSSIBLE)
def test_impossible_content_is_named(tmp_path: Path, table: str, column: str, values: list[object], said: str) -> None:
    rewrite(finished(tmp_path), table, column, values)
    with pytest.raises(UserError, match=said) as raised:
        read(tmp_path)
    assert table in str(raised.value)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [("t_start_ns", [9, 8, 7, 6], "links of no round out of order"), ("src", [2, 2, 1, 2], "out of order")],
)
def test_links_of_no_round_are_in_order(tmp_path: Path, column: str, values: list[int], said: str) -> None:
    write(imported(), tmp_path / "a")
    rewrite(tmp_path / "a", "links", column, values)
    if column == "t_start_ns":
        rewrite(tmp_path / "a", "links", "t_end_ns", [9] * 4)
    with pytest.raises(UserError, match=said):
        read(tmp_path / "a")


def test_links_are_looked_at_across_the_parts_they_are_read_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.trace.checks.PART", 2)
    write(imported(), tmp_path / "a")
    assert read(tmp_path / "a") == imported()
    rewrite(tmp_path / "a", "links", "t_start_ns", [-5, 5, 4, 6])
    rewrite(tmp_path / "a", "links", "t_end_ns", [-5, 9, 9, 9])
    with pytest.raises(UserError, match="out of order"):
        read(tmp_path / "a")


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_a_damaged_a_foreign_and_a_missing_table_are_named(tmp_path: Path, name: str) -> None:
    file = finished(tmp_path) / f"{name}.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match=rf"{name}\.parquet is damaged: it is not what header.json has the checksum of"):
        read(tmp_path)
    file.write_bytes(whole[: len(whole) // 2])
    seal(tmp_path)
    with pytest.raises(UserError, match=rf"{name}\.parquet is damaged"):
        read(tmp_path)
    pq.write_table(pa.table({"a": [1]}), file)
    seal(tmp_path)
    with pytest.raises(UserError, match=rf"{name}\.parquet is foreign or damaged: it should have the columns round"):
        read(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match=f"holds no table '{name}'"):
        read(tmp_path)


SUM = "0" * 64
CHECKSUMS = dict.fromkeys(SCHEMAS, SUM)


def with_header(**changes: object) -> bytes:
    return json.dumps(HEADER.model_dump() | {"checksums": CHECKSUMS} | changes).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"[1]", "is not the header of a trace"),
        (b'{"format": "pcap"}', "is not the header of a trace"),
        (b'{"format": "testbed-trace", "version": ' + b"9" * 5000 + b"}", "is damaged"),
        (b'{"format": "testbed-trace", "version": NaN}', "NaN is not a number of JSON"),
        (with_header(version=99), "has version 99, this program reads up to 3"),
        (with_header(version=[3]), r"has version \[3\] of before"),
        (with_header(nodes=0), "is damaged: nodes"),
        (with_header(nodes=5_000_000_000), "is damaged: nodes: Input should be less than or equal to 10000000"),
        (with_header(more=0), "is damaged: more"),
        (with_header(units={"*_ns": "second"}), "is damaged: units"),
        (with_header(names=["a", "b"]), "2 names for 3 nodes"),
        (with_header(names=["a", "b", "a"]), "two nodes of one name"),
        (with_header(names=["a", "b", "\ud800"]), "is damaged"),
        (with_header(network={"much": 1}).replace(b'"much": 1', b'"much": 1e999'), "1e999 is not a number"),
        (with_header(network={"much": 1}).replace(b'"much": 1', b'"much": ' + b"[" * 900 + b"]" * 900), "is damaged"),
        (with_header(checksums={}), "has no checksums of the tables"),
        (with_header(checksums={"links": SUM}), "no checksum for table 'deliveries'"),
        (with_header(checksums=CHECKSUMS | {"../secret": SUM}), "is damaged: checksums"),
        (with_header(checksums=CHECKSUMS | {"links": "zz"}), "is damaged: checksums"),
        (with_header(checksums=CHECKSUMS), r"messages\.parquet is damaged: it is not what"),
        (b'{"format": "testbed-trace"' + b" " * (1 << 26) + b"}", "larger than 64 MiB"),
    ],
    ids=range(24),
)
def test_a_header_that_cannot_be_believed_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (finished(tmp_path) / "header.json").write_bytes(content)
    with pytest.raises(UserError, match=said):
        read(tmp_path)


def test_a_folder_without_header_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not a trace: it has no header\.json"):
        read(tmp_path)


def test_a_table_that_is_no_file_is_missing(tmp_path: Path) -> None:
    file = finished(tmp_path) / "links.parquet"
    file.unlink()
    file.mkdir()
    with pytest.raises(UserError, match="holds no table 'links'"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.int64(), [0, 1, 0, 1]),
        (pa.uint32(), [0, 1, 0, 1]),
        (pa.float64(), [0, 1, 0, 1]),
        (pa.string(), ["0", "1", "0", "1"]),
        (pa.list_(pa.int32()), [[0], [1], [0], [1]]),
        (pa.struct([("a", pa.int32())]), [{"a": 0}] * 4),
    ],
    ids=str,
)
def test_a_column_of_another_type_is_foreign(tmp_path: Path, kind: pa.DataType, values: list[object]) -> None:
    rewrite(finished(tmp_path), "links", "src", values, kind)
    with pytest.raises(UserError, match="should have the columns"):
        read(tmp_path)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int8(), pa.string())], ids=str)
def test_causes_are_text_however_they_are_held(tmp_path: Path, kind: pa.DataType) -> None:
    causes = pa.array(["arrived", "frames_lost"] * 2).cast(kind)
    rewrite(finished(tmp_path), "deliveries", "cause", causes, kind)
    assert read(tmp_path).exchanges == recorded().exchanges


def test_a_long_word_does_not_come_back_in_every_row(tmp_path: Path) -> None:
    rewrite(finished(tmp_path), "deliveries", "cause", ["x" * 900_000, "\x00é", "arrived", "arrived"])
    with pytest.raises(UserError, match="unknown cause 'xxx") as raised:
        read(tmp_path)
    assert len(str(raised.value)) < 300


def test_more_rows_than_a_table_may_have_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = np.zeros(200_000, np.int64)
    rounds = pa.table({"round": zeros.astype(np.int32), "opened_ns": zeros, "closed_ns": zeros})
    pq.write_table(rounds, finished(tmp_path) / "rounds.parquet", compression="zstd")
    assert (tmp_path / "rounds.parquet").stat().st_size < 5_000  # 4 MB in memory
    seal(tmp_path)
    monkeypatch.setattr("testbed.trace.files.MOST_ROWS", 100_000)
    with pytest.raises(UserError, match=r"rounds\.parquet .* 200000 rows, where a table has 100000 at most"):
        read(tmp_path)


def test_a_word_of_many_megabytes_is_refused_before(tmp_path: Path) -> None:
    rewrite(finished(tmp_path), "deliveries", "cause", ["x" * (1 << 21), "arrived", "arrived", "arrived"])
    with pytest.raises(UserError, match="more than 256 bytes a row"):
        read(tmp_path)


def test_many_nodes_of_whom_nothing_is_known_take_no_room(tmp_path: Path) -> None:
    many = dataclasses.replace(imported(), header=HEADER.model_copy(update={"nodes": 10_000_000}))
    write(many, tmp_path / "a")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read(tmp_path / "a").header.nodes == 10_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


WHOLE: dict[str, Trace] = {"imported": imported(), "recorded": recorded(), "unfinished": recorded()}


@pytest.fixture(scope="module")
def originals() -> Mapping[str, dict[str, bytes]]:
    """The files of a trace of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("imported", "recorded"):
            write(WHOLE[name], Path(folder) / name)
        record(Path(folder) / "unfinished", 3).close()
        return {name: {f.name: f.read_bytes() for f in (Path(folder) / name).iterdir()} for name in WHOLE}


@settings(max_examples=200)
@given(data=st.data(), kind=st.sampled_from(sorted(WHOLE)), resealed=st.booleans())
def test_flipped_bytes_give_the_same_trace_or_an_error_for_the_user(
    originals: Mapping[str, dict[str, bytes]], data: Any, kind: str, resealed: bool
) -> None:
    name = data.draw(st.sampled_from(sorted(originals[kind])), "file")
    content = bytearray(originals[kind][name])
    for _ in range(data.draw(st.integers(1, 3), "flips")):
        content[data.draw(st.integers(0, len(content) - 1), "where")] ^= data.draw(st.integers(1, 255), "how")
    with tempfile.TemporaryDirectory() as folder:
        for other, whole in originals[kind].items():
            (Path(folder) / other).write_bytes(bytes(content) if other == name else whole)
        if resealed and name.endswith(".parquet"):
            seal(Path(folder))
        try:
            trace = read(folder)
        except UserError:
            return
    if name.endswith(".parquet") and not resealed:
        assert trace == WHOLE[kind]


@settings(max_examples=12)
@given(
    values=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists), key=st.text()
)
@example(values="x" * 1000, key="checksums")
@example(values=[[["a"]]], key="provenance")
def test_any_value_in_the_header_is_read_or_an_error_for_the_user(
    originals: Mapping[str, dict[str, bytes]], values: object, key: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, whole in originals["imported"].items():
            (Path(folder) / name).write_bytes(whole)
        tree = json.loads(originals["imported"]["header.json"])
        for where in [key, *tree]:
            (Path(folder) / "header.json").write_text(json.dumps(tree | {where: values}), "utf-8")
            try:
                write(read(folder), Path(folder) / "again")
                shutil.rmtree(Path(folder) / "again")
            except UserError:
                continue
