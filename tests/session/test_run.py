"""A whole run: its tables, its determinism, replaying it, edge graphs."""

import json
from pathlib import Path

import numpy as np
import pytest

import testbed
from testbed.errors import UserError
from testbed.scenario import load
from tests.needs import ENGINE
from tests.session.scenarios import small, tables

ALGORITHMS = ["hyperprism", "wpm", "dpsgd", "atc", "allreduce", "local"]


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
    assert set(run.wall) == {"round", "events", "network_s", "training_s", "mixing_s", "evaluation_s", "writing_s"} | {
        "simulation_s"
    }


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


def test_training_longer_than_the_deadline_on_every_device_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(UserError, match=r"run\.deadline_s = 1e-06 should be above .*devices\.profile"):
        testbed.run(small(run={"deadline_s": 1e-6}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_hears_nobody_learns_as_if_alone(tmp_path: Path) -> None:
    alone = testbed.run(small(algorithm={"name": "local"}), tmp_path / "local")
    unheard = testbed.run(small(network={"graph": "empty", "density": None}), tmp_path / "empty")
    assert alone.rounds["accuracy_mean"].tolist() == unheard.rounds["accuracy_mean"].tolist()


def test_rounds_without_evaluation_have_no_accuracy(tmp_path: Path) -> None:
    rounds = testbed.run(small(output={"eval_every": 4}), tmp_path / "run").rounds
    assert np.isfinite(rounds["accuracy_mean"]).tolist() == [False, False, False, True, False, True]
