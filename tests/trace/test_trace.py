"""The trace on disk: exact round trips, whole or nothing, and what a kill leaves."""

import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from testbed.errors import UserError
from testbed.trace import LinkRows, Trace, TraceWriter, header, read, write
from tests.trace.traces import HEADER, exchange, finished, imported, outbox, record, recorded


def same_bytes(a: Path, b: Path) -> bool:
    names = sorted(file.name for file in a.iterdir())
    assert names == sorted(file.name for file in b.iterdir())
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in names)


def test_what_was_recorded_is_read(tmp_path: Path) -> None:
    trace = read(finished(tmp_path))
    assert trace == recorded()
    assert trace.outboxes == tuple(map(outbox, range(3)))
    assert trace.exchanges == tuple(map(exchange, range(3)))


@pytest.mark.parametrize("trace", [imported(), recorded(), recorded(0)], ids=["imported", "recorded", "empty"])
def test_what_was_written_as_a_whole_is_read(tmp_path: Path, trace: Trace) -> None:
    write(trace, tmp_path / "a")
    assert read(tmp_path / "a") == trace
    write(read(tmp_path / "a"), tmp_path / "b")
    assert same_bytes(tmp_path / "a", tmp_path / "b")


def test_an_imported_trace_keeps_names_provenance_samples_and_open_ends(tmp_path: Path) -> None:
    write(imported(), tmp_path / "a")
    trace = read(tmp_path / "a")
    assert (len(trace), trace.header.seed, trace.header.scenario) == (0, None, None)
    assert trace.header.names == ("17", "Zoë", "../../etc/passwd")
    assert trace.header.provenance[0]["oddities"][0]["count"] == 2
    assert (trace.links.t_start_ns == trace.links.t_end_ns).tolist() == [True, False, False, True]


def test_writing_as_a_whole_gives_the_bytes_of_the_recording(tmp_path: Path) -> None:
    write(read(finished(tmp_path / "a")), tmp_path / "b")
    assert same_bytes(tmp_path / "a", tmp_path / "b")


def test_a_run_directory_stands_for_its_trace(tmp_path: Path) -> None:
    finished(tmp_path / "trace")
    assert len(read(tmp_path)) == 3


def test_an_unfinished_recording_is_read_up_to_its_last_whole_round(tmp_path: Path) -> None:
    writer = record(tmp_path, 2)
    writer._tables["messages"].append({"round": [2], "src": [0], "dst": [-1], "size_bytes": [1], "ready_ns": [1]})
    assert read(tmp_path) == recorded(2)
    assert header(tmp_path).checksums == {}
    writer.close()


def test_a_round_that_one_table_lost_does_not_count(tmp_path: Path) -> None:
    record(tmp_path, 3).close()
    os.truncate(tmp_path / "links.arrows", (tmp_path / "links.arrows").stat().st_size - 200)
    assert read(tmp_path) == recorded(2)


def test_equal_recordings_are_equal_bytes_even_when_one_was_gone_on_with(tmp_path: Path) -> None:
    finished(tmp_path / "a", 5)
    record(tmp_path / "b", 4).close()
    again = record(tmp_path / "b", 5, keep=2)
    again.finish()
    again.discard()
    assert same_bytes(tmp_path / "a", tmp_path / "b")


def test_the_bytes_depend_on_the_rows_not_on_how_they_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.tables.ROW_GROUP", 3)
    finished(tmp_path / "a", 5)
    monkeypatch.setattr("testbed.trace.writer.ROW_GROUP", 7)
    write(recorded(5), tmp_path / "b")
    assert pq.ParquetFile(tmp_path / "a/links.parquet").num_row_groups == 3
    assert same_bytes(tmp_path / "a", tmp_path / "b")
    assert read(tmp_path / "a") == recorded(5)


def test_the_tables_are_plain_parquet_with_causes_by_name(tmp_path: Path) -> None:
    table = pq.read_table(finished(tmp_path) / "deliveries.parquet")
    assert table.column("cause").to_pylist() == ["arrived", "frames_lost"] * 2


