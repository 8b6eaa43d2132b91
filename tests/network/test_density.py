"""The search for a side length: the density it promises is the density of the run."""

from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.exchange import Outbox
from testbed.network.density import NEAR, search

FINE = 1e-6
NOTHING = Outbox([], [], [], [])


@given(wanted=st.floats(0.02, 0.98), reach_m=st.floats(20, 5000), steepness=st.floats(2, 6))
def test_a_smooth_density_is_reached(wanted: float, reach_m: float, steepness: float) -> None:
    def density_at(side_m: float) -> float:
        return 1 / (1 + (side_m / reach_m) ** steepness)

    assert density_at(search(wanted, density_at, FINE)) == pytest.approx(wanted, abs=NEAR)


def test_steps_of_few_pairs_are_accepted() -> None:
    def density_at(side_m: float) -> float:
        return sum(side_m < reach for reach in (50, 80, 200)) / 3

    assert density_at(search(0.5, density_at, 1 / 3)) in (1 / 3, 2 / 3)
    assert density_at(search(1.0, density_at, 1 / 3)) == 1


@pytest.mark.parametrize("always", [0.0, 0.3, 1.0])
def test_what_cannot_be_reached_says_what_is(always: float) -> None:
    with pytest.raises(UserError, match=rf"network\.density = 0\.6 .* nearest is {always:.3f} at .* m"):
        search(0.6, lambda side_m: always, FINE)


def test_a_loss_that_does_not_know_distance_is_an_error(live: Any) -> None:
    with pytest.raises(UserError, match=r"network\.density = 0\.5 is not reached .* 1\.000"):
        live(4, density=0.5, loss={"model": "ns3::FixedRssLossModel", "Rss": -50})


def test_one_device_has_no_density_and_runs_all_the_same(live: Any) -> None:
    assert live(1, density=0.5).exchange(0, 0, NOTHING).density == 0


@pytest.mark.parametrize(("mobility", "density"), [("static", 0.3), ("redraw", 0.5), ("random-waypoint", 0.8)])
def test_the_run_has_the_density_that_was_asked_for(live: Any, mobility: str, density: float) -> None:
    network = live(16, density=density, mobility=mobility, hello_s=0.5)
    seen = [network.exchange(i, i * 20 * 10**9, NOTHING).density for i in range(4)]
    assert fmean(seen) == pytest.approx(density, abs=0.08 if mobility == "random-waypoint" else NEAR)


def test_the_same_seed_finds_the_same_side(live: Any) -> None:
    assert live(6, density=0.5).side_m == live(6, density=0.5).side_m != live(6, seed=2, density=0.5).side_m


@pytest.mark.parametrize("mobility", ["redraw", "random-waypoint"])
def test_the_search_leaves_no_trace_in_the_run(live: Any, mobility: str) -> None:
    found = live(6, density=0.5, mobility=mobility)
    stated = live(6, side_m=found.side_m, mobility=mobility)
    assert found.exchange(0, 0, NOTHING) == stated.exchange(0, 0, NOTHING)
