"""What is, and what is not, significant."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from testbed.report.metrics import ACCURACY, SECONDS
from testbed.report.paired import Difference, bootstrap, differences, holm, t_test
from testbed.report.series import gather
from tests.report.runs import seeds

REALS = st.floats(-1, 1).map(lambda value: round(value, 3))


def sentences(folders: list[Path], target: float = 0.4, metric: object = ACCURACY) -> list[str]:
    found = differences(gather(folders)[0], metric, target)  # type: ignore[arg-type]
    return [each.sentence(metric) for each in found]  # type: ignore[arg-type]


def test_a_clear_difference_is_significant(tmp_path: Path) -> None:
    ours = seeds(tmp_path, "atc", [0.53, 0.64, 0.50, 0.73, 0.55])
    theirs = seeds(tmp_path, "dpsgd", [0.50, 0.60, 0.48, 0.70, 0.51])
    (said,) = sentences([*ours, *theirs])
    assert said.startswith("ATC - D-PSGD: +0.032 accuracy [+0.0")
    assert said.endswith("over 5 seeds: significant at 95 %.")


def test_a_difference_that_changes_its_sign_is_not(tmp_path: Path) -> None:
    ours = seeds(tmp_path, "atc", [0.6, 0.5, 0.6, 0.5, 0.6])
    (said,) = sentences([*ours, *seeds(tmp_path, "dpsgd", [0.5, 0.6, 0.5, 0.6, 0.5])])
    assert said.endswith("not significant at 95 %.")


def test_few_seeds_tell_nothing(tmp_path: Path) -> None:
    (said,) = sentences([*seeds(tmp_path, "atc", [0.9] * 4), *seeds(tmp_path, "dpsgd", [0.1] * 5)])
    assert said == "ATC - D-PSGD: +0.700 accuracy over 4 seeds: cannot be told from fewer than 5 seeds."


def test_methods_meet_at_one_density_alone(tmp_path: Path) -> None:
    folders = [*seeds(tmp_path, "atc", [0.5], 0.2), *seeds(tmp_path, "atc", [0.5], 0.8)]
    (said,) = sentences([*folders, *seeds(tmp_path, "dpsgd", [0.4], 0.8)])
    assert "over 1 seed at density 0.8:" in said


def test_long_values_that_begin_alike_are_not_one_place(tmp_path: Path) -> None:
    pies = ["raspberry-pi-4"] * 3
    here, there = ({"devices": {"profile": [*pies, last]}} for last in ("raspberry-pi-4", "jetson-nano"))
    ours = seeds(tmp_path / "a", "atc", [0.5] * 5, sections=here)
    theirs = seeds(tmp_path / "b", "dpsgd", [0.4] * 5, sections=there)
    assert sentences([*ours, *theirs]) == []
    long = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    one, other = ([*long, last] for last in (5.0, 7.0))
    folders = [*seeds(tmp_path / "c", "hyperprism", [0.5] * 5, candidates=one)]
    folders += seeds(tmp_path / "d", "hyperprism", [0.6] * 5, candidates=other)
    assert len(gather(folders)[0]) == 2


def test_what_never_reached_the_target_is_not_averaged_away(tmp_path: Path) -> None:
    folders = [*seeds(tmp_path, "atc", [0.5] * 5), *seeds(tmp_path, "dpsgd", [0.3, 0.5, 0.5, 0.5, 0.5])]
    (said,) = sentences(folders, metric=SECONDS)
    assert said == (
        "ATC - D-PSGD: simulated time cannot be told, as under 1 of 5 seeds one of the two never reached the target."
    )


def test_equal_differences_have_an_interval_with_ends() -> None:
    values = np.array([-50.0, -50.0, -50.0, -40.0, -40.0])
    found = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert bootstrap(values) == pytest.approx(found)
    assert bootstrap(-values) == pytest.approx((-found[1], -found[0]))


def test_differences_that_are_equal_but_for_rounding_are_equal() -> None:
    sums = np.array([sum([0.1] * 3), 0.3, 0.3, 0.1 * 3, 0.7])
    assert len(set(sums)) == 3, "two of them by rounding"
    assert bootstrap(sums) == pytest.approx(bootstrap(np.array([0.3, 0.3, 0.3, 0.3, 0.7])))
    assert t_test(sums[:4]) == t_test(np.full(4, 0.3)) == 0


def test_differences_are_corrected_for_being_many() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])  # Holm 1979: 3, 2, 1 times, never falling
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []


def test_what_the_correction_takes_away_is_said() -> None:
    found = Difference("A", "B", "", (0.1,) * 5, 0.01, 0.2, 0.08, 10)
    assert found.sentence(ACCURACY).endswith("not significant at 95 % as one of 10 comparisons.")


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(7).normal(0.3, 1.0, (300, 5))
    covered = [low <= 0.3 <= high for low, high in map(bootstrap, draws)]
    assert 0.91 < np.mean(covered) < 0.99  # of binomial 300 x .95, 99 %; the percentile bootstrap has .85


@given(st.lists(REALS, min_size=5, max_size=8), st.floats(0.01, 100))
@settings(max_examples=15, deadline=None)
def test_the_verdict_knows_neither_unit_nor_direction(values: list[float], factor: float) -> None:
    one, other = np.array(values), -factor * np.array(values)
    (low, high), (below, above) = bootstrap(one), bootstrap(other)
    assert t_test(one) == pytest.approx(t_test(other))
    assert (below, above) == pytest.approx((-factor * high, -factor * low), abs=1e-9)
    assert low <= one.mean() + 1e-12
    assert high >= one.mean() - 1e-12


def test_p_is_that_of_the_paired_t_test() -> None:
    ours, theirs = np.array([3.0, 5.0, 4.0, 7.0, 6.0]), np.array([2.0, 3.0, 4.5, 4.0, 5.0])
    assert t_test(ours - theirs) == pytest.approx(stats.ttest_rel(ours, theirs).pvalue)


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.5, 0.0)])
def test_equal_differences_leave_no_doubt(value: float, p: float) -> None:
    assert bootstrap(np.full(5, value)) == (value, value)
    assert t_test(np.full(5, value)) == p


def test_the_other_way_round_is_the_same_with_its_sign_changed() -> None:
    found = Difference("A", "B", "", (0.1, 0.2, 0.3, 0.4, 0.5), 0.1, 0.5, 0.01, 1)
    turned = found.against("A")
    assert (turned.first, turned.second, turned.mean, turned.low, turned.high) == ("B", "A", -0.3, -0.5, -0.1)
    assert found.against("B") is found
