"""Adam's steps amended by the change of the own model: against a loop in float64, and over rounds and a resume."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from testbed.errors import UserError
from testbed.learning.adam import AdamW
from testbed.learning.amended import Amended
from testbed.learning.local import descent
from testbed.scenario import parse
from testbed.scenario.schema import Algorithm
from testbed.session import run
from testbed.session.learner import Learner
from tests.learning.test_descent import B, C, train
from tests.learning.test_sgd import present
from tests.session.scenarios import Interrupt, small, tables

START = torch.tensor([[3.0, 1.0, 2.5], [1.0, 2.0, 4.0]])
SHARE, LR, STEPS = 0.3, 0.1, 3
ADAMW = {"optimizer": "adamw", "lr": 0.01}


def by_numpy(x: Any, moments: Any, begun: Any, decay: float) -> tuple[Any, Any]:
    """A training of one device's quadratics by the formula; moments (m, v, t), begun its last beginning or None."""
    c, b, (m, v, t) = *(each.double().numpy() for each in (C, B)), moments
    d = np.zeros_like(x) if begun is None else (begun - x) / (STEPS * LR)
    for _ in range(STEPS):
        g, t = c * (x - b), t + 1
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        adam = decay * x + m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        x = x - LR * ((1 - SHARE) * adam + SHARE * d)
    return x, (m, v, t)


@pytest.mark.parametrize("decay", [0.0, 0.2])
def test_steps_are_those_of_the_formula_over_rounds_with_mixing_between(decay: float) -> None:
    of, models, velocity = Amended(weight_decay=decay, amend=SHARE), START, None
    x, moments, begun = START.double().numpy(), (0.0, 0.0, 0), None
    for _ in range(4):
        trained = train(of, models, STEPS, velocity=velocity)
        after, moments = by_numpy(x, moments, begun, decay)
        begun = x
        np.testing.assert_allclose((models - trained.updates).numpy(), after, rtol=2e-5)
        models, velocity = (models - trained.updates).flip(0) * 0.5 + 0.25 * models, trained.velocity
        x = after[::-1] * 0.5 + 0.25 * begun


def test_the_first_training_and_one_after_a_fresh_start_know_no_direction() -> None:
    found, plain = train(Amended(amend=SHARE), START, 1), train(AdamW(), START, 1)
    torch.testing.assert_close(found.updates, (1 - SHARE) * plain.updates)
    velocity = present(found.velocity).clone()
    velocity[1] = 0
    again = train(Amended(amend=SHARE), START + 1, 1, velocity=velocity).updates
    torch.testing.assert_close(again[1], train(Amended(amend=SHARE), START + 1, 1).updates[1])


def test_a_share_of_all_goes_on_as_the_model_went() -> None:
    """Whatever the learning rates of single numbers are: what they did is in the change already."""
    scale = torch.tensor([[2.0, 16.0, 0.5]]).repeat(2, 1)
    before = train(Amended(amend=1.0), START, STEPS, scale=scale)
    assert not before.updates.any()
    moved = START - torch.tensor([0.3, -0.6, 0.9])
    found = train(Amended(amend=1.0), moved, STEPS, scale=scale, velocity=before.velocity)
    torch.testing.assert_close(found.updates, START - moved)


def test_nothing_frozen_moves() -> None:
    of, scale = Amended(amend=SHARE, weight_decay=0.1), torch.tensor([[1.0, 0.0, 1.0]]).repeat(2, 1)
    before = train(of, START, STEPS)
    found = train(of, START + 5, STEPS, scale=scale, velocity=before.velocity)
    assert not found.updates[:, 1].any()
    assert (found.updates[:, ::2] != 0).all()


def test_no_argument_is_changed() -> None:
    velocity = Amended(amend=SHARE).start(START) + 0.5
    kept, models = velocity.clone(), START.clone()
    train(Amended(amend=SHARE), models, STEPS, velocity=velocity)
    assert torch.equal(velocity, kept)
    assert torch.equal(models, START)


def test_without_a_share_it_is_plain_adamw() -> None:
    assert type(descent(Algorithm(optimizer="adamw"), 0.0)) is AdamW
    assert descent(Algorithm(optimizer="adamw", amend=0.2, clip=1.0), 0.0) == Amended(clip=1.0, amend=0.2)


@pytest.mark.parametrize("mode", ["barrier", "local"])
def test_a_resumed_run_ends_in_the_same_bytes(mode: str, tmp_path: Path) -> None:
    keys = {"mode": mode, "rounds": 4, **({"period_s": 0.2} if mode == "local" else {})}
    of = {"name": "atc", "batch_size": 8, "local_steps": 2, **ADAMW}
    case, plain = (
        small(run=keys, algorithm={**of, **more}, output={"checkpoint_s": 0}) for more in ({"amend": 0.2}, {})
    )
    run(case, tmp_path / "whole")
    run(plain, tmp_path / "plain")
    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path / "cut", observer=Interrupt(1, KeyboardInterrupt()))
    run(case, tmp_path / "cut", resume=True)
    assert tables(tmp_path / "whole") == tables(tmp_path / "cut")
    assert tables(tmp_path / "whole") != tables(tmp_path / "plain")


def test_it_is_for_adamw_and_for_momentum_that_goes_on() -> None:
    with pytest.raises(UserError, match=r"amend = 0\.2 is for algorithm"):
        parse({"algorithm": {"amend": 0.2}})
    with pytest.raises(UserError, match="DFedAvgM begins anew"):
        Learner(small(algorithm={"name": "dfedavgm", "amend": 0.2, **ADAMW}))
