"""Devices that are away, too slow, or out of energy: each rule of the barrier, over graphs; and one over ns-3."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import testbed
from testbed.errors import UserError
from testbed.exchange import Cause
from testbed.results import Run
from testbed.session.barrier import Standing
from testbed.session.checkpoint import load
from testbed.session.learner import Learner
from testbed.trace import read
from tests.needs import ENGINE
from tests.session.scenarios import Interrupt, small, tables

TRAINING_S = 7.5264e-4
"""Of a Raspberry Pi 4: 128 samples of logistic regression on 28 x 28 pixels."""


@pytest.fixture
def absent(tmp_path: Path) -> Any:
    """`absent("1,0.5,2", rounds=3)`: a run of 4 devices that hear each other, with these absences; 1 ms of latency,
    31.4 kB at 24 Mb/s: messages are 10.5 ms on the way and a round lasts about 12.2 ms."""

    def made(*lines: str, rounds: int = 3, name: str = "run", **sections: dict[str, Any]) -> Run:
        file = tmp_path / f"{name}.csv"
        file.write_text("\n".join(["device,from_s,until_s", *lines, ""]))
        keys: dict[str, dict[str, Any]] = {
            "run": {"rounds": rounds},
            "devices": {"count": 4, "profile": "raspberry-pi-4", "churn_file": str(file)},
            "network": {"graph": "complete", "density": None},
            "algorithm": {"batch_size": 128},
        }
        for section, values in sections.items():
            keys.setdefault(section, {}).update(values)
        scenario = small(**keys)
        scenario = scenario.model_copy(update={"network": scenario.network.model_copy(update={"density": None})})
        return testbed.run(scenario, tmp_path / name)

    return made


def per_round(run: Run, column: str) -> list[list[Any]]:
    return run.devices[column].reshape(len(run.rounds["round"]), -1).tolist()


def standing(run: Run) -> Standing:
    saved = load(run.folder / "checkpoint")
    assert saved is not None
    return saved


def start(run: Run) -> torch.Tensor:
    """The models before the first round."""
    return Learner(testbed.scenario.load(run.folder / "scenario.toml")).fleet.start()


def deliveries(run: Run, round_: int) -> dict[tuple[int, int], Cause]:
    rows = testbed.trace.read(run.folder).exchanges[round_].deliveries
    return {(int(s), int(d)): Cause(c) for s, d, c in zip(rows.src, rows.dst, rows.cause, strict=True)}


def test_away_at_the_opening_it_has_no_part_and_keeps_its_model(absent: Any) -> None:
    run = absent("1,0,1", rounds=2)
    assert np.isnan(per_round(run, "loss")).tolist() == [[False, True, False, False]] * 2
    assert per_round(run, "received") == [[2, 0, 2, 2]] * 2
    assert [each[1] for each in per_round(run, "compute_ns")] == [0, 0]
    assert run.rounds["delivered"].tolist() == [6, 6]
    assert torch.equal(standing(run).models[1], start(run)[1])
    assert not torch.equal(standing(run).models[0], start(run)[0])


def test_the_barrier_does_not_wait_for_who_is_away(absent: Any) -> None:
    slow = {"profile": ["laptop", "laptop", "laptop", "raspberry-pi-4"]}
    lengths = [
        absent(*lines, rounds=1, name=name, devices=slow, network={"graph": "empty"}).rounds["closed_ns"][0]
        for name, lines in (("here", ()), ("away", ("3,0,1",)))
    ]
    assert lengths[0] == round(TRAINING_S * 1e9)
    assert lengths[1] == pytest.approx(lengths[0] * 8 / 100, rel=1e-3)


def test_leaving_in_training_loses_the_training_and_nothing_is_sent(absent: Any) -> None:
    run = absent("1,0.0005,0.0006", rounds=1)
    assert np.isnan(per_round(run, "loss")[0]).tolist() == [False, True, False, False]
    assert {src for src, _ in deliveries(run, 0)} == {0, 2, 3}
    assert per_round(run, "compute_ns")[0][1] == 500_000
    assert per_round(run, "compute_j")[0][1] == pytest.approx(5.4 * 0.0005)
    assert per_round(run, "away_ns")[0] == [0, 100_000, 0, 0]
    # It is back when the round closes, so it mixes what arrived, with nothing of its own taken off.
    assert not torch.equal(standing(run).models[1], standing(run).models[0])


def test_leaving_before_a_message_is_whole_loses_it_both_ways(absent: Any) -> None:
    run = absent("1,0.005,1", rounds=1)
    lost = {pair for pair, cause in deliveries(run, 0).items() if cause == Cause.AWAY}
    assert lost == {(1, 0), (1, 2), (1, 3), (0, 1), (2, 1), (3, 1)}
    assert set(deliveries(run, 0).values()) == {Cause.AWAY, Cause.ARRIVED}
    assert run.rounds["closed_ns"][0] < 13_000_000
    assert per_round(run, "loss")[0][1] > 0  # its training was over: it counts, in energy and loss


def test_who_is_away_at_the_close_keeps_the_model_it_had(absent: Any) -> None:
    run = absent("1,0.005,1", rounds=1)
    assert torch.equal(standing(run).models[1], start(run)[1])


def test_coming_back_it_goes_on_from_its_own_model(absent: Any) -> None:
    alone = {"algorithm": {"name": "local", "batch_size": 128}, "network": {"graph": "empty"}}
    # Rounds of 752.64 us: device 1 is away during the second.
    run = absent("1,0.0007527,0.0015052", rounds=3, **alone)
    assert np.isnan(per_round(run, "loss")).tolist() == [[False] * 4, [False, True, False, False], [False] * 4]
    here = absent(rounds=1, name="one", **alone)
    kept = absent("1,0.0007527,1", rounds=2, name="two", **alone)
    assert torch.equal(standing(kept).models[1], standing(here).models[1])
    assert not torch.equal(standing(run).models[1], standing(kept).models[1])


def test_all_away_the_round_passes_until_somebody_is_back(absent: Any) -> None:
    run = absent("0,0,5", "1,0,4", "2,0,3", "3,0,6", rounds=3)
    assert run.rounds["closed_ns"][0] == 3_000_000_000
    assert np.isnan(run.rounds["loss"]).tolist() == [True, False, False]
    assert np.isfinite(run.rounds["accuracy_mean"]).all()
    assert (np.diff(run.rounds["closed_ns"]) > 0).all()


def test_when_all_leave_in_mid_training_time_moves_on(absent: Any) -> None:
    run = absent(*(f"{device},0.0001,9" for device in range(4)), rounds=3)
    assert run.rounds["closed_ns"][:2].tolist() == [100_000, 9_000_000_000]
    assert np.isfinite(run.rounds["loss"]).tolist() == [False, False, True]


@pytest.mark.parametrize("name", ["hyperprism", "wpm", "dpsgd", "atc", "allreduce", "local"])
def test_every_algorithm_lives_with_churn(tmp_path: Path, name: str) -> None:
    scenario = small(
        run={"rounds": 12},
        devices={"churn_s": [0.02, 0.02], "compute_spread": 1.0, "straggler_share": 0.3},
        algorithm={"name": name},
    )
    runs = [testbed.run(scenario, tmp_path / each) for each in "ab"]
    assert tables(runs[0].folder) == tables(runs[1].folder)
    assert np.isfinite(runs[0].rounds["consensus_distance"]).all()
    trained = np.isfinite(runs[0].devices["loss"])
    assert 0 < trained.sum() < len(trained)
    assert 0 < (runs[0].devices["away_ns"] > 0).mean() < 1


def test_an_all_reduce_is_among_those_who_are_here(absent: Any) -> None:
    run = absent("1,0,9", rounds=1, algorithm={"name": "allreduce", "batch_size": 128})
    models = standing(run).models
    assert torch.equal(models[0], models[2])
    assert torch.equal(models[1], start(run)[1])
    assert not torch.allclose(models[0], models[1])


def test_what_an_absent_device_keeps_is_its_state_too(tmp_path: Path) -> None:
    scenario = small(
        run={"rounds": 6}, devices={"churn_s": [0.02, 0.02]}, algorithm={"name": "hyperprism"}, output={"eval_every": 9}
    )
    run = testbed.run(scenario, tmp_path / "run")
    p, away = (np.array(per_round(run, column)) for column in ("p_decision", "away_ns"))
    lengths = (run.rounds["closed_ns"] - run.rounds["opened_ns"])[:, None]
    gone = (away == lengths)[1:]
    assert gone.any()
    assert (p[1:][gone] == p[:-1][gone]).all()
    assert (p[1:][~gone & (away[1:] == 0)] != p[:-1][~gone & (away[1:] == 0)]).any()


def test_the_loss_is_the_mean_over_those_that_trained(absent: Any) -> None:
    run = absent("1,0,1", rounds=1)
    assert run.rounds["loss"][0] == pytest.approx(np.nanmean(per_round(run, "loss")[0]))


def test_a_device_too_slow_for_the_deadline_sends_nothing_and_the_cause_is_the_deadline(absent: Any) -> None:
    devices = {"profile": ["laptop", "laptop", "laptop", "raspberry-pi-4"], "straggler_share": 0.0}
    run = absent(rounds=2, devices=devices, run={"deadline_s": 0.0005}, network={"rate": "10Gbps", "latency_s": 0})
    assert {pair for pair, cause in deliveries(run, 0).items() if cause == Cause.DEADLINE} == {(3, 0), (3, 1), (3, 2)}
    assert np.isnan(per_round(run, "loss")).tolist() == [[False] * 3 + [True]] * 2
    assert (run.rounds["closed_ns"] - run.rounds["opened_ns"] == 500_000).all()
    assert [each[3] for each in per_round(run, "compute_ns")] == [500_000] * 2
    assert [each[3] for each in per_round(run, "received")] == [3, 3]  # it mixes what it heard


def test_random_times_beyond_the_deadline_cost_their_round_alone(tmp_path: Path) -> None:
    scenario = small(
        run={"rounds": 30, "deadline_s": 0.00012}, devices={"compute_spread": 1.0, "profile": "raspberry-pi-4"}
    )
    run = testbed.run(scenario, tmp_path / "run")
    trained = np.isfinite(per_round(run, "loss"))
    assert trained.any(0).all()
    assert not trained.all(0).any()


def test_batteries_run_down_by_computing_and_an_empty_device_is_away_for_good(absent: Any) -> None:
    joules = 5.4 * TRAINING_S
    devices = {"profile": ["phone", "raspberry-pi-4"], "battery_j": 2.5 * joules}
    run = absent(rounds=6, devices=devices)
    left = np.array(per_round(run, "battery_j"))
    assert left[:, 1] == pytest.approx([1.5 * joules, 0.5 * joules, 0, 0, 0, 0])
    assert (left[:, 0] > 0).all()
    assert np.isfinite(per_round(run, "loss"))[:, 1].tolist() == [True] * 3 + [False] * 3
    assert (np.array(per_round(run, "away_ns"))[3:, 1] == np.diff(run.rounds["closed_ns"])[2:]).all()


def test_the_run_ends_when_all_batteries_are_empty(absent: Any, tmp_path: Path) -> None:
    devices = {"battery_j": 2.5 * 5.4 * TRAINING_S}
    run = absent(rounds=50, devices=devices, output={"eval_every": 40})
    assert run.finished
    assert run.rounds["round"].tolist() == [0, 1, 2]
    assert np.isfinite(run.rounds["accuracy_mean"]).tolist() == [False, False, True]
    again = testbed.replay(run.folder, testbed.scenario.load(run.folder / "scenario.toml"), tmp_path / "again")
    assert again.finished
    trace = testbed.record(testbed.scenario.load(run.folder / "scenario.toml"), tmp_path / "trace")
    assert trace.exchanges == testbed.trace.read(run.folder).exchanges


@pytest.mark.parametrize("round_", [0, 3, 7])
def test_churn_and_batteries_go_on_after_a_stop_as_if_there_had_been_none(tmp_path: Path, round_: int) -> None:
    scenario = small(
        run={"rounds": 12},
        devices={"churn_s": [0.05, 0.02], "battery_j": 0.002, "compute_spread": 0.5},
        algorithm={"name": "hyperprism"},
        output={"checkpoint_s": 1000},
    )
    whole = testbed.run(scenario, tmp_path / "whole")
    assert (whole.devices["battery_j"] == 0).any()
    with pytest.raises(KeyboardInterrupt):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(round_, KeyboardInterrupt()))
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
    testbed.replay(tmp_path / "whole", scenario, tmp_path / "again")
    assert (tmp_path / "again/rounds.parquet").read_bytes() == (tmp_path / "whole/rounds.parquet").read_bytes()


def test_a_mistake_in_the_churn_file_is_told_before_anything_is_written(absent: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run\.csv, line 2: '4' is not a device"):
        absent("4,1,2")
    assert not (tmp_path / "run").exists()


@ENGINE
def test_over_ns3_an_absent_device_neither_hears_nor_sends(absent: Any) -> None:
    air = {"kind": "ns3", "graph": "erdos-renyi", "side_m": 20.0, "hello_s": 0.1}
    run = absent("1,0,0.5", "2,1.0,50", rounds=8, network=air, run={"deadline_s": 1.0})
    trace, away = testbed.trace.read(run.folder), np.array(per_round(run, "away_ns"))
    heard_back = False
    for exchange, gone_ns in zip(trace.exchanges, away, strict=True):
        gone = np.flatnonzero(gone_ns == exchange.closed_ns - exchange.opened_ns)
        links, rows = exchange.links, exchange.deliveries
        for device in gone:
            assert not ((links.src == device) | (links.dst == device)).any()
            assert not ((rows.src == device) | (rows.dst == device)).any()
            assert exchange.devices.frames[device] == 0
        heard_back |= 1 not in gone and bool((rows.src == 1).any() and (rows.dst == 1).any())
    assert away[0, 1] > 0
    assert away[-1, 2] > 0
    assert heard_back


def test_a_round_lasts_as_long_as_the_period_at_the_least(absent: Any) -> None:
    """Of 50 ms; one device is away when the second opens, though it left after all was delivered."""
    run = absent("1,0.04,0.06", run={"period_s": 0.05})
    assert run.rounds["closed_ns"].tolist() == [50_000_000, 100_000_000, 150_000_000]
    assert per_round(run, "away_ns") == [[0, 10_000_000, 0, 0], [0, 10_000_000, 0, 0], [0] * 4]
    assert run.rounds["delivered"].tolist() == [12, 6, 12]


@ENGINE
def test_radios_are_idle_while_a_round_waits_for_its_period(tmp_path: Path) -> None:
    used = {}
    for period_s in (None, 30.0):
        keys = {"run": {"rounds": 1, "period_s": period_s}, "network": {"kind": "ns3", "side_m": 30.0, "density": None}}
        scenario = small(**{**keys, "devices": {"count": 3}})
        run = testbed.run(scenario, tmp_path / str(period_s))
        devices = read(tmp_path / str(period_s)).exchanges[0].devices
        used[period_s] = devices.energy_j, int(run.rounds["closed_ns"][0])
    (short_j, short_ns), (long_j, long_ns) = used[None], used[30.0]
    assert long_ns == 30 * 10**9
    assert np.subtract(long_j, short_j) == pytest.approx([0.273 * 3.0 * (long_ns - short_ns) / 1e9] * 3)
