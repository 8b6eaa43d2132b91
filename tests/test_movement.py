"""Movement traces and files of places: legs by hand computation, and what a damaged file says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.movement import read_ns2, read_places
from testbed.network.positions import courses, own_side_m, positions
from testbed.scenario import parse
from testbed.scenario.schema import Network

TRACE = """\
# two nodes, ids with a gap, not sorted by time
$node_(4) set X_ 100.0
$node_(4) set Y_ 50.0
$node_(4) set Z_ 0.0
$ns_ at 2.0 "$node_(4) setdest 100.0 70.0 5.0" ;# four seconds of way
$ns_ at 10.0 "$node_(4) setdest 100.0 60.0 0.0"
$node_(1) set X_ 0
$node_(1) set Y_ 0;
$god_ set-dist 0 1 1
$ns_ at 0.0 "$node_(1) setdest 30.0 40.0 10.0"

$ns_ at 2.0 "$node_(1) setdest 12.0 0.0 3.0"
$ns_ at 2.0 "$node_(1) setdest 12.0 46.0 3.0"
# $ns_ at 3.0 "$node_(1) setdest 0.0 0.0 1.0"
"""


def at(legs: Any, time_s: float) -> list[float]:
    leg = legs[np.flatnonzero(legs[:, 0] <= time_s)[-1]]
    return [float(leg[1 + i] + leg[3 + i] * (time_s - leg[0])) for i in (0, 1)]


def file_of(folder: Path, text: str) -> Path:
    file = folder / "movement"
    file.write_text(text)
    return file


def network(**keys: Any) -> Network:
    return parse({"network": keys}).network


def test_legs_are_those_of_the_file_in_the_order_of_ids(tmp_path: Path) -> None:
    one, four = read_ns2(file_of(tmp_path, TRACE))
    assert at(one, 1) == pytest.approx([6, 8])
    assert at(one, 2) == pytest.approx([12, 16])
    assert at(one, 12) == pytest.approx([12, 46])
    assert at(one, 1000) == [12, 46]
    assert at(four, 0) == at(four, 2) == [100, 50]
    assert at(four, 3) == pytest.approx([100, 55])
    assert at(four, 6) == at(four, 1e6) == [100, 70]


@given(
    moves=st.lists(
        st.tuples(st.floats(0.1, 50), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0, 100)), max_size=8
    )
)
def test_no_leg_begins_where_the_last_one_has_not_led(moves: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    lines, time_s = ["$node_(0) set X_ 1.5", "$node_(0) set Y_ -2"], 0.0
    for after_s, x_m, y_m, speed in moves:
        time_s += after_s
        lines.append(f'$ns_ at {time_s!r} "$node_(0) setdest {x_m!r} {y_m!r} {speed!r}"')
    (legs,) = read_ns2(file_of(tmp_path_factory.getbasetemp(), "\n".join(lines)))
    assert (np.diff(legs[:, 0]) >= 0).all()
    led = legs[:-1, 1:3] + legs[:-1, 3:] * np.diff(legs[:, 0])[:, None]
    np.testing.assert_allclose(led, legs[1:, 1:3], atol=1e-6)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", r"line 15: 'nonsense' is neither `set X_`"),
        ('$ns_ at 5 "$node_(1) switch OFF"', r"line 15: .*switch OFF.* is neither"),
        ('$ns_ at 1 "$node_(1) setdest 0 0 1"', r"line 15: time goes back from 2 s to 1 s"),
        ('$ns_ at nan "$node_(1) setdest 0 0 1"', r"line 15: 'nan' should be a finite number"),
        ('$ns_ at 9 "$node_(1) setdest 0 1e999 1"', r"line 15: '1e999' should be a finite number"),
        ('$ns_ at 9 "$node_(1) setdest 0 0 -1"', r"line 15: a time and a speed should be 0 or more"),
        ('$ns_ at 9 "$node_(1) setdest 0 0"', r"line 15: .* is neither"),
        ("$node_(1) set X_ 0,5", r"line 15: '0,5' should be a finite number"),
        ("$node_(7) set X_ 1", r"does not say where node 7 starts"),
    ],
)
def test_a_damaged_trace_names_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(UserError, match=rf"^network\.mobility_file: .*movement.*{words}"):
        read_ns2(file_of(tmp_path, TRACE + line + "\n"))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"network\.mobility_file = .*cannot be read: No such file"):
        read_ns2(tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"binary is no text file"):
        read_places(tmp_path / "binary")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the file should begin with the line x_m,y_m"),
        ("1,2\n", "line 1: the file should begin with the line x_m,y_m"),
        ("x_m,y_m\n1,2\n3\n", "line 3: '3' should be two numbers"),
        ("x_m,y_m\n1,2\n3,4,5\n", "line 3: '3,4,5' should be two numbers"),
        ("x_m,y_m\n1,inf\n", "line 2: 'inf' should be a finite number"),
        ("x_m,y_m\n1,a\n", "line 2: 'a' should be a finite number"),
    ],
)
def test_damaged_places_name_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=rf"movement, {words}"):
        read_places(file_of(tmp_path, text))


def test_fewer_nodes_or_places_than_devices(tmp_path: Path) -> None:
    trace = network(mobility="ns2", mobility_file=str(file_of(tmp_path, TRACE)))
    with pytest.raises(UserError, match=r"has 2 of the 3 devices: lower devices\.count"):
        courses(3, trace, 10)
    places = tmp_path / "places.csv"
    places.write_text("x_m,y_m\n1,2\n")
    with pytest.raises(UserError, match=r"places\.csv has 1 of the 2 devices"):
        own_side_m(2, network(mobility="static", placement="file", mobility_file=str(places)))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"mobility": "ns2"}, r'network\.mobility = "ns2" needs network\.mobility_file'),
        ({"mobility": "static", "placement": "file"}, r'placement = "file" needs network\.mobility_file'),
        ({"mobility": "redraw", "placement": "grid"}, r'placement = "grid" is for mobility = "static"'),
        ({"mobility": "static", "mobility_file": "x"}, r"network\.mobility_file is for"),
    ],
)
def test_keys_that_do_not_fit_together(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        own_side_m(2, network(**keys))


def test_files_are_taken_as_they_are_or_fitted_into_the_square(tmp_path: Path) -> None:
    places = tmp_path / "places.csv"
    places.write_text("x_m,y_m\n-10,5\n30,25\n10,5\n999,999\n")
    keys = {"mobility": "static", "placement": "file", "mobility_file": str(places)}
    assert own_side_m(3, network(**keys)) == 40
    assert positions(3, 1, network(**keys), 40, 0).tolist() == [-10, 5, 30, 25, 10, 5]
    fitted = positions(3, 1, network(**keys, side_m=20), 20, 0)
    assert fitted.tolist() == [0, 0, 20, 10, 10, 0]


def test_a_trace_in_another_square_moves_at_another_speed(tmp_path: Path) -> None:
    keys = {"mobility": "ns2", "mobility_file": str(file_of(tmp_path, TRACE))}
    assert own_side_m(2, network(**keys)) == 100
    one, four = courses(2, network(**keys, side_m=50), 50)
    assert at(one, 1) == pytest.approx([3, 4])
    assert at(four, 3) == pytest.approx([50, 27.5])


@pytest.mark.parametrize("devices", [1, 2, 9, 10])
def test_a_grid_has_a_square_for_each_device(devices: int) -> None:
    places = positions(devices, 1, network(mobility="static", placement="grid"), 90, 0).reshape(-1, 2)
    columns = int(np.ceil(np.sqrt(devices)))
    cells = {tuple(cell) for cell in (places // (90 / columns)).astype(int).tolist()}
    assert len(cells) == devices
    assert ((places > 0) & (places < 90)).all()


def test_a_disc_is_filled_evenly() -> None:
    places = positions(20_000, 1, network(mobility="static", placement="disc"), 2, 0).reshape(-1, 2) - 1
    radii = np.hypot(*places.T)
    assert radii.max() <= 1
    assert (radii < 0.5).mean() == pytest.approx(0.25, abs=0.01)
    assert (places > 0).mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.01)
