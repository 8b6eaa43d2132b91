"""The paper's two measures, on curves made by hand."""

import math

import pytest

from testbed.report.spread import Spread
from testbed.reproduction.hyperprism.plan import Place
from testbed.results import RunWriter
from testbed.results.curve import curve_of
from tests.reproduction.hyperprism.made import BASE, TASK, curve, results

NAN = float("nan")
HERE = Place(TASK, BASE, "graph", "paper")


@pytest.mark.parametrize(
    ("accuracy", "target", "round_"),
    [
        ((0.1, 0.5, 0.9), 0.5, 2),  # reaching it exactly counts
        ((0.1, 0.5, 0.9), 0.51, 3),
        ((0.6, 0.1, 0.9), 0.5, 1),  # the first time, whatever comes after
        ((NAN, 0.5, NAN), 0.5, 2),  # rounds that were not evaluated count as rounds
        ((0.1, 0.2), 0.5, None),
        ((NAN, NAN), 0.0, None),
        ((), 0.5, None),
    ],
)
def test_first_round_that_reaches_a_target(accuracy: tuple[float, ...], target: float, round_: int | None) -> None:
    assert curve(*accuracy).first(target) == round_


def test_best_is_that_of_all_rounds_and_zero_where_none_was_measured() -> None:
    assert curve(0.1, 0.9, NAN, 0.3).best == 0.9
    assert curve().best == 0.0
    assert curve(NAN).best == 0.0


def test_what_a_round_has_cost_by_then() -> None:
    made = curve(0.1, 0.5, 0.9)
    assert made.at(made.seconds, 0.4) == 2.0
    assert math.isnan(made.at(made.joules, 0.95))


def test_common_target_is_of_the_same_seed() -> None:
    found = results({"dpsgd": [curve(0.2, 0.4), curve(0.8, 0.8)], "hyperprism": [curve(0.39, 0.5), curve(0.5, 0.7)]})
    assert found.targets(HERE) == pytest.approx({1: 0.38, 2: 0.76})
    measured = found.measures(HERE, "hyperprism")
    assert measured.max_acc.mean == pytest.approx(0.6)
    assert measured.max_acc.std == pytest.approx(0.2 / math.sqrt(2))
    assert measured.rounds.values == pytest.approx((1.0, NAN), nan_ok=True)
    assert measured.own_rounds.values == (2.0, 2.0)
    assert measured.seconds.mean == 1.0
    assert measured.megabytes.mean == 1.0
    assert measured.joules.mean == 2.0
    assert not measured.gets_there


def test_without_d_psgd_there_is_no_common_target() -> None:
    measured = results({"hyperprism": [curve(0.5)]}).measures(HERE, "hyperprism")
    assert measured.rounds.values == ()
    assert measured.own_rounds.values == (1.0,)


def test_gains_are_against_the_best_baseline() -> None:
    found = results({"dpsgd": [curve(0.1, 0.2, 0.4, 0.5)], "hyperprism": [curve(0.55, 0.6, 0.6, 0.6)]})
    accuracy, rounds = found.gains(HERE)
    assert accuracy == pytest.approx(20.0)
    assert rounds == pytest.approx(75.0)


def test_98_63_percent_is_one_round_in_place_of_73() -> None:
    slow = [0.1] * 72 + [0.5]
    assert results({"dpsgd": [curve(*slow)], "hyperprism": [curve(0.5)]}).gains(HERE)[1] == pytest.approx(
        98.63, abs=0.005
    )


def test_no_gain_is_told_where_a_side_is_missing_or_never_gets_there() -> None:
    assert all(map(math.isnan, results({"hyperprism": [curve(0.5)]}).gains(HERE)))
    assert all(map(math.isnan, results({"dpsgd": [curve(0.5)]}).gains(HERE)))
    accuracy, rounds = results({"dpsgd": [curve(0.5)], "hyperprism": [curve(0.1)]}).gains(HERE)
    assert accuracy == pytest.approx(-80.0)
    assert math.isnan(rounds)


def test_spread_of_one_seed_is_not_zero() -> None:
    assert math.isnan(Spread((0.5,)).std)
    assert Spread((1.0, NAN, 3.0)).mean == 2.0
    assert Spread((1.0, NAN, 3.0)).reached == 2
    assert math.isnan(Spread(()).mean)


def test_a_run_that_diverged_in_its_first_round_has_an_empty_curve(tmp_path: object) -> None:
    folder = tmp_path / "cell"  # type: ignore[operator]
    folder.mkdir()
    RunWriter(folder, {"wall_s": 0.0}, []).stop("Diverged: in round 0")
    found = curve_of(folder)
    assert found.diverged
    assert found.best == 0.0
