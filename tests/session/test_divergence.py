"""A run whose numbers run away stops, says where, and keeps what came before."""

from pathlib import Path

import numpy as np
import pytest
import torch

import testbed
from testbed.errors import UserError
from testbed.results import Run
from testbed.session.divergence import Diverged, check
from tests.session.scenarios import small


@pytest.mark.parametrize("mode", [{}, {"mode": "local", "period_s": 0.002}])
def test_a_loss_beyond_the_bound_stops_the_run_and_keeps_its_tables(tmp_path: Path, mode: dict[str, object]) -> None:
    scenario = small(run={"loss_bound": 100, "rounds": 30, **mode}, algorithm={"lr": 500.0})
    with pytest.raises(Diverged, match=r"diverged in round \d+: the loss .* of device \d+") as told:
        testbed.run(scenario, tmp_path / "run")
    run = Run(tmp_path / "run")
    assert run.manifest["status"] == "stopped"
    assert len(run.rounds["round"]) == told.value.round_
    assert (run.rounds["loss"][np.isfinite(run.rounds["loss"])] <= 100).all()
    with pytest.raises(Diverged, match=f"in round {told.value.round_}:"):
        testbed.run(scenario, tmp_path / "run", resume=True)
    assert len(Run(tmp_path / "run").rounds["round"]) == told.value.round_


def test_what_to_do_about_a_loss_beyond_the_bound() -> None:
    with pytest.raises(
        Diverged, match=r"algorithm\.lr, or algorithm\.clip, or a larger run\.loss_bound .* another folder"
    ):
        check(torch.ones(1, 4), torch.tensor([11.0]), 5, 10.0)
    with pytest.raises(Diverged, match=r"algorithm\.clip; another scenario needs another folder"):
        check(torch.ones(1, 4), torch.tensor([torch.inf]), 5, 10.0)


def test_a_model_that_is_no_number_counts_even_where_the_loss_is_fine() -> None:
    models, losses = torch.ones(3, 4), torch.tensor([1.0, torch.nan, 2.0])
    check(models, losses, 5, 10.0)
    models[1, 2] = torch.inf
    with pytest.raises(Diverged, match="round 5: the model is not finite, that of device 1") as told:
        check(models, losses, 5, 10.0)
    assert (told.value.round_, told.value.device) == (5, 1)
    assert isinstance(told.value, UserError)


def test_models_whose_sum_overflows_have_not_diverged() -> None:
    check(torch.full((2, 100), 3e38), torch.zeros(2), 0, 10.0)
