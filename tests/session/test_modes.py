"""Runs in the event-driven modes: what they equal, edge graphs, determinism, replay, resume, bad settings."""

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor

import testbed
from testbed.errors import UserError
from testbed.exchange import Exchange
from testbed.results import Run
from testbed.scenario import Scenario
from testbed.session.observer import Observer
from tests.needs import ENGINE
from tests.session.scenarios import Interrupt, small, tables

MODES = ["local", "async"]
SPREAD = {"profile": "raspberry-pi-4", "compute_spread": 0.5, "straggler_share": 0.2}
"""Devices of unequal and varying speed."""


def eventful(mode: str, **sections: dict[str, Any]) -> Scenario:
    """5 periods of 6 unequal devices, whose models take about as long to send as to train."""
    run = {"mode": mode, "period_s": 0.002, "deadline_s": 0.001, "rounds": 5} | sections.pop("run", {})
    network = {"rate": "1Gbps", "latency_s": 1e-5} | sections.pop("network", {})
    devices = {"count": 6} | SPREAD | sections.pop("devices", {})
    return small(run=run, network=network, devices=devices, **sections)


def models(folder: Path) -> Tensor:
    tree = torch.load(folder / "checkpoint/standing.pt", weights_only=True)
    assert isinstance(tree["models"], Tensor)
    return tree["models"]


@pytest.mark.parametrize("algorithm", ["dpsgd", "atc", "wpm", "hyperprism", "local"])
def test_equal_devices_on_a_complete_graph_do_what_the_barrier_does(tmp_path: Path, algorithm: str) -> None:
    same: dict[str, dict[str, Any]] = {
        "devices": {"count": 5, "profile": "laptop"},
        "network": {"graph": "complete", "density": None},
        "algorithm": {"name": algorithm},
    }
    barrier = testbed.run(small(run={"rounds": 3}, **same), tmp_path / "barrier")
    round_s = barrier.rounds["closed_ns"][0] / 1e9
    local = testbed.run(
        small(run={"rounds": 1, "mode": "local", "period_s": 3.5 * round_s}, **same), tmp_path / "local"
    )
    assert torch.equal(models(tmp_path / "barrier"), models(tmp_path / "local"))
    assert local.devices["steps"].tolist() == ([3] * 5 if algorithm == "local" else [4] * 5)
    sent = testbed.trace.read(tmp_path / "local").exchanges[0].deliveries
    rounds = [each.deliveries for each in testbed.trace.read(tmp_path / "barrier").exchanges]
    assert sent.arrived_ns.tolist()[: 3 * len(rounds[0])] == [ns for each in rounds for ns in sorted_by_src(each)]


def sorted_by_src(deliveries: Any) -> list[int]:
    order = np.lexsort((deliveries.dst, deliveries.src))
    return [int(ns) for ns in deliveries.arrived_ns[order]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("graph", "devices"), [("ring", 1), ("line", 3), ("ring", 4), ("star", 4), ("empty", 3)])
def test_edge_graphs(tmp_path: Path, mode: str, graph: str, devices: int) -> None:
    scenario = eventful(mode, devices={"count": devices}, network={"graph": graph, "density": None})
    run = testbed.run(scenario, tmp_path / "run")
    assert np.isfinite(run.rounds["accuracy_mean"]).all()
    assert (run.devices["steps"].reshape(5, devices).sum(0) > 0).all()
    linked = graph != "empty" and devices > 1
    assert (run.devices["mixes"].sum() > 0) == linked
    assert (run.rounds["delivered"].sum() > 0) == linked


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("algorithm", ["dpsgd", "atc", "wpm", "hyperprism", "local"])
def test_a_disconnected_graph_with_a_one_way_link(tmp_path: Path, mode: str, algorithm: str) -> None:
    graph = nx.DiGraph([("0", "1"), ("2", "3"), ("3", "2")])
    graph.add_node("4")
    nx.write_graphml(graph, tmp_path / "net.graphml")
    network = {"graph": str(tmp_path / "net.graphml"), "density": None}
    scenario = eventful(mode, devices={"count": 5}, network=network, algorithm={"name": algorithm})
    run = testbed.run(scenario, tmp_path / "run")
    assert np.isfinite(run.rounds["loss"]).all()
    mixes = run.devices["mixes"].reshape(5, 5).sum(0) > 0
    hears = {"local": [False, True, True, True, False], "async": [False, False, True, True, False]}
    assert mixes.tolist() == ([False] * 5 if algorithm == "local" else hears[mode])


