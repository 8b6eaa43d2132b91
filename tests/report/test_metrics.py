"""What is measured of runs, and what of those that never reach the target."""

from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.report.metrics import BYTES, JOULES, METRICS, ROUNDS, SECONDS, chosen, common_target
from testbed.report.series import gather
from tests.report.runs import run, seeds


def test_what_it_takes_to_a_target_is_that_of_the_first_round_that_reaches_it(tmp_path: Path) -> None:
    (series,), _ = gather([run(tmp_path / f"s{seed}", [0.1, 0.3 * seed, 0.5], seed) for seed in (1, 2)])
    (setting,) = series.settings
    for metric in (ROUNDS, SECONDS, BYTES, JOULES):
        assert metric.spread(setting, 0.5).values == (3.0, 2.0)
    assert SECONDS.least(setting, 0.5) == 2.5


def test_a_run_that_never_reached_the_target_took_longer_than_it_lasted(tmp_path: Path) -> None:
    (series,), _ = gather(seeds(tmp_path, "dpsgd", [0.5, 0.3]))
    (setting,) = series.settings
    assert SECONDS.spread(setting, 0.4).reached == 1
    assert SECONDS.least(setting, 0.4) == 3.0


def test_a_diverged_run_never_reaches_a_target_and_leaves_no_bound(tmp_path: Path) -> None:
    wild = run(tmp_path / "wild", [0.1, 0.6], 2, name="dpsgd", end="Diverged: in round 2")
    (series,), _ = gather([*seeds(tmp_path, "dpsgd", [0.5]), wild])
    (setting,) = series.settings
    assert np.isnan(SECONDS.spread(setting, 0.4).values).tolist() == [False, True]
    assert SECONDS.least(setting, 0.4) == np.inf


def test_the_target_is_95_percent_of_the_lowest_best_of_dpsgd_or_of_all(tmp_path: Path) -> None:
    atc = seeds(tmp_path, "atc", [0.4])
    series, _ = gather([*atc, *seeds(tmp_path, "dpsgd", [0.8, 0.6])])
    assert common_target(series) == pytest.approx(0.57)
    assert common_target(gather(atc)[0]) == pytest.approx(0.38)


def test_energy_is_a_measure_where_it_is_known(tmp_path: Path) -> None:
    unknown = run(tmp_path / "a", [0.5], energy_j=np.nan)
    series, _ = gather([unknown])
    assert [metric.name for metric in chosen([], series)] == ["accuracy", "rounds", "seconds", "bytes"]
    with pytest.raises(UserError, match="--metric joules: none of these runs knows its energy"):
        chosen(["joules"], series)
    both, _ = gather([unknown, run(tmp_path / "b", [0.5], 2)])
    assert len(chosen([], both)) == len(METRICS)
    assert JOULES.spread(both[0].settings[0], 0.4).values == (1.0,)


def test_rounds_of_two_kinds_cannot_be_compared(tmp_path: Path) -> None:
    local = run(tmp_path / "b", [0.5], sections={"run": {"mode": "local", "period_s": 2.0}})
    series, _ = gather([run(tmp_path / "a", [0.5]), local])
    assert "rounds" not in [metric.name for metric in chosen([], series)]
    with pytest.raises(UserError, match="barrier, local with periods of 2 s; take simulated time"):
        chosen(["rounds"], series)


def test_an_unknown_measure_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--metric speed is none; known are accuracy, rounds, seconds, bytes, joules"):
        chosen(["speed"], gather([run(tmp_path / "a", [0.5])])[0])
