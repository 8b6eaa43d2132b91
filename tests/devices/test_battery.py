"""What is left of the energy that devices began with."""

import numpy as np

from testbed.devices import Battery


def test_radio_and_computing_count_and_no_radio_counts_nothing() -> None:
    battery = Battery(10.0)
    used = battery.used(np.array([0.0, 8.0]), np.array([1.0, np.nan]), np.array([2.0, 3.0]))
    assert used.tolist() == [3.0, 11.0]
    assert battery.left_j(used).tolist() == [7.0, 0.0]
    assert battery.empty(used).tolist() == [False, True]
    assert battery.empty(np.array([10.0])).tolist() == [True]


def test_without_a_battery_nothing_ever_ends() -> None:
    mains = Battery(None)
    assert np.isnan(mains.left_j(np.array([1e12]))).all()
    assert not mains.empty(np.array([1e300])).any()
