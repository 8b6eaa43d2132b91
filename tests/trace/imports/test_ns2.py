"""Movement under the disc model: crossings by hand and by brute force, and what files in the wild have."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.errors import UserError
from testbed.movement import legs
from testbed.trace.format import OPEN_NS
from testbed.trace.imports import ns2
from testbed.trace.imports.base import Found, Options, Report
from testbed.trace.imports.disc import Ways

OTHERS = os.environ.get("TESTBED_TRACES")
S = 10**9
PASSING = """\
$node_(7) set X_ 0.0
$node_(7) set Y_ 0.0
$node_(2) set X_ -100.0
$node_(2) set Y_ 30.0
$ns_ at 1.0 "$node_(2) setdest 100.0 30.0 10.0"
"""


def read(path: Path, text: str, options: Options | None = None) -> tuple[Found, dict[str, int]]:
    path.write_text(text)
    report = Report()
    found = ns2.read(path, options or Options(range_m=50), report)
    return found, {each.reason: each.count for each in report.oddities()}


def times(found: Found) -> list[tuple[int, int]]:
    links = found.links
    return [
        (a, b)
        for src, a, b in zip(links.src, links.t_start_ns.tolist(), links.t_end_ns.tolist(), strict=True)
        if src == 0
    ]


@pytest.mark.parametrize("step_s", [0.1, 1.0, 1000.0])
def test_a_node_that_passes_is_linked_from_crossing_to_crossing(tmp_path: Path, step_s: float) -> None:
    found, odd = read(tmp_path / "file", PASSING, Options(range_m=50, step_s=step_s))
    assert found.names == ("2", "7")
    assert times(found) == [(7 * S, 15 * S)]  # 40 m before and behind the nearest point, 11 s after 0
    assert sorted(zip(found.links.src.tolist(), found.links.dst.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert odd == {}


def test_places_are_told_every_step(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "file", PASSING, Options(range_m=50, step_s=5))
    at = {
        (int(t) // S, int(node)): x
        for t, node, x in zip(found.nodes.t_ns, found.nodes.node, found.nodes.x_m, strict=True)
    }
    assert [at[t, 0] for t in (0, 5, 10, 15, 20, 21)] == pytest.approx([-100, -60, -10, 40, 90, 100])
    assert {at[t, 1] for t in (0, 5, 10, 15, 20, 21)} == {0}


def test_a_window_and_places_that_never_change(tmp_path: Path) -> None:
    found, _ = read(tmp_path / "file", PASSING, Options(range_m=50, from_s=10.0, to_s=12.0))
    assert times(found) == [(10 * S, 12 * S)]
    still = "".join(f"$node_({i}) set X_ {30 * i}\n$node_({i}) set Y_ 0\n" for i in range(3))
    found, _ = read(tmp_path / "file", still)
    assert times(found) == [(0, OPEN_NS)]
    assert len(found.links) == 4


def test_what_files_in_the_wild_have(tmp_path: Path) -> None:
    odd_lines = """\