@pytest.mark.parametrize("mode", MODES)
def test_training_works(tmp_path: Path, mode: str) -> None:
    scenario = eventful(mode, run={"rounds": 10, "period_s": 0.005}, data={"partition": "iid"})
    run = testbed.run(scenario, tmp_path / "run")
    assert run.best_accuracy > 0.75
    assert run.best_accuracy > run.rounds["accuracy_mean"][0]


@pytest.mark.parametrize("mode", MODES)
def test_the_tables_say_what_happened(tmp_path: Path, mode: str) -> None:
    run = testbed.run(eventful(mode), tmp_path / "run")
    rounds, devices, events = run.rounds, run.devices, run.events
    assert rounds["closed_ns"].tolist() == [2_000_000 * (number + 1) for number in range(5)]
    assert (rounds["opened_ns"][1:] == rounds["closed_ns"][:-1]).all()
    assert (devices["compute_ns"] <= 2_000_000).all()
    assert (np.diff(events["time_ns"]) >= 0).all()
    assert (events["time_ns"] // 2_000_000 == events["round"]).all()
    trained = events["event"] == "trained"
    counted = [[(trained & (events["round"] == r) & (events["device"] == d)).sum() for d in range(6)] for r in range(5)]
    assert devices["steps"].reshape(5, 6).tolist() == counted
    sent = testbed.trace.read(run.folder).outboxes
    assert sum(map(len, sent)) == np.isin(events["event"], ["send", "ask", "busy"]).sum()
    arrived = events["event"] == "arrive"
    assert abs(int(arrived.sum()) - int(rounds["delivered"].sum())) <= (events["time_ns"][-1] > 0) * 6
    assert (devices["staleness_max"][devices["staleness_max"] == devices["staleness_max"]] >= 0).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("algorithm", ["dpsgd", "hyperprism"])
def test_the_same_scenario_gives_the_same_bytes_also_over_its_trace(tmp_path: Path, mode: str, algorithm: str) -> None:
    scenario = eventful(mode, algorithm={"name": algorithm}, devices={"churn_s": [0.004, 0.001]})
    for name in ("a", "b"):
        testbed.run(scenario, tmp_path / name)
    testbed.replay(tmp_path / "a", scenario, tmp_path / "again")
    first, second, again = (tables(tmp_path / name) for name in ("a", "b", "again"))
    assert first == second
    headers = [json.loads(each.pop("trace/header.json")) for each in (first, again)]
    assert first == again
    assert headers[0]["network"] == headers[1]["network"]


@pytest.mark.parametrize("mode", MODES)
def test_a_recording_without_training_serves_a_replay(tmp_path: Path, mode: str) -> None:
    scenario = eventful(mode)
    trace = testbed.record(scenario, tmp_path / "trace")
    testbed.run(scenario, tmp_path / "live")
    assert trace.exchanges == testbed.trace.read(tmp_path / "live").exchanges
    testbed.replay(tmp_path / "trace", eventful(mode, algorithm={"name": "atc"}), tmp_path / "again")
    events = [(tmp_path / name / "events.parquet").read_bytes() for name in ("live", "again")]
    assert events[0] == events[1]


def test_another_mode_or_model_does_not_fit_a_trace(tmp_path: Path) -> None:
    testbed.record(eventful("local"), tmp_path / "trace")
    others = {
        "mode": eventful("async"),
        "model": eventful("local", model={"name": "mlp"}),
        "period": eventful("local", run={"period_s": 0.003}),
    }
    for name, other in others.items():
        with pytest.raises(UserError, match=r"does not fit the trace|in the trace at"):
            testbed.replay(tmp_path / "trace", other, tmp_path / name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("period", [0, 2, 4])
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path, mode: str, period: int) -> None:
    scenario = eventful(mode, algorithm={"name": "hyperprism"}, output={"checkpoint_s": 1000})
    testbed.run(scenario, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(period, KeyboardInterrupt()))
    assert len(Run(tmp_path / "cut").rounds["round"]) == period + 1
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
    assert torch.equal(models(tmp_path / "whole"), models(tmp_path / "cut"))


@ENGINE
@pytest.mark.parametrize(("mode", "transport"), [("local", "broadcast"), ("async", "unicast")])
def test_over_ns3_a_run_goes_on_after_a_stop_and_is_replayed_exactly(tmp_path: Path, mode: str, transport: str) -> None:
    scenario = small(
        run={"mode": mode, "period_s": 0.3, "deadline_s": 0.2, "rounds": 3},
        devices={"count": 4, "churn_s": [1.0, 0.1]},
        network={"kind": "ns3", "density": None, "side_m": 60.0, "hello_s": 0.2, "beacon_s": 0.2}
        | {"transport": transport, "mobility": "random-waypoint", "rate": "24Mbps"},
        algorithm={"batch_size": 1024},
    )
    run = testbed.run(scenario, tmp_path / "whole")
    assert run.devices["mixes"].sum() > 0
    assert (run.events["time_ns"][run.events["event"] == "train"] >= 200_000_000).all()
    with pytest.raises(KeyboardInterrupt):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(1, KeyboardInterrupt()))
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
    testbed.replay(tmp_path / "whole", scenario, tmp_path / "again")
    whole, again = (tables(tmp_path / name) for name in ("whole", "again"))
    assert whole.pop("trace/header.json") != again.pop("trace/header.json")
    assert whole == again


