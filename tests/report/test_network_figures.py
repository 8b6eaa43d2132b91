"""Figures of a network: what the artists hold, for usual and for odd networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from testbed.errors import UserError
from testbed.exchange import ALL_NEIGHBOURS, NEVER, Cause, Deliveries, Outbox
from testbed.report import plot_network
from testbed.report.choice import numbers, spread
from testbed.report.delays import delays
from testbed.report.maps import conditions
from testbed.report.network import compose
from testbed.report.places import graph, places
from testbed.report.recording import open_recording
from testbed.trace.inspect.delays import ready_ns
from tests.report.recordings import (
    MS,
    Round,
    both,
    delivered,
    exchange,
    linked,
    pair_and_loner,
    run,
    sent,
    spent,
    trace,
)

SILENT = delivered([])


def drawn(folder: Path, part: str, chosen: tuple[int, ...] = (0,)) -> Figure:
    recording = open_recording(folder)
    return compose(recording, delays(recording), chosen, [part])


def texts(figure: Figure) -> str:
    """All that is written in the figure's parts and axes."""
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " ".join([*said, *(part.get_suptitle() for part in figure.subfigs)])


ODD: dict[str, tuple[int, list[Round]]] = {
    "usual": (3, [pair_and_loner(), pair_and_loner(100 * MS)]),
    "empty": (4, [(sent([0, 1, 2, 3], MS), exchange(linked([]), SILENT, spent(4)))]),
    "one device": (1, [(sent([0], MS), exchange(linked([]), SILENT, spent(1)))]),
    "disconnected": (4, [(sent([], 0), exchange(linked(both((0, 1), (2, 3))), SILENT, spent(4)))]),
    "one way": (2, [(sent([0], 0), exchange(linked([(0, 1)]), delivered([(0, 1, 1, 2)]), spent(2)))]),
    "all lost": (2, [(sent([0], 0), exchange(linked(both((0, 1))), delivered([(0, 1, 1, NEVER)]), spent(2)))]),
    "no radio": (3, [(sent([0], 0), exchange(linked(both((0, 1))), SILENT, spent(3, x_m=[np.nan] * 3)))]),
    "away": (2, [(sent([0], 0), exchange(linked([]), SILENT, spent(2, away_ns=[100 * MS, MS])))]),
    "no time": (2, [(sent([], 0), exchange(linked([]), SILENT, spent(2), 5, 5))]),
}


@pytest.mark.parametrize("name", ODD)
def test_every_network_has_its_figure(tmp_path: Path, name: str) -> None:
    devices, rounds = ODD[name]
    said = plot_network(trace(tmp_path / "t", rounds, devices), tmp_path / "f.svg")
    assert f"{len(rounds)} round" in said
    assert (tmp_path / "f.svg").read_text("utf-8").rstrip().endswith("</svg>")


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_equal_recordings_are_equal_figures(tmp_path: Path, ending: str) -> None:
    folder = run(tmp_path / "r", [pair_and_loner(), pair_and_loner(100 * MS)], 3, 10 * MS)
    files = [tmp_path / f"{number}.{ending}" for number in (1, 2)]
    for file in files:
        plot_network(folder, file, parts=["links", "delay"])
    assert files[0].read_bytes() == files[1].read_bytes()


def test_maps_have_one_scale_and_the_recorded_places(tmp_path: Path) -> None:
    far = exchange(linked([]), SILENT, spent(3, y_m=[0, 0, 80.0]), 100 * MS, 200 * MS)
    figure = drawn(trace(tmp_path, [pair_and_loner(), (sent([], 0), far)], 3), "links", (0, 1))
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim()
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[1] > 80
    marks = {each.get_gid(): each.get_offsets().tolist() for each in first.collections if each.get_gid()}
    assert marks["linked"] == [[0, 0], [10, 0]]
    assert marks["isolated"] == [[20, 0]]


def test_a_one_way_link_is_dashed_and_points_at_who_hears(tmp_path: Path) -> None:
    one_way = exchange(linked([*both((0, 1)), (2, 1)]), SILENT, spent(3))
    (axes,) = drawn(trace(tmp_path, [(sent([], 0), one_way)], 3), "links").axes
    lines = {each.get_gid(): each for each in axes.collections}
    assert [path.vertices.tolist() for path in lines["two-way"].get_paths()] == [[[0, 0], [10, 0]]]
    assert [path.vertices.tolist() for path in lines["one-way"].get_paths()] == [[[20, 0], [10, 0]]]
    assert lines["one-way"].get_linestyle()[0][1] is not None
    (heads,) = [each for each in axes.collections if hasattr(each, "U")]
    assert heads.U.tolist() == [-1]


