"""Learning rates over the rounds: check values, against torch's schedulers, and at the borders."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR

from testbed.learning.schedule import lr_at
from testbed.scenario.schema import Algorithm


def over(rounds: int, **settings: Any) -> list[float]:
    return [lr_at(Algorithm(lr=0.8, **settings), rounds, round_) for round_ in range(rounds)]


def test_constant_is_lr_to_the_last_bit() -> None:
    assert over(5) == [0.8] * 5
    assert lr_at(Algorithm(lr=0.8), 1, 1000) == 0.8


def test_warmup_grows_in_equal_steps_to_lr() -> None:
    assert over(6, warmup_rounds=4) == [0.2, 0.4, pytest.approx(0.6), 0.8, 0.8, 0.8]
    assert over(2, warmup_rounds=2, schedule="cosine") == [0.4, 0.8]


def test_cosine_goes_down_over_the_rounds_after_the_warmup() -> None:
    assert over(6, schedule="cosine", warmup_rounds=2) == pytest.approx(
        [0.4, 0.8, 0.8, 0.4 + 0.4 * math.sqrt(0.5), 0.4, 0.4 - 0.4 * math.sqrt(0.5)]
    )


def test_step_is_multiplied_from_each_round_on() -> None:
    settings = {"schedule": "step", "decay": 0.5, "decay_rounds": (2, 4)}
    assert over(6, **settings) == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]
    assert over(6, **settings, warmup_rounds=3) == pytest.approx([0.8 / 3, 1.6 / 3, 0.8, 0.4, 0.2, 0.2])


def by_torch(scheduler: LRScheduler, rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        found.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return found


def test_they_are_torchs() -> None:
    def optimiser() -> torch.optim.SGD:
        return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)

    cosine, steps = CosineAnnealingLR(optimiser(), 20), MultiStepLR(optimiser(), [5, 12], 0.1)
    assert over(20, schedule="cosine") == pytest.approx(by_torch(cosine, 20))
    assert over(20, schedule="step", decay_rounds=(5, 12)) == pytest.approx(by_torch(steps, 20))


@given(
    st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 2000), st.sampled_from(["constant", "cosine", "step"])
)
def test_it_is_above_0_and_at_most_lr_in_every_round(rounds: int, warmup: int, round_: int, schedule: str) -> None:
    decay = {"decay_rounds": (3, 7)} if schedule == "step" else {}
    settings = Algorithm.model_validate(
        {"lr": 0.8, "schedule": schedule, "warmup_rounds": min(warmup, rounds), **decay}
    )
    assert 0 < lr_at(settings, rounds, round_) <= 0.8
