"""A whole run: its tables, its determinism, resuming it, replaying it."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import testbed
from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.network.graph import GraphNetwork
from testbed.results import Run
from testbed.scenario import load
from testbed.session.barrier import Outcome
from testbed.session.observer import Observer
from testbed.session.stopwatch import Stopwatch
from testbed.tables import TableWriter
from tests.needs import ENGINE
from tests.session.scenarios import small

ALGORITHMS = ["hyperprism", "wpm", "dpsgd", "atc", "allreduce", "local"]


def tables(folder: Path) -> dict[str, bytes]:
    """All that has to be the same bytes whenever the same scenario is run."""
    files = [folder / "rounds.parquet", folder / "devices.parquet", *sorted((folder / "trace").iterdir())]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


class Interrupt(Observer):
    """Raises an error after a round."""

    def __init__(self, round_: int, error: BaseException) -> None:
        self.round_, self.error = round_, error

    def trained(self, outcome: Outcome, watch: Stopwatch, events: int) -> None:
        if outcome.round_ == self.round_:
            raise self.error


def test_the_tables_say_what_happened(tmp_path: Path) -> None:
    run = testbed.run(small(), tmp_path / "run")
    rounds, devices = run.rounds, run.devices
    assert run.finished
    assert rounds["round"].tolist() == list(range(6))
    assert (rounds["opened_ns"][1:] == rounds["closed_ns"][:-1]).all()
    assert (rounds["closed_ns"] > rounds["opened_ns"]).all()
    assert (rounds["delivered"] == rounds["links"]).all()
    assert (rounds["bytes"] == 8 * 31_424).all() or (rounds["bytes"] % 8 == 0).all()
    assert devices["device"].tolist() == list(range(8)) * 6
    assert np.allclose(devices["accuracy"].reshape(6, 8).mean(1), rounds["accuracy_mean"])
    assert (devices["received"].reshape(6, 8).sum(1) == rounds["delivered"]).all()
    assert set(run.wall) == {"round", "events", "network_s", "training_s", "mixing_s", "evaluation_s", "writing_s"}


def test_training_works_accuracy_rises(tmp_path: Path) -> None:
    run = testbed.run(
        small(run={"rounds": 40}, data={"partition": "iid"}, output={"eval_samples": 0}), tmp_path / "run"
    )
    assert run.rounds["accuracy_mean"][0] < 0.6
    assert run.best_accuracy > 0.8


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_scenario_gives_the_same_bytes(tmp_path: Path, algorithm: str) -> None:
    scenario = small(algorithm={"name": algorithm})
    testbed.run(scenario, tmp_path / "a")
    testbed.run(scenario, tmp_path / "b")
    assert tables(tmp_path / "a") == tables(tmp_path / "b")


def test_algorithms_under_one_seed_meet_the_same_air(tmp_path: Path) -> None:
    for name in ("dpsgd", "hyperprism"):
        testbed.run(small(algorithm={"name": name}), tmp_path / name)
    first, second = (testbed.trace.read(tmp_path / name) for name in ("dpsgd", "hyperprism"))
    assert first.exchanges == second.exchanges


def test_replay_gives_the_tables_of_the_live_run(tmp_path: Path) -> None:
    scenario = small(algorithm={"name": "hyperprism"})
    testbed.run(scenario, tmp_path / "live")
    testbed.replay(tmp_path / "live", scenario, tmp_path / "again")
    live, again = tables(tmp_path / "live"), tables(tmp_path / "again")
    headers = [json.loads(each.pop("trace/header.json")) for each in (live, again)]
    assert live == again
    assert headers[0]["network"] == headers[1]["network"]


@ENGINE
def test_a_live_run_and_its_replay_give_the_same_tables(tmp_path: Path) -> None:
    scenario = small(run={"rounds": 3}, network={"kind": "ns3"}, algorithm={"name": "hyperprism"})
    testbed.run(scenario, tmp_path / "live")
    testbed.run(scenario, tmp_path / "twice")
    testbed.replay(tmp_path / "live", scenario, tmp_path / "again")
    live, twice, again = (tables(tmp_path / name) for name in ("live", "twice", "again"))
    assert live == twice
    assert live.pop("trace/header.json") != again.pop("trace/header.json")
    assert live == again


@ENGINE
def test_a_live_run_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    scenario = small(run={"rounds": 4}, network={"kind": "ns3", "mobility": "random-waypoint"})
    testbed.run(scenario, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(1, KeyboardInterrupt()))
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")


def test_a_recording_without_training_serves_a_replay(tmp_path: Path) -> None:
    scenario = small()
    trace = testbed.record(scenario, tmp_path / "trace")
    testbed.run(scenario, tmp_path / "live")
    testbed.replay(tmp_path / "trace", scenario, tmp_path / "again")
    assert trace.exchanges == testbed.trace.read(tmp_path / "live").exchanges
    rounds = [(tmp_path / name / "rounds.parquet").read_bytes() for name in ("live", "again")]
    assert rounds[0] == rounds[1]


def test_replay_of_other_message_sizes_is_refused(tmp_path: Path) -> None:
    testbed.record(small(), tmp_path / "trace")
    with pytest.raises(UserError, match="choose the model and algorithm of the recording"):
        testbed.replay(tmp_path / "trace", small(model={"name": "mlp"}), tmp_path / "run")


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


def test_the_manifest_says_where_a_run_came_from(tmp_path: Path) -> None:
    run = testbed.run(small(), tmp_path / "run", command="testbed run x.toml")
    assert run.manifest["command"] == "testbed run x.toml"
    assert run.manifest["seed"] == 3
    assert {"python", "torch", "numpy"} <= set(run.manifest["versions"])
    assert load(tmp_path / "run/scenario.toml") == small()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("graph", "devices"), [("ring", 1), ("line", 4), ("ring", 5), ("star", 5), ("empty", 3)])
def test_every_algorithm_runs_on_edge_graphs(tmp_path: Path, algorithm: str, graph: str, devices: int) -> None:
    scenario = small(
        run={"rounds": 3},
        devices={"count": devices},
        network={"graph": graph, "density": None},
        algorithm={"name": algorithm},
    )
    rounds = testbed.run(scenario, tmp_path / "run").rounds
    assert np.isfinite(rounds["loss"]).all()
    assert np.isfinite(rounds["accuracy_mean"]).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_runs_on_a_disconnected_graph_with_a_one_way_link(tmp_path: Path, algorithm: str) -> None:
    file = tmp_path / "net.edgelist.graphml"
    import networkx as nx

    graph = nx.DiGraph([("0", "1"), ("2", "3"), ("3", "2")])
    graph.add_node("4")
    nx.write_graphml(graph, file)
    scenario = small(
        run={"rounds": 3},
        devices={"count": 5},
        network={"graph": str(file), "density": None},
        algorithm={"name": algorithm},
    )
    rounds = testbed.run(scenario, tmp_path / "run").rounds
    assert np.isfinite(rounds["loss"]).all()
    assert rounds["links"].tolist() == [3, 3, 3]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_round_lasts_at_least_as_long_as_its_training(tmp_path: Path, algorithm: str) -> None:
    run = testbed.run(small(algorithm={"name": algorithm}), tmp_path / "run")
    slowest = run.devices["compute_ns"].reshape(6, 8).max(1)
    assert (run.rounds["closed_ns"] - run.rounds["opened_ns"] >= slowest).all()


def test_training_longer_than_the_deadline_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run\.deadline_s = 1e-05 should be above .*devices\.profile"):
        testbed.run(small(run={"deadline_s": 1e-5}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


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


def test_what_hears_nobody_learns_as_if_alone(tmp_path: Path) -> None:
    alone = testbed.run(small(algorithm={"name": "local"}), tmp_path / "local")
    unheard = testbed.run(small(network={"graph": "empty", "density": None}), tmp_path / "empty")
    assert alone.rounds["accuracy_mean"].tolist() == unheard.rounds["accuracy_mean"].tolist()


def test_rounds_without_evaluation_have_no_accuracy(tmp_path: Path) -> None:
    rounds = testbed.run(small(output={"eval_every": 4}), tmp_path / "run").rounds
    assert np.isfinite(rounds["accuracy_mean"]).tolist() == [False, False, False, True, False, True]
