"""Stopping a run or a recording anywhere, and going on; folders that are not to be written to."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import testbed
from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.network.graph import GraphNetwork
from testbed.results import Run
from testbed.session.observer import Observer
from testbed.tables import TableWriter
from tests.needs import ENGINE
from tests.session.scenarios import Interrupt, small, tables


@ENGINE
def test_a_live_run_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    scenario = small(run={"rounds": 4}, network={"kind": "ns3", "mobility": "random-waypoint"})
    testbed.run(scenario, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(1, KeyboardInterrupt()))
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UserError("The worker died."), OSError(28, "No space left")])
@pytest.mark.parametrize("round_", [0, 3, 5])
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path, error: BaseException, round_: int) -> None:
    scenario = small(algorithm={"name": "hyperprism"}, output={"checkpoint_s": 1000})
    testbed.run(scenario, tmp_path / "whole")
    with pytest.raises(type(error)):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(round_, error))
    assert Run(tmp_path / "cut").manifest["status"] == "stopped"
    assert len(Run(tmp_path / "cut").rounds["round"]) == round_ + 1
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The disk is full after so many appends; set the number to let it be empty again."""
    left, append = [50], TableWriter.append

    def failing(self: TableWriter, columns: dict[str, object]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        append(self, columns)

    monkeypatch.setattr(TableWriter, "append", failing)
    return iter([left])


@pytest.mark.parametrize("appends", range(9, 17))
def test_a_full_disk_in_the_middle_of_a_round_leaves_a_run_to_resume(
    tmp_path: Path, full_disk: Iterator[list[int]], appends: int
) -> None:
    scenario, left = small(output={"checkpoint_s": 0}), next(full_disk)
    left[0] = 10_000
    testbed.run(scenario, tmp_path / "whole")
    left[0] = appends
    with pytest.raises(OSError, match="No space left"):
        testbed.run(scenario, tmp_path / "cut")
    left[0] = 10_000
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    testbed.run(small(), tmp_path / "run")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "run").rglob("*")}
    testbed.run(small(), tmp_path / "run", resume=True)
    assert before == {file: file.stat().st_mtime_ns for file in (tmp_path / "run").rglob("*")}


def test_resume_without_a_run_begins_one(tmp_path: Path) -> None:
    assert testbed.run(small(), tmp_path / "run", resume=True).finished


def test_a_recording_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    class Stop(Observer):
        def recorded(self, round_: int, exchange: Exchange, events: int) -> None:
            if round_ == 2:
                raise KeyboardInterrupt

    whole = testbed.record(small(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.record(small(), tmp_path / "cut", observer=Stop())
    assert len(testbed.trace.read(tmp_path / "cut")) == 3
    assert testbed.record(small(), tmp_path / "cut", resume=True).exchanges == whole.exchanges
    files = [sorted(file.read_bytes() for file in (tmp_path / name).iterdir()) for name in ("whole", "cut")]
    assert files[0] == files[1]
    with pytest.raises(UserError, match="a trace of another scenario"):
        testbed.record(small(run={"seed": 9}), tmp_path / "cut", resume=True)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="holds files that are not of a run"):
        testbed.run(small(), tmp_path)
    with pytest.raises(UserError, match="is a file"):
        testbed.run(small(), tmp_path / "mine.txt")
    with pytest.raises(UserError, match="is there already"):
        testbed.record(small(), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_is_not_run_over(tmp_path: Path) -> None:
    testbed.run(small(), tmp_path / "run")
    with pytest.raises(UserError, match="add --resume to go on"):
        testbed.run(small(), tmp_path / "run")
    with pytest.raises(UserError, match="a run of another scenario"):
        testbed.run(small(run={"seed": 9}), tmp_path / "run", resume=True)


def test_a_damaged_checkpoint_is_named_and_never_run_as_code(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        testbed.run(small(), tmp_path / "run", observer=Interrupt(3, KeyboardInterrupt()))
    file = tmp_path / "run/checkpoint/standing.pt"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match=r"standing\.pt is damaged"):
        testbed.run(small(), tmp_path / "run", resume=True)


def test_a_network_that_changed_meanwhile_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        testbed.run(small(), tmp_path / "run", observer=Interrupt(3, KeyboardInterrupt()))
    honest = GraphNetwork.exchange

    def other(self: GraphNetwork, *arguments: object) -> Exchange:
        exchange = honest(self, *arguments)  # type: ignore[arg-type]
        return dataclasses.replace(exchange, closed_ns=exchange.closed_ns + 1)

    monkeypatch.setattr(GraphNetwork, "exchange", other)
    with pytest.raises(UserError, match="came out otherwise than recorded"):
        testbed.run(small(), tmp_path / "run", resume=True)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left")])
@pytest.mark.parametrize("writes", [0, 3, 5, 7])
def test_a_stop_while_the_parquet_files_are_written_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, writes: int
) -> None:
    testbed.run(small(), tmp_path / "whole")
    finish, left = TableWriter.finish, [writes]

    def failing(self: TableWriter) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error
        finish(self)

    with monkeypatch.context() as patched:
        patched.setattr(TableWriter, "finish", failing)
        with pytest.raises(type(error)):
            testbed.run(small(), tmp_path / "cut")
    assert Run(tmp_path / "cut").manifest["status"] == "stopped"
    testbed.run(small(), tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


def test_a_stop_while_the_streams_are_dropped_leaves_a_finished_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: TableWriter) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TableWriter, "discard", failing)
        with pytest.raises(KeyboardInterrupt):
            testbed.run(small(), tmp_path / "run")
    assert testbed.run(small(), tmp_path / "run", resume=True).finished


@pytest.mark.parametrize("left", [[], ["header.json"], ["header.json", "messages.arrows", "rounds.arrows"]])
def test_a_recording_killed_before_its_first_round_can_be_gone_on_with(tmp_path: Path, left: list[str]) -> None:
    whole = testbed.record(small(), tmp_path / "whole")
    (tmp_path / "cut").mkdir()
    for name in left:
        content = (tmp_path / "whole" / name).read_bytes() if name == "header.json" else b""
        (tmp_path / "cut" / name).write_bytes(content)
    assert testbed.record(small(), tmp_path / "cut", resume=True).exchanges == whole.exchanges


def test_a_resumed_run_keeps_the_command_that_began_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        testbed.run(small(), tmp_path / "run", observer=Interrupt(1, KeyboardInterrupt()), command="first")
    run = testbed.run(small(), tmp_path / "run", resume=True, command="second")
    assert run.manifest["command"] == "first"
