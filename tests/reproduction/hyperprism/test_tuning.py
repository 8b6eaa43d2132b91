"""Which learning rates are tried, and which is chosen."""

from dataclasses import replace

import pytest

from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.grid import TUNING_SEED
from testbed.reproduction.hyperprism.tuning import Tuning
from testbed.reproduction.search import HIGHEST, LOWEST, rate
from testbed.results.curve import Curve
from tests.reproduction.hyperprism.made import BASE, PLAN, TASK, Made, curve


def cell(lr: float) -> Cell:
    return Cell(TASK, BASE, "dpsgd", "graph", lr, TUNING_SEED, tuning=True)


def tuned(outcomes: dict[float, Curve]) -> tuple[float | None, list[float]]:
    """The chosen rate and those that are known to be needed."""
    tuning = Tuning(PLAN, Made({cell(lr): found for lr, found in outcomes.items()}))
    return tuning.lr(TASK, BASE, "dpsgd"), [each.lr for each in tuning.cells(TASK, BASE, "dpsgd")]


FIVE = [0.003, 0.01, 0.03, 0.1, 0.3]


def test_rates_are_half_decades() -> None:
    assert [rate(level) for level in range(-5, 2)] == [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
    assert (rate(LOWEST), rate(HIGHEST)) == (1e-5, 10.0)


def test_nothing_is_chosen_before_all_are_done() -> None:
    assert tuned({}) == (None, FIVE)
    assert tuned({lr: curve(lr) for lr in FIVE[:-1]}) == (None, FIVE)


def test_the_best_inside_is_chosen() -> None:
    assert tuned({lr: curve(0.9 if lr == 0.03 else 0.5) for lr in FIVE}) == (0.03, FIVE)


def test_further_rates_are_tried_beyond_an_end_that_is_the_best() -> None:
    rising = {lr: curve(lr / 10) for lr in FIVE}
    assert tuned(rising) == (None, [*FIVE, 1.0])
    assert tuned({**rising, 1.0: curve(0.01)}) == (0.3, [*FIVE, 1.0])
    assert tuned({**rising, 1.0: curve(0.1)}) == (None, [*FIVE, 1.0, 3.0])
    assert tuned({lr: curve(0.5 - lr) for lr in FIVE}) == (None, [0.001, *FIVE])


def test_it_ends_at_the_last_rates_and_says_so() -> None:
    made = Made({cell(rate(level)): curve(-level / 100 + 0.5) for level in range(LOWEST, 0)})
    tuning = Tuning(PLAN, made)
    assert tuning.lr(TASK, BASE, "dpsgd") == 1e-5
    assert tuning.at_end(TASK, BASE, "dpsgd")


def test_one_that_diverges_is_worse_than_any_that_does_not() -> None:
    outcomes = {lr: curve(0.1) for lr in FIVE} | {0.03: curve(0.2), 0.1: curve(0.9, diverged=True)}
    assert tuned(outcomes)[0] == 0.03


def test_a_task_may_begin_elsewhere_and_lower_for_hyperprism() -> None:
    task = replace(TASK, first=range(-4, -1), lower=4)
    tuning = Tuning(PLAN, Made({}))
    assert [each.lr for each in tuning.cells(task, BASE, "dpsgd")] == [0.01, 0.03, 0.1]
    assert [each.lr for each in tuning.cells(task, BASE, "hyperprism")] == [1e-4, 3e-4, 1e-3]


@pytest.mark.parametrize("at_base", [False, True])
def test_where_rates_are_tuned(at_base: bool) -> None:
    task, other = replace(TASK, tuned_at_base=at_base), replace(BASE, alpha=10.0)
    (first, *_) = Tuning(PLAN, Made({})).cells(task, other, "dpsgd")
    assert first.setting == (BASE if at_base else other)
