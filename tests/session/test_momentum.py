"""Momentum of local steps: it goes on from round to round, through a stop, and where a device was away."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

import testbed
from testbed.errors import UserError
from testbed.session import checkpoint
from testbed.session.follower import Follower
from testbed.session.learner import Learner
from testbed.session.stopwatch import Stopwatch
from testbed.session.timing import Act, Train, Trained
from tests.session.scenarios import Interrupt, small, tables


@pytest.mark.parametrize("keys", [{"momentum": 0.9}, {"optimizer": "adamw"}], ids=["momentum", "adamw"])
@pytest.mark.parametrize("mode", [{}, {"mode": "local", "period_s": 0.01}])
def test_a_stopped_run_with_momentum_ends_the_same(
    tmp_path: Path, mode: dict[str, object], keys: dict[str, object]
) -> None:
    scenario = small(
        run=mode,
        algorithm=keys | {"schedule": "cosine", "warmup_rounds": 2, "local_steps": 2, "clip": 1.0},
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


@pytest.mark.parametrize("name", ["dsgt", "qg_dsgdm", "dfedavgm"])
def test_adamw_is_not_for_formulas_of_gradients(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"algorithm\.optimizer"):
        testbed.run(small(algorithm={"name": name, "optimizer": "adamw"}), tmp_path / "run")


def test_a_training_that_is_broken_off_leaves_no_momentum() -> None:
    """Whether or not it was computed before, together with that of another device."""
    keys = {"name": "atc", "momentum": 0.9, "batch_size": 4}
    learner = Learner(small(devices={"count": 2}, run={"mode": "local", "period_s": 1}, algorithm=keys))

    def after(*others: Act) -> Tensor:
        models = learner.fleet.start()
        follower = Follower(learner.fleet, learner.algorithm, models, {})
        follower.follow([Train(0, 0), *others], Stopwatch())  # device 0 leaves, and begins again
        follower.follow([Train(0, 0), Trained(0)], Stopwatch())
        return follower.state()["follower velocity"][0]

    torch.testing.assert_close(after(Train(1, 0), Trained(1)), after(), rtol=1e-5, atol=1e-8)


def test_one_pair_takes_no_momentum(tmp_path: Path) -> None:
    scenario = small(algorithm={"name": "swarm", "pairing": "one_pair", "momentum": 0.9})
    with pytest.raises(UserError, match=r"algorithm\.momentum"):
        testbed.run(scenario, tmp_path / "run")
