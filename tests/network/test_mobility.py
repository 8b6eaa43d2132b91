"""Moving devices in the engine: where they are, how fast, and that a resumed round finds them there."""

from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from testbed.exchange import ALL_NEIGHBOURS, Exchange, Outbox

SECOND = 1_000_000_000
NOTHING = Outbox([], [], [], [])
MOVING = ["random-waypoint", "gauss-markov", "ns2"]
TRACE = """\
$node_(0) set X_ 0.0
$node_(0) set Y_ 0.0
$node_(1) set X_ 100.0
$node_(1) set Y_ 100.0
$node_(2) set X_ 10.0
$node_(2) set Y_ 50.0
$ns_ at 0.0 "$node_(0) setdest 30.0 40.0 2.0"
$ns_ at 15.0 "$node_(0) setdest 30.0 0.0 4.0"
$ns_ at 12.5 "$node_(1) setdest 0.0 100.0 8.0"
"""


@pytest.fixture
def trace(tmp_path: Path) -> str:
    (tmp_path / "movement").write_text(TRACE)
    return str(tmp_path / "movement")


def keys_for(mobility: str, trace: str) -> dict[str, Any]:
    return {"mobility": mobility} | ({"mobility_file": trace, "side_m": None} if mobility == "ns2" else {})


def places(network: Any, times_s: list[float]) -> list[NDArray[np.float64]]:
    """x, y of all devices at the given times, as rounds that nobody sends in find them."""
    rounds = [network.exchange(i, round(at * SECOND), NOTHING).devices for i, at in enumerate(times_s)]
    return [np.column_stack([devices.x_m, devices.y_m]) for devices in rounds]


def test_a_trace_is_followed_to_the_metre(live: Any, trace: str) -> None:
    seen = places(live(3, **keys_for("ns2", trace)), [0, 5, 14, 20, 300])
    assert seen[0].tolist() == [[0, 0], [100, 100], [10, 50]]
    assert seen[1].tolist() == pytest.approx(np.array([[6, 8], [100, 100], [10, 50]]))
    assert seen[2].tolist() == pytest.approx(np.array([[16.8, 22.4], [88, 100], [10, 50]]))
    at_15 = np.array([18, 24])
    way = np.array([30, 0]) - at_15
    assert seen[3][0] == pytest.approx(at_15 + way / np.hypot(*way) * 20)
    assert seen[3][1] == pytest.approx([40, 100])
    assert seen[4].tolist() == [[30, 0], [0, 100], [10, 50]]


def test_a_trace_fits_the_square_that_is_stated(live: Any, trace: str) -> None:
    seen = places(live(3, mobility="ns2", mobility_file=trace, side_m=10.0), [0, 5])
    assert seen[0].tolist() == [[0, 0], [10, 10], [1, 5]]
    assert seen[1][0] == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("mobility", MOVING)
def test_a_fresh_network_finds_moving_devices_where_they_were(live: Any, trace: str, mobility: str) -> None:
    def rounds(*numbers: int) -> list[Exchange]:
        network, sent = (
            live(3, **keys_for(mobility, trace)),
            Outbox([0, 1, 2], [ALL_NEIGHBOURS] * 3, [30_000] * 3, [0] * 3),
        )
        return [network.exchange(number, 12 * number * SECOND, sent) for number in numbers]

    whole = rounds(0, 1, 2, 3)
    assert rounds(3) == whole[3:]
    assert rounds(1, 3) == [whole[1], whole[3]]
    assert len({tuple(exchange.devices.x_m) for exchange in whole}) == 4


@pytest.mark.parametrize("mobility", ["random-waypoint", "gauss-markov"])
def test_places_are_distributed_at_the_start_as_later(live: Any, mobility: str) -> None:
    """Steady state: no crowding in the middle that grows with time, as an unsteady random waypoint walk shows."""
    network = live(300, mobility=mobility, side_m=400.0, speed_mps=[1, 20], pause_s=0, hellos=1, hello_s=0.02)
    radii = [np.abs(xy - 200).max(axis=1).mean() for xy in places(network, [0, 1000])]
    even = {"random-waypoint": 110, "gauss-markov": 133}[mobility]  # random waypoint dwells in the middle
    assert radii == pytest.approx([even, even], abs=8)


@pytest.mark.parametrize(("mobility", "mean_mps"), [("random-waypoint", 19 / np.log(20)), ("gauss-markov", 10.5)])
def test_speeds_are_distributed_at_the_start_as_later(live: Any, mobility: str, mean_mps: float) -> None:
    """In the steady state of a random waypoint walk slow legs take longer: the mean is (b - a) / ln(b / a)."""
    network = live(300, mobility=mobility, side_m=2000.0, speed_mps=[1, 20], pause_s=0, hellos=1, hello_s=0.02)
    early, soon, late, later = places(network, [0, 0.1, 500, 500.1])
    for before, after in ((early, soon), (late, later)):
        assert np.hypot(*(after - before).T).mean() / 0.1 == pytest.approx(mean_mps, rel=0.1)


@pytest.mark.parametrize("memory", [0.0, 0.9, 1.0])
def test_gauss_markov_stays_in_the_square_and_below_its_bound(live: Any, memory: float) -> None:
    keys = {"mobility": "gauss-markov", "side_m": 30.0, "speed_mps": [2, 10], "memory": memory, "hello_s": 0.02}
    seen = np.array(places(live(20, hellos=1, **keys), [0.25 * i for i in range(80)]))
    assert ((seen >= 0) & (seen <= 30)).all()
    reach = np.sqrt((1 + memory) / (1 - memory)) if memory < 1 else 0
    assert np.hypot(*np.moveaxis(np.diff(seen, axis=0), 2, 0)).max() / 0.25 <= 10 + reach * 4 + 1e-9


def test_memory_keeps_the_course(live: Any) -> None:
    def turn(memory: float) -> float:
        keys = {"mobility": "gauss-markov", "side_m": 10_000.0, "memory": memory, "hellos": 1, "hello_s": 0.02}
        way = np.diff(places(live(30, **keys), [i + 0.5 for i in range(20)]), axis=0)
        angle = np.arctan2(way[..., 1], way[..., 0])
        return fmean(np.abs(np.angle(np.exp(1j * np.diff(angle, axis=0)))).ravel())

    assert turn(1.0) == pytest.approx(0, abs=1e-6)
    assert turn(0.95) < 0.6 * turn(0.2)


@pytest.mark.parametrize("placement", ["grid", "disc", "file"])
def test_static_devices_stand_where_they_were_placed(live: Any, tmp_path: Path, placement: str) -> None:
    (tmp_path / "places.csv").write_text("x_m,y_m\n1,2\n3,4\n5,6\n7,8\n")
    file = {"mobility_file": str(tmp_path / "places.csv"), "side_m": None} if placement == "file" else {}
    first, second = places(live(4, mobility="static", placement=placement, **file), [0, 30])
    assert np.array_equal(first, second)
    if placement == "file":
        assert first.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    if placement == "grid":
        assert first.tolist() == [[5, 5], [15, 5], [5, 15], [15, 15]]