$ns_ at 5.0 "$node_(2) setdest -100.0 30.0 10.0"
$ns_ at 5.0 "$node_(2) setdest 100.0 30.0 10.0"
$ns_ at 0.5 "$node_(7) setdest 0.0 0.0 0.0"
$ns_ at 0.25 "$node_(7) setdest 0.0 1.0 0.0"
$ns_ at 30 "$node_(2) setdest 5000.0 30.0 1000000000.0"
$ns_ at 2.0 "$node_(2) switch OFF"
set opt(nn) 2
$node_(7) set Z_ 1.5
# $ns_ at 3 "$node_(2) setdest 0 0 1"
"""
    found, odd = read(tmp_path / "file", PASSING + odd_lines)
    assert times(found) == [(7 * S, 15 * S)]
    assert odd == {"same_time": 1, "out_of_order": 1, "jump": 1, "other_command": 2, "height": 1}


@settings(max_examples=40)
@given(
    nodes=st.lists(
        st.lists(
            st.tuples(
                st.floats(0, 30), st.floats(-200, 200), st.floats(-200, 200), st.sampled_from([0, 1, 7.5, 40, 1e9])
            ),
            min_size=1,
            max_size=5,
        ),
        min_size=2,
        max_size=5,
    ),
    step_s=st.sampled_from([0.3, 2.0, 50.0]),
)
def test_brute_force_finds_the_same_links(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[list[tuple[float, ...]]], step_s: float
) -> None:
    lines = []
    for id_, moves in enumerate(nodes):
        lines += [f"$node_({id_}) set X_ {moves[0][1]!r}\n$node_({id_}) set Y_ {moves[0][2]!r}\n"]
        lines += [f'$ns_ at {t!r} "$node_({id_}) setdest {x!r} {y!r} {v!r}"\n' for t, x, y, v in moves[1:]]
    path, options = tmp_path_factory.getbasetemp() / "moves", Options(range_m=60, step_s=step_s, to_s=40.0)
    found, _ = read(path, "".join(lines), options)
    ways = Ways([legs(node) for node in ns2.read_nodes(path, Report()).values()], 0.0)
    for at_s in np.linspace(0.1, 39.9, 23).tolist():
        ways.pass_to(at_s)
        places = ways.places(ways.now, at_s)
        apart = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
        linked = np.zeros_like(apart, bool)
        now = (found.links.t_start_ns <= at_s * S) & (found.links.t_end_ns > at_s * S)
        linked[found.links.src[now], found.links.dst[now]] = True
        clear = (np.abs(apart - 60) > 1e-3) & ~np.eye(len(nodes), dtype=bool)
        assert (linked == (apart <= 60))[clear].all()


@pytest.mark.slow
@pytest.mark.skipif(OTHERS is None, reason="TESTBED_TRACES names no folder with the traces of others")
@pytest.mark.parametrize(
    ("name", "nodes", "moves", "last_s"),
    [
        ("ns3_default.ns_movements", 2, 679, 99.8),
        ("ns3_bonnmotion.ns_movements", 1, 6, 884.8),
        ("bonnmotion_rwp_10.ns_movements", 10, 29, 599.6),
    ],
)
def test_files_of_others(name: str, nodes: int, moves: int, last_s: float) -> None:
    report = Report()
    found = ns2.read(Path(str(OTHERS)) / name, Options(), report)
    assert (len(found.names), found.network["moves"]) == (nodes, moves)
    assert found.network["last_move_s"] == pytest.approx(last_s, abs=0.05)
    assert report.oddities() == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "line 6: 'nonsense' is neither"),
        ('$ns_ at 5 "$node_(2) setdest 1', "line 6: .* is neither"),
        ('$ns_ at 5 "$node_(2) setdest 1 1 -1"', "line 6: a time and a speed should be 0 or more"),
        ('$ns_ at 5 "$node_(2) setdest 1e300 1 1"', "line 6: a place or a time is beyond all bounds"),
        ('$ns_ at 5 "$node_(2) setdest nan 1 1"', "line 6: 'nan' should be a finite number"),
        ("$node_(123456789012345678901234) set X_ 1", "line 6: .* too large for a node id"),
        ('$ns_ at 5 "$node_(2) setdest 9e8 1 0.001"', "state an end"),
        ('$ns_ at 5 "$node_(2) setdest 9e8 1 10"', "are more than 10,000,000 places: state a longer step"),
        ("$node_(1) set X_ 1", "does not say where node 1 starts"),
    ],
)
def test_a_damaged_file_is_told_what_is_wrong(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(tmp_path / "file", PASSING + line + "\n")


@pytest.mark.parametrize(("text", "words"), [("# nothing\n", "holds no node"), ("", "the file is empty")])
def test_files_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read(tmp_path / "file", text)


def test_a_range_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"range \(0 m\) and step \(1.0 s\) should be above 0"):
        read(tmp_path / "file", PASSING, Options(range_m=0))


def test_the_range_is_what_the_radio_has() -> None:
    assert pytest.approx(10 ** ((16.0206 - 46.6777 + 82) / 30), abs=0.1) == ns2.RANGE_M
