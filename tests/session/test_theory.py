"""What theory speaks of, against values known otherwise."""

from pathlib import Path

import numpy as np
import pytest
import torch

import testbed
from testbed.session.theory import consensus_distance, mean_size, small_share
from tests.session.scenarios import small


def test_measures_of_models() -> None:
    models = torch.tensor([[0.0, 0.01, -2.0], [0.0, -0.005, 2.0]])
    assert consensus_distance(models) == pytest.approx((2.0**2 + 0.0075**2) ** 0.5)
    assert mean_size(models) == pytest.approx(4.015 / 6)
    assert small_share(models) == pytest.approx(4 / 6)


@pytest.mark.parametrize(("name", "gap"), [("allreduce", 1.0), ("local", 0.0)])
def test_the_spectral_gap_of_the_reference_lines(tmp_path: Path, name: str, gap: float) -> None:
    run = testbed.run(small(algorithm={"name": name}, run={"rounds": 2}), tmp_path / "run")
    assert run.rounds["spectral_gap"] == pytest.approx([gap] * 2, abs=1e-12)


def test_the_spectral_gap_of_a_ring(tmp_path: Path) -> None:
    """Metropolis weights of a ring of m: 1 - (1 + 2 cos(2 pi / m)) / 3."""
    scenario = small(network={"graph": "ring", "density": None}, run={"rounds": 1})
    run = testbed.run(scenario, tmp_path / "run")
    assert run.rounds["spectral_gap"][0] == pytest.approx(2 / 3 * (1 - np.cos(2 * np.pi / 8)), abs=1e-9)
