from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.sweep.file import SweepFile, read_sweep
from testbed.sweep.settings import settings_of
from testbed.sweep.spread import Spread
from tests.sweep.made import HEAD, written


def read(folder: Path, text: str) -> SweepFile:
    return read_sweep(written(folder, HEAD + text))


def test_without_axes_there_is_one_setting(tmp_path: Path) -> None:
    (only,) = settings_of(read(tmp_path, "[set]\nrun.rounds = 3\n"))
    assert (only.label, only.keys) == ("", {})


def test_grid_and_list_are_combined_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """
    [grid]
    network.density = [0.2, 0.5]
    data.alpha = [1, 10]
    [[list]]
    label = "WPM 3"
    algorithm.name = "wpm"
    algorithm.p = 3
    [[list]]
    algorithm.name = "dpsgd"
    """
    settings = settings_of(read(tmp_path, text))
    assert [setting.label for setting in settings] == [
        f"{name}, density {density}, alpha {alpha}"
        for name in ("WPM 3", "dpsgd")
        for density in (0.2, 0.5)
        for alpha in (1, 10)
    ]
    assert settings[1].keys == {
        "algorithm.name": "wpm",
        "algorithm.p": 3,
        "network.density": 0.2,
        "data.alpha": 10,
    }


def test_axes_come_before_what_all_cells_have(tmp_path: Path) -> None:
    text = "[set]\nrun.rounds = 3\n[grid]\nrun.rounds = [4, 5]\n"
    assert [setting.keys["run.rounds"] for setting in settings_of(read(tmp_path, text))] == [4, 5]


def test_draws_depend_on_their_key_and_number_alone(tmp_path: Path) -> None:
    lr, steps = "algorithm.lr = {low = 0.1, high = 1.0}\n", "algorithm.local_steps = {low = 1, high = 9}\n"
    few = settings_of(read(tmp_path, "[random]\ndraws = 3\n" + lr))
    more = settings_of(read(tmp_path, "[random]\ndraws = 5\n" + steps + lr))
    other = settings_of(read(tmp_path, "[random]\nseed = 2\ndraws = 3\n" + lr))
    rates = [setting.keys["algorithm.lr"] for setting in few]
    assert rates == [setting.keys["algorithm.lr"] for setting in more[:3]]
    assert len({*rates, *(setting.keys["algorithm.lr"] for setting in other)}) == 6
    assert [setting.label for setting in few] == ["draw 1", "draw 2", "draw 3"]


@given(st.integers(0, 2**32), st.integers(-50, 50), st.integers(1, 60))
def test_whole_numbers_stay_whole_and_between_their_ends(seed: int, low: int, width: int) -> None:
    value = Spread(low=low, high=low + width).draw(np.random.default_rng(seed))
    assert isinstance(value, int)
    assert low <= value <= low + width


def test_both_ends_of_whole_numbers_are_drawn_evenly() -> None:
    generator = np.random.default_rng(0)
    counts = np.bincount([Spread(low=1, high=4).draw(generator) for _ in range(4000)])[1:]
    assert counts == pytest.approx(np.full(4, 1000), rel=0.12)


def test_logarithmic_draws_are_even_in_the_logarithm() -> None:
    generator = np.random.default_rng(0)
    values = [Spread(low=0.001, high=10.0, log=True).draw(generator) for _ in range(4000)]
    assert 0.001 <= min(values) <= max(values) <= 10
    assert np.mean(np.array(values) < 0.1) == pytest.approx(0.5, abs=0.03)
    whole = [Spread(low=1, high=100, log=True).draw(generator) for _ in range(4000)]
    assert {1, 100} <= set(whole) <= set(range(1, 101))
    assert np.mean(np.array(whole) <= 9) == pytest.approx(np.log(10) / np.log(101), abs=0.03)


def test_a_choice_draws_all_of_its_values() -> None:
    generator = np.random.default_rng(0)
    assert {Spread(choice=["a", "b"]).draw(generator) for _ in range(50)} == {"a", "b"}
