"""Compute times: never zero, never silent."""

import subprocess
import sys

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.learning.compute import ADAPTERS, PROFILES, WHOLE, compute_ns, profiles_of


def test_training_costs_three_forward_passes() -> None:
    times = compute_ns("raspberry-pi-4", 3, samples=128, flops_per_sample=15680)
    assert times.dtype == np.int64
    assert times.tolist() == [752640] * 3


def test_profiles_are_dealt_out_in_turn() -> None:
    names = [profile.name for profile in profiles_of(("phone", "laptop"), 5)]
    assert names == ["phone", "laptop", "phone", "laptop", "phone"]
    times = compute_ns(("phone", "laptop"), 5, 128, 15680)
    assert (times[[0, 2, 4]] > times[[1, 3, 3]]).all()


def test_the_smallest_work_takes_a_nanosecond() -> None:
    assert compute_ns("laptop", 1, 1, 1e-9).tolist() == [1]


@pytest.mark.parametrize(("samples", "flops"), [(0, 10), (-1, 10), (10, 0), (10, -5), (10, float("nan")), (1, 1e308)])
def test_nonsense_is_an_error(samples: int, flops: float) -> None:
    with pytest.raises(UserError):
        compute_ns("laptop", 2, samples, flops)


def test_unknown_profiles_name_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'raspberry-pi-4'"):
        compute_ns("rasberry-pi4", 2, 1, 1)
    with pytest.raises(UserError, match="empty list"):
        compute_ns((), 2, 1, 1)


def test_every_profile_says_where_its_figures_are_from() -> None:
    for profile in PROFILES.values():
        assert profile.flops_per_s > 1e9
        assert 1 <= profile.watts <= 100
        assert profile.source.startswith(("measured by others", "assumed"))


def test_needs_no_torch() -> None:
    code = "import sys, testbed.learning.compute; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_step_of_adapters_costs_two_passes_where_one_of_all_costs_three() -> None:
    whole, adapters = (compute_ns("laptop", 1, 1000, 1e6, passes) for passes in (WHOLE, ADAPTERS))
    assert (2 * whole == 3 * adapters).all()