def test_a_recording_that_was_stopped_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    class Stop(Observer):
        def recorded(self, round_: int, exchange: Exchange, events: int) -> None:
            if round_ == 2:
                raise KeyboardInterrupt

    testbed.record(eventful("local"), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.record(eventful("local"), tmp_path / "cut", observer=Stop())
    testbed.record(eventful("local"), tmp_path / "cut", resume=True)
    files = [sorted(file.read_bytes() for file in (tmp_path / name).iterdir()) for name in ("whole", "cut")]
    assert files[0] == files[1]


def test_a_network_that_changed_meanwhile_is_noticed(tmp_path: Path) -> None:
    for name, scenario in (("run", eventful("local")), ("other", eventful("local", run={"seed": 8}))):
        with pytest.raises(KeyboardInterrupt):
            testbed.run(scenario, tmp_path / name, observer=Interrupt(3, KeyboardInterrupt()))
    for file in (tmp_path / "other/trace").glob("*.arrows"):
        (tmp_path / "run/trace" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(UserError, match="came out otherwise than recorded"):
        testbed.run(eventful("local"), tmp_path / "run", resume=True)


@pytest.mark.parametrize("mode", MODES)
def test_who_is_away_does_nothing_and_comes_back_with_its_own_model(tmp_path: Path, mode: str) -> None:
    (tmp_path / "churn.csv").write_text("device,from_s,until_s\n1,0.0015,0.0061\n2,0,0.003\n")
    devices = {"churn_file": str(tmp_path / "churn.csv"), "compute_spread": 0.0}
    run = testbed.run(eventful(mode, devices=devices, network={"graph": "complete", "density": None}), tmp_path / "run")
    events = run.events
    of_one = events["device"] == 1
    inside = of_one & (events["time_ns"] >= 1_500_000) & (events["time_ns"] < 6_100_000)
    assert events["event"][inside].tolist() == ["away"]
    assert events["time_ns"][of_one & (events["event"] == "back")].tolist() == [6_100_000]
    assert run.devices["away_ns"].reshape(5, 6)[:, 1].tolist() == [500_000, 2_000_000, 2_000_000, 100_000, 0]
    accuracy = run.devices["accuracy"].reshape(5, 6)[:, 1]
    assert accuracy[0] == accuracy[1] == accuracy[2]
    assert events["event"][events["device"] == 2][0] == "away"


@pytest.mark.parametrize("mode", MODES)
def test_who_has_no_battery_left_is_away_for_good(tmp_path: Path, mode: str) -> None:
    run = testbed.run(eventful(mode, run={"rounds": 12}, devices={"battery_j": 0.01}), tmp_path / "run")
    left, steps = (run.devices[name].reshape(-1, 6) for name in ("battery_j", "steps"))
    gone = left == 0
    assert gone[-1].any()
    assert (steps[2:][gone[:-2]] == 0).all()


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"run": {"mode": "local", "period_s": None}}, r"needs run\.period_s"),
        (
            {"run": {"mode": "async", "period_s": 1}, "network": {"kind": "ns3", "density": None}},
            "one neighbour at a time",
        ),
        ({"run": {"deadline_s": [1, 2]}}, "one number closes the round for all"),
        ({"run": {"mode": "local", "period_s": 1, "deadline_s": []}}, r"run\.deadline_s"),
        ({"run": {"mode": "local", "period_s": 1, "deadline_s": [1, "x"]}}, r"run\.deadline_s"),
        ({"run": {"mode": "local", "period_s": 0}}, r"run\.period_s"),
    ],
)
def test_settings_that_do_not_go_together_are_sentences(sections: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        small(**sections)


def test_an_algorithm_that_a_mode_does_not_know_is_refused(tmp_path: Path) -> None:
    scenario = small(run={"mode": "async", "period_s": 1}, algorithm={"name": "allreduce"})
    with pytest.raises(UserError, match=r"allreduce.*is not defined for run\.mode = \"async\""):
        testbed.run(scenario, tmp_path / "run")