def test_a_link_that_was_heard_one_way_alone_is_drawn_though_no_message_travels_on_it() -> None:
    links = linked([(0, 1)], delivery=0.8, neighbour=False)
    assert graph(exchange(links, SILENT, spent(2)), 0.6).one_way.tolist() == [[0, 1]]
    assert graph(exchange(links, SILENT, spent(2)), 0.9).one_way.tolist() == []


def test_devices_that_are_away_are_told_from_those_that_are_alone() -> None:
    each = exchange(linked(both((0, 1))), SILENT, spent(4, away_ns=[0, MS, 100 * MS, 0]))
    assert conditions(each, graph(each, 0.6)).tolist() == ["linked", "partly", "away", "isolated"]


def test_a_network_without_places_is_laid_out_the_same_in_all_rounds_and_says_so(tmp_path: Path) -> None:
    nowhere = spent(4, x_m=[np.nan] * 4)
    rounds = [
        (sent([], 0), exchange(linked(both(pair)), SILENT, nowhere, at * MS, (at + 1) * MS))
        for at, pair in enumerate(((0, 1), (2, 3)))
    ]
    recording = open_recording(trace(tmp_path, rounds, 4, {"kind": "graph"}))
    changing, same = places(recording, [0, 1]), places(recording, [0])
    assert "circular" in changing.said
    assert "spring" in same.said
    assert np.array_equal(changing.at[0], changing.at[1])
    assert np.isfinite(same.at[0]).all()


def test_density_and_durations_stand_at_their_simulated_times(tmp_path: Path) -> None:
    long = exchange(linked([]), SILENT, spent(3), 100 * MS, 400 * MS)
    density, seconds = drawn(trace(tmp_path, [pair_and_loner(), (sent([], 0), long)], 3), "time").axes
    values, edges, _ = density.patches[0].get_data()
    assert values.tolist() == pytest.approx([1 / 3, 0])
    assert edges.tolist() == pytest.approx([0, 0.1, 0.4])
    assert seconds.patches[0].get_data()[0].tolist() == pytest.approx([0.1, 0.3])
    median, late = (line.get_ydata() for line in seconds.lines)
    assert median == pytest.approx([0.04, np.nan], nan_ok=True)
    assert late == pytest.approx([0.04, np.nan], nan_ok=True)


def test_the_delay_distribution_ends_at_the_share_that_arrived(tmp_path: Path) -> None:
    figure = drawn(trace(tmp_path, [pair_and_loner()], 3), "delay")
    (axes,) = figure.axes
    since_trained, since_first_frame = axes.lines
    assert since_trained.get_xydata().tolist() == pytest.approx(np.array([[0.04, 0], [0.04, 0.5]]))
    assert since_first_frame.get_xydata().tolist() == pytest.approx(np.array([[0.02, 0], [0.02, 0.5]]))
    assert "2 deliveries, lost: 50.0 % (deadline 50.0 %)" in texts(figure)


def test_causes_of_loss_are_named_the_commonest_first(tmp_path: Path) -> None:
    rows = [(0, 1, 1, NEVER)] * 3 + [(0, 1, 1, 2)]
    lost = replace(delivered(rows), cause=[Cause.AWAY, Cause.FRAMES_LOST, Cause.FRAMES_LOST, Cause.ARRIVED])
    folder = trace(tmp_path, [(sent([0], 0), exchange(linked(both((0, 1))), lost, spent(2)))], 2)
    assert list(delays(open_recording(folder)).lost_shares().items()) == [("frames lost", 0.5), ("away", 0.25)]


@pytest.mark.parametrize(("name", "words"), [("all lost", "no message arrived"), ("empty", "no deliveries")])
def test_where_nothing_arrived_the_distribution_says_so(tmp_path: Path, name: str, words: str) -> None:
    devices, rounds = ODD[name]
    figure = drawn(trace(tmp_path, rounds, devices), "delay")
    assert words in texts(figure)
    assert not figure.axes[0].lines


def test_a_delivery_belongs_to_the_last_message_that_was_ready_when_it_started() -> None:
    outbox = Outbox.of(src=[0, 0, 0, 1], dst=[ALL_NEIGHBOURS] * 2 + [2, 3], size_bytes=[1] * 4, ready_ns=[0, 50, 70, 0])
    rows = delivered([(0, 1, 49, 90), (0, 1, 50, 90), (0, 2, 80, 90), (0, 1, 80, 90), (1, 2, 5, 9), (2, 0, 5, 9)])
    assert ready_ns(outbox, rows).tolist() == [0, 50, 70, 50, -1, -1]


