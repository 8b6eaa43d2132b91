"""Means and intervals over seeds."""

import math

import numpy as np
import pytest

from testbed.report.spread import Spread, half_width


def test_half_an_interval_is_students_t_times_the_standard_error() -> None:
    assert Spread((1.0, 2.0, 3.0)).half == pytest.approx(
        4.303 / math.sqrt(3), abs=1e-3
    )  # t table: 2 degrees of freedom
    assert Spread((1.0, math.nan, 3.0)).half == pytest.approx(12.706, abs=1e-3)


def test_one_seed_has_no_interval() -> None:
    assert math.isnan(Spread((1.0, math.nan)).half)


def test_intervals_of_many_points_are_those_of_each() -> None:
    values = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    assert half_width(values) == pytest.approx([Spread((1.0, 2.0, 3.0)).half, 0.0])