def test_the_header_of_a_finished_trace_has_the_checksums_that_sha256sum_prints(tmp_path: Path) -> None:
    written = json.loads((finished(tmp_path) / "header.json").read_text())["checksums"]
    assert written == {f.stem: hashlib.sha256(f.read_bytes()).hexdigest() for f in tmp_path.glob("*.parquet")}
    assert len(written) == 6
    assert read(tmp_path).header == HEADER


class Killed(BaseException):
    """As a kill: nothing is tidied up after it but what `finally` does."""


def steps_until(killed_after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every change of the folder's names (rename, unlink) be a moment, and die at one of them."""
    moments = itertools.count()

    def dying(act: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **options: object) -> object:
            if next(moments) >= killed_after:
                raise Killed
            return act(*arguments, **options)

        return step

    for name in ("replace", "unlink", "rename"):
        monkeypatch.setattr(Path, name, dying(getattr(Path, name)))


@pytest.mark.parametrize("moment", range(14))
def test_a_recording_killed_at_any_moment_of_its_end_is_read_and_gone_on_with(tmp_path: Path, moment: int) -> None:
    finished(tmp_path / "whole")
    writer = record(tmp_path / "cut", 3)
    with pytest.MonkeyPatch.context() as patch:
        steps_until(moment, patch)
        with pytest.raises(Killed):  # noqa: PT012
            writer.finish()
            writer.discard()
            raise Killed
    writer.close()
    assert read(tmp_path / "cut") == recorded()
    if not header(tmp_path / "cut").checksums:
        writer = record(tmp_path / "cut", 3, keep=3)
        writer.finish()
    writer.discard()
    (tmp_path / "cut/header.json.new").unlink(missing_ok=True)
    assert same_bytes(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.parametrize("moment", range(14))
def test_going_on_with_what_was_just_finished_can_be_killed_too(tmp_path: Path, moment: int) -> None:
    record(tmp_path, 3).finish()  # killed before the streams went
    with pytest.MonkeyPatch.context() as patch:
        steps_until(moment, patch)
        with pytest.raises(Killed):  # noqa: PT012
            TraceWriter(tmp_path, HEADER, 3).close()
            raise Killed
    assert read(tmp_path) == recorded()


def test_a_finished_trace_is_not_gone_on_with_and_stays_as_it_is(tmp_path: Path) -> None:
    finished(tmp_path)
    with pytest.raises(UserError, match="holds a finished trace"):
        TraceWriter(tmp_path, HEADER, 3)
    assert read(tmp_path) == recorded()


@pytest.mark.parametrize("error", [Killed(), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_writing_is_whole_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("testbed.trace.writer._seal", fail)
    with pytest.raises(UserError if isinstance(error, OSError) else type(error)):
        write(imported(), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_kill_while_writing_leaves_nothing_in_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.trace.writer.shutil.rmtree", lambda *_, **__: None)
    steps_until(4, monkeypatch)
    with pytest.raises(Killed):
        write(imported(), tmp_path / "a")
    monkeypatch.undo()
    assert not (tmp_path / "a").exists()
    write(imported(), tmp_path / "a")
    assert read(tmp_path / "a") == imported()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(UserError, match="is there already"):
        write(imported(), tmp_path / "a")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write(imported(), tmp_path / "file/a")


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    trace = imported()
    backwards = LinkRows.of(**{name: getattr(trace.links, name)[::-1] for name in LinkRows.columns()})
    with pytest.raises(ValueError, match="LinkRows: links of no round out of order"):
        write(dataclasses.replace(trace, links=backwards), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_trace_whose_rounds_and_tables_contradict_each_other_is_none() -> None:
    with pytest.raises(ValueError, match="1 outboxes and 1 exchanges"):
        Trace(HEADER, LinkRows.none(), recorded().nodes, (outbox(0),), (exchange(0),))
