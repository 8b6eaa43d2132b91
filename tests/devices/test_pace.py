"""Training times: stragglers, spread, and never zero."""

import numpy as np
import pytest

from testbed.devices import Pace
from testbed.errors import UserError
from testbed.scenario.schema import Devices


def pace(devices: int = 8, seed: int = 1, base_ns: int = 1_000_000, **keys: float) -> Pace:
    return Pace(np.full(devices, base_ns), Devices(count=devices, **keys), seed)


def test_without_more_every_round_takes_what_the_profile_says() -> None:
    assert [pace(3).round_ns(round_).tolist() for round_ in (0, 1000)] == [[1_000_000] * 3] * 2


@pytest.mark.parametrize(("share", "slow"), [(0, 0), (0.2, 2), (0.26, 3), (1, 10)])
def test_so_many_devices_are_slow_and_so_much_slower(share: float, slow: int) -> None:
    times = pace(10, straggler_share=share, straggler_slowdown=4).round_ns(0)
    assert sorted(times.tolist()) == [1_000_000] * (10 - slow) + [4_000_000] * slow


def test_the_seed_draws_who_is_slow() -> None:
    drawn = [pace(40, seed, straggler_share=0.3).stragglers.tolist() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_spread_is_log_normal_with_median_1() -> None:
    made = pace(4, compute_spread=0.5, base_ns=10**9)
    logs = np.log(np.concatenate([made.round_ns(round_) for round_ in range(3000)]) / 1e9)
    assert np.median(logs) == pytest.approx(0, abs=0.02)
    assert logs.std() == pytest.approx(0.5, rel=0.02)
    assert abs(np.corrcoef(logs[::4][1:], logs[::4][:-1])[0, 1]) < 0.05


def test_a_time_depends_on_device_and_round_and_not_on_who_asked_before() -> None:
    first, second = (pace(4, compute_spread=1.0) for _ in range(2))
    late = [first.device_ns(2, round_) for round_ in (700, 3, 255, 256)]
    for round_ in range(1000):
        second.round_ns(round_)
    assert late == [second.device_ns(2, round_) for round_ in (700, 3, 255, 256)]
    assert len(set(late)) == 4
    assert [first.device_ns(device, 5) for device in range(4)] == second.round_ns(5).tolist()
    assert first.round_ns(5).tolist() != pace(4, seed=2, compute_spread=1.0).round_ns(5).tolist()


def test_more_devices_change_nothing_for_the_first() -> None:
    few, many = pace(3, compute_spread=1.0), pace(30, compute_spread=1.0)
    assert many.round_ns(7)[:3].tolist() == few.round_ns(7).tolist()


def test_no_time_is_ever_zero_or_without_end() -> None:
    times = np.concatenate([pace(4, base_ns=1, compute_spread=3.0).round_ns(round_) for round_ in range(300)])
    assert times.min() == 1
    times = np.concatenate([pace(4, base_ns=10**15, compute_spread=3.0).round_ns(round_) for round_ in range(300)])
    assert times.max() == 10**15
    with pytest.raises(UserError, match=r"straggler_slowdown = 1e\+06 makes a training last 1e\+09 s"):
        pace(base_ns=10**12, straggler_share=1, straggler_slowdown=1e6)
