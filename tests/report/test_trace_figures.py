"""Figures of traces: what the artists hold, and that nothing is missed where there is nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from testbed.errors import UserError
from testbed.report import plot_trace
from testbed.report.traces import PANELS, compose
from testbed.trace import NO_ROUND, NodeRows, Trace
from testbed.trace.inspect import statistics
from tests.report.recordings import MS, pair_and_loner
from tests.trace.inspect.traces import S, imported, recorded, two_way


def drawn(trace: Trace, *what: str) -> Figure:
    return compose(trace, statistics(trace), what)


def texts(figure: Figure) -> str:
    return " | ".join(text.get_text() for axes in figure.axes for text in [*axes.texts, axes.title])


RECORDED = Trace.of_rounds(recorded(3, []).header, *zip(*[pair_and_loner(), pair_and_loner(100 * MS)], strict=True))
IMPORTED = imported(3, [*two_way([(0, 1, 10, 30), (1, 2, 20, 50), (0, 1, 40, 50)]), (0, 2, 50, 50)])


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_a_recording_and_an_import_are_drawn_whole(tmp_path: Path, ending: str) -> None:
    trace = {"png": RECORDED, "pdf": IMPORTED}[ending]
    out = tmp_path / f"f.{ending}"
    assert "density, degree" in plot_trace(trace, out)
    assert out.stat().st_size > 1000


def test_equal_traces_are_equal_files(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot_trace(RECORDED, tmp_path / name, ["density", "map"])
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_density_is_a_stair_over_the_time_since_the_beginning() -> None:
    (axes,) = drawn(IMPORTED, "density").axes
    (stairs,) = axes.patches
    np.testing.assert_allclose(stairs.get_data().edges, [0, 10, 20, 30, 40])
    np.testing.assert_allclose(stairs.get_data().values, [2 / 6, 4 / 6, 2 / 6, 4 / 6])


def test_a_density_that_changes_very_often_keeps_its_mean() -> None:
    trace = imported(2, two_way([(0, 1, start, start + 0.25) for start in range(2000)]))
    (stairs,) = drawn(trace, "density").axes[0].patches
    assert len(stairs.get_data().values) == 500
    assert stairs.get_data().values.mean() == pytest.approx(statistics(trace).density_mean, rel=1e-6)


def test_contacts_and_the_times_between_are_drawn_as_shares_that_last_longer() -> None:
    contact, between = drawn(IMPORTED, "contacts").axes[0].lines
    assert contact.get_xdata().tolist() == [10, 20, 30]
    np.testing.assert_allclose(contact.get_ydata(), [3 / 4, 2 / 4, 1 / 4])
    assert between.get_xdata().tolist() == [10]


def test_the_smallest_window_is_a_line() -> None:
    figure = drawn(recorded(3, [[(0, 1)], [(1, 2)], [(0, 1)]]), "window")
    (line,) = [line for line in figure.axes[0].lines if line.get_gid() == "smallest window"]
    assert line.get_ydata() == [2, 2]
    assert "every 2 together are connected" in texts(figure)


def test_nodes_that_move_leave_ways() -> None:
    nodes = NodeRows.of(
        round=[NO_ROUND] * 3, t_ns=[0, 0, S], node=[0, 1, 0], airtime_ns=[0] * 3, frames=[0] * 3, retries=[0] * 3,
        energy_j=[0] * 3, away_ns=[0] * 3, x_m=[0, 5, 3], y_m=[1, 1, 1],
    )  # fmt: skip
    (axes,) = drawn(replace(imported(3, [(0, 1, 0, 1)]), nodes=nodes), "map").axes
    sizes = {part.get_gid(): len(part.get_paths()) for part in axes.collections}
    assert sizes == {"ways": 1, "links": 1}


@pytest.mark.parametrize("trace", [imported(1, []), imported(3, []), recorded(2, [[]]), recorded(1, [[], []])])
def test_where_there_is_nothing_a_panel_says_so(trace: Trace) -> None:
    figure = drawn(trace, *PANELS)
    assert len([axes for axes in figure.axes if axes.get_gid() in PANELS]) == len(PANELS)
    assert "no contact whose length is known" in texts(figure)
    assert "no messages" in texts(figure)


def test_two_thousand_different_qualities_are_drawn_as_counts(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = two_way([(0, 1, start, start + 1) for start in range(3000)])
    plot_trace(imported(2, rows, random.random(6000)), tmp_path / "a.png", ["asymmetry"])
    assert (tmp_path / "a.png").is_file()


@pytest.mark.parametrize(
    ("what", "out", "said"), [(["size"], "a.png", "size is no part"), (["map"], "a.txt", "end in")]
)
def test_what_cannot_be_drawn(tmp_path: Path, what: list[str], out: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        plot_trace(RECORDED, tmp_path / out, what)