def test_devices_are_sorted_by_air_time_with_their_spread_over_rounds(tmp_path: Path) -> None:
    later = pair_and_loner(100 * MS)
    busier = replace(later[1], devices=spent(3, airtime_ns=[3 * MS, 2 * MS, 9 * MS], retries=[0, 4, 0]))
    figure = drawn(trace(tmp_path, [pair_and_loner(), (later[0], busier)], 3), "devices")
    air, energy, retries = figure.axes
    assert [label.get_text() for label in air.get_xticklabels()] == ["2", "0", "1"]
    assert air.lines[0].get_ydata().tolist() == [5, 3, 2]
    assert [path.vertices[:, 1].tolist() for path in air.collections[0].get_paths()] == [[1, 9], [3, 3], [2, 2]]
    assert retries.lines[0].get_ydata().tolist() == [0, 0, 2]
    assert texts(figure).startswith("no energy recorded each device")
    assert not energy.lines


def test_energy_of_radio_and_computing_is_drawn_where_it_is_known(tmp_path: Path) -> None:
    outbox, whole = pair_and_loner()
    powered = replace(whole, devices=spent(3, energy_j=[3, np.nan, 1]))
    _, energy, _ = drawn(run(tmp_path, [(outbox, powered)], 3, MS), "devices").axes
    radio, computing = energy.lines
    assert radio.get_ydata().tolist() == [3, 1]
    assert computing.get_ydata().tolist() == [1, 1, 1]
    assert [text.get_text() for text in energy.get_legend().get_texts()] == ["radio", "computing"]


def test_many_devices_are_a_line_and_a_band(tmp_path: Path) -> None:
    count = 60
    each = exchange(linked([]), SILENT, spent(count, airtime_ns=MS * np.arange(count)))
    air, *_ = drawn(trace(tmp_path, [(sent([], 0), each)], count), "devices").axes
    assert air.lines[0].get_ydata().tolist() == sorted(range(count), reverse=True)
    assert air.get_xlabel() == "devices, sorted by air time"


def test_rounds_that_a_run_has_not_yet_written_whole_are_left_out(tmp_path: Path) -> None:
    rounds = [pair_and_loner(), pair_and_loner(100 * MS)]
    folder = run(tmp_path, rounds[:1], 3, MS)
    trace(tmp_path / "trace", rounds, 3)
    assert len(open_recording(folder).trace) == 1


def test_rounds_are_chosen_by_numbers_and_ranges() -> None:
    assert numbers("0,5,2:4,5", 6, "round") == [0, 5, 2, 3]
    assert numbers("4:", 6, "round") == [4, 5]
    assert [spread(count) for count in (1, 2, 3, 7)] == [[0], [0, 1], [0, 1, 2], [0, 3, 6]]


@pytest.mark.parametrize(
    ("text", "words"),
    [("6", "no round 6"), ("0:7", "no round 6"), ("-1", "is no round"), ("", "is no round"), ("3:3", "names no round")],
)
def test_rounds_that_are_not_there_are_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        numbers(text, 6, "round")


def test_what_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    folder = trace(tmp_path / "t", [pair_and_loner()], 3)
    with pytest.raises(UserError, match="There is no folder"):
        plot_network(tmp_path / "nothing", tmp_path / "f.png")
    with pytest.raises(UserError, match="is not a trace"):
        plot_network(tmp_path, tmp_path / "f.png")
    with pytest.raises(UserError, match="without rounds"):
        plot_network(trace(tmp_path / "e", [], 3), tmp_path / "f.png")
    with pytest.raises(UserError, match="should end in one of"):
        plot_network(folder, tmp_path / "f.xyz")
    with pytest.raises(UserError, match="energy is no part of this figure"):
        plot_network(folder, tmp_path / "f.png", parts=["energy"])
    with pytest.raises(UserError, match="no round 7"):
        plot_network(folder, tmp_path / "f.png", "7")


def test_deliveries_of_no_round_have_no_delays(tmp_path: Path) -> None:
    devices, rounds = ODD["empty"]
    found = delays(open_recording(trace(tmp_path, rounds, devices)))
    assert (len(found.whole_s), found.longest_s, found.lost_shares()) == (0, 0, {})
    assert np.isnan(found.median_s)
    assert isinstance(rounds[0][1].deliveries, Deliveries)
