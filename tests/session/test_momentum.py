"""Momentum of local steps: it goes on from round to round, through a stop, and where a device was away."""

from pathlib import Path

import pytest
import torch

import testbed
from tests.session.scenarios import Interrupt, small, tables


@pytest.mark.parametrize("mode", [{}, {"mode": "local", "period_s": 0.01}])
def test_a_stopped_run_with_momentum_ends_the_same(tmp_path: Path, mode: dict[str, object]) -> None:
    scenario = small(
        run=mode,
        algorithm={"momentum": 0.9, "schedule": "cosine", "warmup_rounds": 2, "local_steps": 2, "clip": 1.0},
    )
    testbed.run(scenario, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        testbed.run(scenario, tmp_path / "cut", observer=Interrupt(2, KeyboardInterrupt()))
    testbed.run(scenario, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
    plain = testbed.run(small(run=mode), tmp_path / "plain")
    assert tables(plain.folder)["rounds.parquet"] != tables(tmp_path / "whole")["rounds.parquet"]


def test_without_an_air_momentum_is_that_of_torch(tmp_path: Path) -> None:
    """One device alone: ten rounds of one step are ten steps of torch.optim.SGD."""
    from testbed.session import checkpoint
    from testbed.session.learner import Learner

    keys = {"name": "local", "momentum": 0.9, "weight_decay": 0.01, "lr": 0.05, "batch_size": 16}
    scenario = small(run={"rounds": 5}, devices={"count": 1}, algorithm=keys)
    testbed.run(scenario, tmp_path / "run")
    standing = checkpoint.load(tmp_path / "run" / "checkpoint")
    fleet = Learner(scenario).fleet
    model = torch.nn.Parameter(fleet.start()[0].clone())
    optimiser = torch.optim.SGD([model], lr=0.05, momentum=0.9, weight_decay=0.01)
    for round_ in range(5):
        model.grad = fleet.gradients(model.detach()[None], round_)[0][0]
        optimiser.step()
    assert standing is not None
    torch.testing.assert_close(standing.models[0], model.detach(), rtol=1e-5, atol=1e-7)
