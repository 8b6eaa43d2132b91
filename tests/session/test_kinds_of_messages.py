"""Whole runs of algorithms that send to a partner, codes, sizes that change, and a mass that must be kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import testbed
from testbed.session.checkpoint import load
from tests.session.scenarios import small

SIZE = 28 + 4 * 7850
MEETINGS: dict[str, Any] = {
    "run": {"mode": "async", "period_s": 0.002, "deadline_s": 0.001, "rounds": 4},
    "network": {"rate": "1Gbps", "latency_s": 1e-5},
    "devices": {"profile": "raspberry-pi-4"},
}


@pytest.mark.parametrize(("pairing", "most"), [("matching", 4), ("one_pair", 1)])
def test_swarm_sends_to_partners(tmp_path: Path, pairing: str, most: int) -> None:
    run = testbed.run(small(algorithm={"name": "swarm", "pairing": pairing}), tmp_path / "run")
    received = run.devices["received"].reshape(6, 8)
    assert received.max() == 1
    assert (received.sum(1) == run.rounds["delivered"]).all()
    assert (received.sum(1) % 2 == 0).all()
    assert 0 < received.sum(1).max() <= 2 * most
    assert (run.rounds["bytes"] == SIZE * received.sum(1)).all()


def test_swarm_with_a_lattice_sends_a_quarter_and_learns_the_same(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"run": {"rounds": 20}, "data": {"partition": "iid"}}
    coded = testbed.run(small(algorithm={"name": "swarm", "quantiser": "lattice"}, **keys), tmp_path / "coded")
    plain = testbed.run(small(algorithm={"name": "swarm"}, **keys), tmp_path / "plain")
    assert (coded.rounds["bytes"] * SIZE == plain.rounds["bytes"] * (28 + 4 + 7850)).all()
    assert abs(coded.rounds["accuracy_mean"][-1] - plain.rounds["accuracy_mean"][-1]) < 0.05
    assert plain.rounds["accuracy_mean"][-1] > 0.6


def test_ad_psgd_is_the_linear_mean_in_meetings(tmp_path: Path) -> None:
    runs = [testbed.run(small(**MEETINGS, algorithm={"name": name}), tmp_path / name) for name in ("adpsgd", "dpsgd")]
    assert (runs[0].devices["loss"] == runs[1].devices["loss"]).sum() > 0
    np.testing.assert_array_equal(*(run.devices["accuracy"] for run in runs))


def test_swarm_with_a_lattice_in_meetings(tmp_path: Path) -> None:
    coded = testbed.run(small(**MEETINGS, algorithm={"name": "swarm", "quantiser": "lattice"}), tmp_path / "run")
    assert coded.rounds["delivered"].sum() > 0
    assert coded.finished


def test_choco_sends_whole_models_in_turn(tmp_path: Path) -> None:
    run = testbed.run(small(algorithm={"name": "choco", "resync_rounds": 3}), tmp_path / "run")
    compressed = 28 + 982 + 4 * 785
    assert (run.rounds["bytes"] == 8 * np.array([SIZE, compressed, compressed] * 2)).all()


@pytest.mark.parametrize("name", ["sgp", "choco"])
def test_who_comes_and_goes_neither_makes_nor_takes_mass(tmp_path: Path, name: str) -> None:
    run = testbed.run(
        small(run={"rounds": 12}, devices={"churn_s": [0.03, 0.02]}, algorithm={"name": name}), tmp_path / "run"
    )
    standing = load(run.folder / "checkpoint")
    assert standing is not None
    assert (run.devices["away_ns"] > 0).any()
    assert standing.models.isfinite().all()
    if name == "sgp":
        assert not (standing.state["u"] == 1).all()
        assert standing.state["u"].double().sum().item() == pytest.approx(8, abs=1e-5)
