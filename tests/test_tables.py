"""Tables that survive a kill."""

from pathlib import Path

import pyarrow as pa
import pytest

from testbed.errors import UserError
from testbed.tables import TableWriter, read_table

SCHEMA = pa.schema([("round", pa.int32()), ("value", pa.float64())])


def rows(round_: int) -> dict[str, list[float]]:
    return {"round": [round_] * 2, "value": [round_ + 0.25, round_ + 0.5]}


def write(folder: Path, rounds: int, keep: int = 0) -> TableWriter:
    writer = TableWriter(folder, "t", SCHEMA, keep)
    for round_ in range(keep, rounds):
        writer.append(rows(round_))
    return writer


def test_a_table_can_be_read_while_it_grows(tmp_path: Path) -> None:
    writer = write(tmp_path, 3)
    assert read_table(tmp_path, "t").column("round").to_pylist() == [0, 0, 1, 1, 2, 2]
    writer.close()


def test_a_torn_last_round_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, 3).close()
    stream = tmp_path / "t.arrows"
    whole = stream.read_bytes()
    seen = set()
    for length in range(len(whole)):
        stream.write_bytes(whole[:length])
        try:
            seen.add(read_table(tmp_path, "t").num_rows)
        except UserError:
            seen.add(0)
    assert seen == {0, 2, 4, 6}


def test_going_on_gives_the_same_file_as_an_unbroken_write(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    write(tmp_path / "a", 5).finish()
    write(tmp_path / "b", 4).close()
    write(tmp_path / "b", 5, keep=2).finish()
    assert (tmp_path / "a/t.parquet").read_bytes() == (tmp_path / "b/t.parquet").read_bytes()


def test_finishing_again_after_a_kill_between_finish_and_discard_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, 3).finish()
    before = (tmp_path / "t.parquet").read_bytes()
    again = write(tmp_path, 3, keep=3)
    again.finish()
    again.discard()
    assert (tmp_path / "t.parquet").read_bytes() == before
    assert not (tmp_path / "t.arrows").exists()


def test_too_few_rounds_to_go_on_from_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, 2).close()
    with pytest.raises(UserError, match="should hold 3 rounds"):
        TableWriter(tmp_path, "t", SCHEMA, 3)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(UserError, match=r"t\.parquet is damaged"):
        read_table(tmp_path, "t")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no table 't'"):
        read_table(tmp_path, "t")
