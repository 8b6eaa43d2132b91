"""What `testbed bench broadcast` measures, on a few devices; and, slow, what fountain has to reach on its fifty."""

import pytest

from testbed.bench.broadcast import bench_scenario, measure
from testbed.scenario import parse
from tests.network.air import TRANSPORTS

FEWEST_SERVED, LONGEST_S = 0.995, 5.0


@pytest.mark.parametrize(("name", "ratio"), [("none", 1), ("unicast", 2)])
def test_frames_are_compared_with_one_transmission_for_all(engine: None, name: str, ratio: int) -> None:
    """Three devices in one place: broadcast needs 22 frames each, unicast twice as many, and those sent again."""
    keys = {"side_m": 5.0, "load": 0.1} | TRANSPORTS[name]
    measured = measure(parse({"devices": {"count": 3}, "network": keys}), rounds=2)
    assert measured["density"] == 1
    assert measured["frames_ratio"] == ratio if name == "none" else ratio <= measured["frames_ratio"] < 1.5 * ratio
    assert name == "none" or measured["served"] == 1
    assert 1 < measured["round_s"] <= measured["longest_s"]


@pytest.mark.slow
@pytest.mark.parametrize(("density", "most_frames"), [(0.9, 1.3), (0.5, 1.8), (0.2, 3.0)])
def test_fountain_serves_everybody_soon_and_cheaply(engine: None, density: float, most_frames: float) -> None:
    measured = measure(bench_scenario(density=density, repair="fountain"), rounds=3)
    assert measured["served"] >= FEWEST_SERVED
    assert measured["frames_ratio"] <= most_frames
    assert measured["round_s"] <= LONGEST_S
