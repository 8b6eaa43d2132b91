"""The search for a side length: the density it promises is the density of the run."""

from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
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


@pytest.mark.parametrize(
    ("mobility", "density"), [("static", 0.3), ("redraw", 0.5), ("random-waypoint", 0.8), ("gauss-markov", 0.5)]
)
def test_the_run_has_the_density_that_was_asked_for(live: Any, mobility: str, density: float) -> None:
    network = live(16, density=density, mobility=mobility, hello_s=0.5)
    seen = [network.exchange(i, i * 20 * 10**9, NOTHING).density for i in range(4)]
    assert fmean(seen) == pytest.approx(density, abs=NEAR if mobility in ("static", "redraw") else 0.08)


@pytest.mark.parametrize("placement", ["grid", "disc", "file"])
def test_a_density_is_found_for_every_placement(live: Any, tmp_path: Path, placement: str) -> None:
    (tmp_path / "places.csv").write_text("x_m,y_m\n" + "".join(f"{i * i % 17},{7 * i % 13}\n" for i in range(20)))
    file = {"mobility_file": str(tmp_path / "places.csv")} if placement == "file" else {}
    network = live(20, density=0.4, mobility="static", placement=placement, hello_s=0.5, **file)
    exchange = network.exchange(0, 0, NOTHING)
    # All links of a length appear at once on a grid: the search may come no nearer than that step.
    assert exchange.density == pytest.approx(0.4, abs=NEAR)
    if placement == "file":
        extent_m = max(np.ptp(exchange.devices.x_m), np.ptp(exchange.devices.y_m))
        assert extent_m == pytest.approx(network.side_m)


def test_a_density_of_a_movement_trace_is_that_of_its_whole_time(live: Any, tmp_path: Path) -> None:
    """Twelve nodes on a line that drive apart, from 10 m between neighbours to 30 m, within 100 s."""
    lines = [f"$node_({i}) set X_ {10 * i}\n$node_({i}) set Y_ 0" for i in range(12)]
    lines += [f'$ns_ at 0 "$node_({i}) setdest {30 * i} 0 {0.2 * i}"' for i in range(12)]
    (tmp_path / "movement").write_text("\n".join(lines))
    network = live(12, density=0.5, mobility="ns2", mobility_file=str(tmp_path / "movement"), hello_s=0.5)
    seen = [network.exchange(i, 10 * i * 10**9, NOTHING).density for i in range(10)]
    assert fmean(seen) == pytest.approx(0.5, abs=0.05)
    assert seen[0] > 0.5 > seen[-1]


def test_the_same_seed_finds_the_same_side(live: Any) -> None:
    assert live(6, density=0.5).side_m == live(6, density=0.5).side_m != live(6, seed=2, density=0.5).side_m


@pytest.mark.parametrize("mobility", ["redraw", "random-waypoint", "gauss-markov"])
def test_the_search_leaves_no_trace_in_the_run(live: Any, mobility: str) -> None:
    found = live(6, density=0.5, mobility=mobility)
    stated = live(6, side_m=found.side_m, mobility=mobility)
    assert found.exchange(0, 0, NOTHING) == stated.exchange(0, 0, NOTHING)
